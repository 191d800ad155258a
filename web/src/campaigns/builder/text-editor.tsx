import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Brand, Campaign, TextFinding } from "../../api/model";
import { ApiError } from "../../api/problem";
import { useAttributeLabel, useAttributes } from "../../attributes/attributes";
import { currentLanguage } from "../../locale";
import { useFormats } from "../../locale/format";
import { convertPasted, insertAt } from "../../templates/variables";
import classes from "./builder.module.css";
import { mandatoryWords, withSentence } from "./draft";
import { useTextCheck } from "./text-check";

/** What every text may ask for beside the firm's own attributes. */
const USUAL = ["ad", "musteri_no", "promosyon_kodu"] as const;
/** Longest text the server takes, bytes. */
const BODY_MAX = 2_048;

interface TextEditorProps {
  label: string;
  description?: ReactNode;
  body: string;
  onChange: (body: string) => void;
  brand: Brand | undefined;
  channel: Campaign["channel"];
  basis: Campaign["basis"];
  error?: string;
}

/** A text with its variables as buttons, its length as it is billed, and what it lacks, each with a way to settle it. */
export function TextEditor({ label, description, body, onChange, brand, channel, basis, error }: TextEditorProps) {
  const { t } = useTranslation();
  const labelOf = useAttributeLabel();
  const attributes = useAttributes();
  const area = useRef<HTMLTextAreaElement>(null);
  const check = useTextCheck({ brand_id: brand?.id ?? "", channel, basis, body });
  const write = (text: string) => onChange(convertPasted(text).body);
  const select = (from: number, to: number) =>
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(from, to);
    });
  const insert = (name: string) => {
    const box = area.current;
    const placed = insertAt(body, name, box?.selectionStart ?? body.length, box?.selectionEnd ?? body.length);
    write(placed.body);
    select(placed.cursor, placed.cursor);
  };
  const chips = [
    ...USUAL.map((name) => ({ name: name as string, label: t(`builder.what.usual.${name}`) })),
    ...(attributes.data ?? [])
      .filter(({ is_health }) => !is_health)
      .map((attribute) => ({ name: attribute.code, label: labelOf(attribute) })),
  ];
  const findings = body.trim() === "" ? [] : (check.data?.findings ?? []);
  return (
    <Stack gap="xs">
      <Textarea
        ref={area}
        label={label}
        description={description}
        value={body}
        onChange={(event) => write(event.currentTarget.value)}
        error={error ?? (check.error instanceof ApiError ? refusedWords(check.error) : undefined)}
        autosize
        minRows={5}
        maxRows={16}
        maxLength={BODY_MAX}
        lang="tr"
        withAsterisk
      />
      <Length body={body} length={check.data?.length} isSms={channel === "MESAJ"} />
      <fieldset className={classes.chips}>
        <legend>{t("builder.what.chips")}</legend>
        {chips.map((chip) => (
          <Button
            key={chip.name}
            size="compact-sm"
            variant="default"
            onClick={() => insert(chip.name)}
            aria-label={t("builder.what.insert", { name: chip.label })}
            title={`{{${chip.name}}}`}
          >
            {chip.label}
          </Button>
        ))}
      </fieldset>
      {findings.length > 0 && (
        <ul className={classes.findings} aria-label={t("builder.what.findings")}>
          {findings.map((finding) => (
            <FindingRow
              key={finding.code}
              finding={finding}
              onShow={(word) => {
                const at = body.indexOf(word);
                if (at >= 0) select(at, at + word.length);
              }}
              onRemove={(words) => write(words.reduce((text, word) => text.replaceAll(word, ""), body))}
              onInsert={(sentence) => write(withSentence(body, sentence))}
            />
          ))}
        </ul>
      )}
      {brand && basis === "COMMERCIAL" && findings.filter(({ weight }) => weight === "blocks").length > 1 && (
        <Group>
          <Button
            size="compact-sm"
            variant="light"
            onClick={() => write(withSentence(body, mandatoryWords(brand)))}
            data-insert-all
          >
            {t("campaigns.form.body_add")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

/** What the server says of a text that it cannot read. */
function refusedWords(error: ApiError): string {
  const language = currentLanguage();
  return error.fields(language).body ?? error.title(language);
}

function Length({
  body,
  length,
  isSms,
}: {
  body: string;
  length: { encoding: string; units: number; parts: number } | undefined;
  isSms: boolean;
}) {
  const { t } = useTranslation();
  const formats = useFormats();
  const characters = [...body].length;
  return (
    <Group gap="md" fz="sm" className="number" role="status" aria-live="polite">
      <span className="quiet">{t("campaigns.form.length", { count: characters })}</span>
      {isSms && length && characters > 0 && (
        <>
          <strong data-parts={length.parts}>{t("builder.what.parts", { count: length.parts })}</strong>
          <span className="quiet">
            {length.encoding} · {t("builder.what.units", { units: formats.number(length.units) })}
          </span>
        </>
      )}
    </Group>
  );
}

interface FindingRowProps {
  finding: TextFinding;
  onShow: (word: string) => void;
  onRemove: (words: string[]) => void;
  onInsert: (sentence: string) => void;
}

function FindingRow({ finding, onShow, onRemove, onInsert }: FindingRowProps) {
  const { t, i18n } = useTranslation();
  const { code, weight, text_tr, text_en, what, proposal } = finding;
  return (
    <li data-weight={weight} data-finding={code}>
      <div>
        <strong>{t(`campaigns.dry_run.weight.${weight}`)}</strong>
        <Text size="sm">{i18n.language === "en" ? text_en : text_tr}</Text>
        {proposal && (
          <Text size="sm" className="quiet" lang="tr">
            “{proposal}”
          </Text>
        )}
      </div>
      <Group gap={6}>
        {what.slice(0, 8).map((word) => (
          <Button
            key={word}
            size="compact-xs"
            variant="default"
            onClick={() => onShow(word)}
            aria-label={t("builder.what.show_word", { word })}
          >
            {word}
          </Button>
        ))}
        {code === "emoji" && what.length > 0 && (
          <Button size="compact-sm" variant="light" onClick={() => onRemove(what)}>
            {t("builder.what.remove")}
          </Button>
        )}
        {proposal && (
          <Button size="compact-sm" variant="light" onClick={() => onInsert(proposal)}>
            {t("builder.what.add_sentence")}
          </Button>
        )}
      </Group>
    </li>
  );
}
