import { Button, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Channel, Upload } from "../api/model";
import { TextLink } from "../app/links";
import { useMay } from "../app/permissions";
import { Problem } from "../app/states";
import { takesAnswers } from "./answers";
import { useChoiceText } from "./choice-text";
import { type Given, givenAnswers } from "./given-answers";
import { DELIMITERS } from "./reading";
import { useAnswer } from "./use-answer";

/** The answers that the file was read with, each with the way to take it back; nothing where there are none. */
export function GivenAnswers({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const may = useMay();
  const words = useWords();
  const send = useAnswer(upload);
  const given = givenAnswers(upload.mapping);
  if (given.length === 0) return null;
  const isOpen = takesAnswers(upload) && may("upload_files");
  return (
    <div data-given={given.length} style={{ marginBlockStart: "var(--mantine-spacing-sm)" }}>
      <Text size="sm" fw={550} id="given-title">
        {t("uploads.given.title")}
      </Text>
      <Text size="sm" className="quiet">
        {isOpen ? t("uploads.given.hint") : t("uploads.given.hint_closed")}{" "}
        {upload.answers_from && (
          <TextLink to="/uploads/$id" params={{ id: upload.answers_from }} inherit underline="always">
            {t("uploads.given.from")}
          </TextLink>
        )}
      </Text>
      <ul aria-labelledby="given-title" style={{ margin: "4px 0 0", padding: 0, listStyle: "none" }}>
        {given.map((one) => {
          const [what, said] = words(one);
          return (
            <li key={`${one.kind}:${one.about ?? one.values.join()}`} data-answer={one.kind}>
              <Group gap="xs" py={2}>
                <Text size="sm" style={{ overflowWrap: "anywhere" }}>
                  {what}: <strong>{said}</strong>
                </Text>
                {isOpen && (
                  <Button
                    variant="subtle"
                    size="compact-xs"
                    aria-label={t("uploads.given.take_back_named", { what })}
                    loading={send.isPending && send.variables === one.undo}
                    disabled={send.isPending}
                    onClick={() => send.mutate(one.undo)}
                  >
                    {t("uploads.given.take_back")}
                  </Button>
                )}
              </Group>
            </li>
          );
        })}
      </ul>
      {send.error && <Problem error={send.error} />}
    </div>
  );
}

/** What an answer is about, and what was said. */
function useWords(): (given: Given) => [string, string] {
  const { t } = useTranslation();
  const choice = useChoiceText();
  return ({ kind, about = "", values }) => {
    const what = t(`uploads.given.of.${kind}`, { about });
    const said = values.map((value) => {
      if (kind === "status_channels") return t(`common.channel.${value as Channel}`);
      if (kind === "phone_zeros_are_real") return choice("phones_are_real");
      if (kind === "delimiter") {
        const known = DELIMITERS[value as keyof typeof DELIMITERS];
        return known ? t(`uploads.recognised.delimiters.${known}`) : value;
      }
      return kind === "sheet" || kind === "brands" ? value : choice(value);
    });
    return [what, said.join(", ")];
  };
}
