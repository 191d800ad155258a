import { Button, Checkbox, Group, Radio, Select, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Channel, Question, Upload } from "../api/model";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { useReasonText } from "../app/reason-text";
import { Problem } from "../app/states";
import { type Asking, answersOf, askingOf, type Chosen, keyOf, stopsFile, takesAnswers } from "./answers";
import { useChoiceText } from "./choice-text";
import classes from "./questions.module.css";
import { useAnswer } from "./use-answer";

/** What only a person can say about the file, answered where it is asked. */
export function Questions({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const may = useMay();
  const [chosen, setChosen] = useState<Chosen>({});
  const send = useAnswer(upload);
  const questions = upload.summary?.questions ?? [];
  if (questions.length === 0 || !takesAnswers(upload)) return null;
  const brands = upload.mapping?.brands;
  const answers = answersOf(questions, chosen, Array.isArray(brands) ? (brands as string[]) : []);
  const mayAnswer = may("upload_files");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (answers) send.mutate(answers, { onSuccess: () => setChosen({}) });
  };

  return (
    <Section title={t("uploads.questions.title")} id="questions">
      <form onSubmit={submit}>
        <Text px="md" pb="sm" className="quiet">
          {t("uploads.questions.hint")}
        </Text>
        <ol className={classes.list}>
          {questions.map((question) => (
            <li key={keyOf(question)} data-question={question.code}>
              <Ask
                question={question}
                value={chosen[keyOf(question)]}
                onChange={(value) => setChosen((old) => ({ ...old, [keyOf(question)]: value }))}
                isDisabled={!mayAnswer}
              />
            </li>
          ))}
        </ol>
        <Stack px="md" py="md" gap="sm">
          {send.error && <Problem error={send.error} />}
          {mayAnswer ? (
            <Group>
              <Button type="submit" disabled={!answers} loading={send.isPending}>
                {t("uploads.questions.submit")}
              </Button>
              <Text size="sm" className="quiet">
                {t("uploads.questions.remembered")}
              </Text>
            </Group>
          ) : (
            <Text size="sm">{t("uploads.questions.may_not")}</Text>
          )}
        </Stack>
      </form>
    </Section>
  );
}

interface AskProps {
  question: Question;
  value: string | string[] | undefined;
  onChange: (value: string | string[]) => void;
  isDisabled: boolean;
}

function Ask({ question, value, onChange, isDisabled }: AskProps) {
  const { t, i18n } = useTranslation();
  const text = useReasonText();
  const choice = useChoiceText();
  const asking = askingOf(question);
  const hintKey = `uploads.questions.explain.${question.code}`;
  const hint = i18n.exists(hintKey) ? t(hintKey as "uploads.questions.explain.polarity") : undefined;
  const one = typeof value === "string" ? value : "";

  if (!asking) return <Text>{text(question)}</Text>;
  if (asking.form === "list") {
    return (
      <Select
        label={text(question)}
        description={hint}
        placeholder={t("uploads.questions.choose")}
        data={listOf(asking, choice, t("uploads.questions.suggested"))}
        value={one || null}
        onChange={(picked) => onChange(picked ?? "")}
        disabled={isDisabled}
        maw={420}
        clearable
        clearButtonProps={{ "aria-label": t("common.action.clear") }}
      />
    );
  }
  if (asking.form === "several") {
    return (
      <Checkbox.Group
        label={text(question)}
        description={hint}
        value={Array.isArray(value) ? value : []}
        onChange={onChange}
      >
        <Group mt="xs" gap="lg">
          {asking.choices.map((one) => (
            <Checkbox key={one} value={one} label={t(`common.channel.${one as Channel}`)} disabled={isDisabled} />
          ))}
        </Group>
      </Checkbox.Group>
    );
  }
  return (
    <Radio.Group label={text(question)} description={hint} value={one} onChange={onChange}>
      <Stack mt="xs" gap="xs">
        {asking.choices.map((one) => (
          <Radio key={one} value={one} label={labelOf(asking, one, choice)} disabled={isDisabled} />
        ))}
      </Stack>
      {stopsFile(question) || (
        <Text size="sm" className="quiet" mt={6}>
          {t("uploads.questions.may_stay_open")}
        </Text>
      )}
    </Radio.Group>
  );
}

/** A choice, and beside it how a word of the file reads with it. */
function labelOf(asking: Asking & { form: "one" }, value: string, choice: (value: string) => string): string {
  const example = asking.examples?.[asking.choices.indexOf(value)];
  return example ? `${choice(value)} · ${example}` : choice(value);
}

function listOf(asking: Asking & { form: "list" }, choice: (value: string) => string, suggested: string) {
  const { choices, suggestion } = asking;
  const known = suggestion && choices.includes(suggestion) ? suggestion : undefined;
  const rest = choices.filter((value) => value !== known);
  return [
    ...(known ? [{ value: known, label: `${choice(known)} · ${suggested}` }] : []),
    ...rest.map((value) => ({ value, label: choice(value) })),
  ];
}
