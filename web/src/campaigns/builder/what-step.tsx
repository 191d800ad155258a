import { Button, Group, Modal, NumberInput, Select, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Brand, Campaign } from "../../api/model";
import { Notice } from "../../app/notice";
import { Section } from "../../app/page";
import classes from "./builder.module.css";
import { type Draft, isUnwritten } from "./draft";
import { Letters } from "./letters";
import { MailEditor } from "./mail-editor";
import { PromotionChoice } from "./promotion-choice";
import { useMeasured } from "./side-panel";
import { useTemplatesFor } from "./template-start";
import { TextEditor } from "./text-editor";

interface WhatStepProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  errors: Record<string, string>;
  campaign: Campaign;
  brand: Brand | undefined;
}

/** Ne: the text, how real people would read it, and a second text to try against it. */
export function WhatStep({ draft, set, errors, campaign, brand }: WhatStepProps) {
  const { t } = useTranslation();
  const { plan } = draft;
  const split = plan.split ?? null;
  const editor = { brand, channel: draft.channel, basis: draft.basis };
  const change = (part: Partial<NonNullable<typeof split>>) =>
    split && set({ plan: { ...plan, split: { ...split, ...part } } });
  const rest = split ? 100 - split.first_percent - split.second_percent : 0;
  return (
    <>
      <Section
        title={draft.channel === "EPOSTA" ? t("builder.what.mail_text") : t("builder.what.title")}
        id="text"
        aside={<FromTemplate draft={draft} onTake={(body) => set({ body })} />}
      >
        <div className={classes.inside}>
          {isUnwritten(draft.body, brand) && <Notice tone="neutral">{t("builder.what.unwritten")}</Notice>}
          <TextEditor
            {...editor}
            label={split ? t("builder.what.first_text") : t("campaigns.form.body")}
            description={draft.channel === "EPOSTA" ? t("builder.what.mail_text_hint") : undefined}
            body={draft.body}
            onChange={(body) => set({ body })}
            error={errors.body}
          />
          {draft.channel === "MESAJ" && (
            <Letters
              campaign={campaign}
              plan={plan}
              onChange={(lettering) => set({ plan: { ...plan, lettering } })}
              error={errors["plan.lettering"]}
            />
          )}
          <PromotionChoice
            promotion={draft.promotion_id}
            onChange={(promotion_id) => set({ promotion_id })}
            texts={[draft.body, split?.body ?? ""]}
            error={errors.promotion_id}
          />
        </div>
      </Section>
      {draft.channel === "EPOSTA" && <MailEditor campaign={campaign} />}
      <Section title={t("builder.what.preview")} id="preview">
        <Preview campaign={campaign} draft={draft} />
      </Section>
      <Section title={t("builder.what.split")} id="split">
        <div className={classes.inside}>
          <Switch
            label={t("builder.what.split_on")}
            description={t("builder.what.split_hint")}
            checked={split !== null}
            onChange={(event) =>
              set({
                plan: event.currentTarget.checked
                  ? { ...plan, canary: null, split: { body: draft.body, first_percent: 30, second_percent: 30 } }
                  : { ...plan, split: null },
              })
            }
          />
          {split && (
            <>
              {draft.channel === "EPOSTA" && (
                <TextInput
                  label={t("builder.what.second_subject")}
                  description={t("builder.what.second_subject_hint")}
                  value={split.subject ?? ""}
                  onChange={(event) => change({ subject: event.currentTarget.value || null })}
                  error={errors["plan.split.subject"]}
                  maxLength={200}
                  lang="tr"
                />
              )}
              <TextEditor
                {...editor}
                label={t("builder.what.second_text")}
                body={split.body}
                onChange={(body) => change({ body })}
                error={errors["plan.split.body"]}
              />
              <Group align="flex-end">
                <NumberInput
                  label={t("builder.what.first_percent")}
                  value={split.first_percent}
                  onChange={(value) => change({ first_percent: Number(value) })}
                  error={errors["plan.split"]}
                  min={1}
                  max={99}
                  suffix=" %"
                  allowDecimal={false}
                  w={170}
                />
                <NumberInput
                  label={t("builder.what.second_percent")}
                  value={split.second_percent}
                  onChange={(value) => change({ second_percent: Number(value) })}
                  min={1}
                  max={99}
                  suffix=" %"
                  allowDecimal={false}
                  w={170}
                />
              </Group>
              <div className={classes.sum} aria-hidden>
                <span data-tone="sent" style={{ width: `${split.first_percent}%` }} />
                <span data-tone="held" style={{ width: `${split.second_percent}%` }} />
              </div>
              <Text size="sm" className="quiet">
                {rest > 0 ? t("builder.what.split_rest", { rest }) : t("builder.what.split_whole")}
              </Text>
            </>
          )}
        </div>
      </Section>
    </>
  );
}

/** Begins from one of the firm's texts; it is copied. Asks when words would be lost. */
function FromTemplate({ draft, onTake }: { draft: Draft; onTake: (body: string) => void }) {
  const { t } = useTranslation();
  const [asked, ask] = useState<string>();
  const texts = useTemplatesFor(draft);
  if (texts.length === 0) return null;
  const take = (body: string | undefined) => {
    ask(undefined);
    if (body !== undefined) onTake(body);
  };
  return (
    <>
      <Select
        aria-label={t("campaigns.form.template")}
        placeholder={t("campaigns.form.template")}
        size="xs"
        data={texts.map(({ id, name }) => ({ value: id, label: name }))}
        value={null}
        onChange={(id) => ask(texts.find((one) => one.id === id)?.body)}
        searchable
      />
      <Modal
        opened={asked !== undefined}
        onClose={() => ask(undefined)}
        title={t("builder.what.take_template")}
        closeButtonProps={{ "aria-label": t("common.action.close") }}
      >
        <Stack gap="md">
          <Text component="blockquote" className={classes.bubble} lang="tr">
            {asked}
          </Text>
          <Text size="sm">{t("campaigns.form.template_hint")}</Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => ask(undefined)}>
              {t("common.action.cancel")}
            </Button>
            <Button onClick={() => take(asked)}>{t("builder.what.replace_text")}</Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

/** The saved text as the longest and a few real people would get it. */
function Preview({ campaign, draft }: { campaign: Campaign; draft: Draft }) {
  const { t } = useTranslation();
  const measured = useMeasured(campaign.id);
  const { longest, samples = [] } = measured.data ?? {};
  const texts = [
    ...(longest ? [{ label: t("builder.what.longest"), text: longest }] : []),
    ...samples
      .filter((text) => text !== longest)
      .map((text, place) => ({ label: t("builder.what.sample", { number: place + 1 }), text })),
  ].slice(0, 2);
  return (
    <div className={classes.phones}>
      {texts.length === 0 && (
        <div className={classes.phone}>
          <p>{draft.sender}</p>
          <Text component="blockquote" className={classes.bubble} lang="tr">
            {draft.body}
          </Text>
          <Text size="sm" className="quiet" mt="xs">
            {t("builder.what.nobody_to_show")}
          </Text>
        </div>
      )}
      {texts.map(({ label, text }) => (
        <figure key={label}>
          <div className={classes.phone}>
            <p>{draft.sender}</p>
            <Text component="blockquote" className={classes.bubble} lang="tr">
              {text}
            </Text>
          </div>
          <Text component="figcaption" size="sm" className="quiet" mt={6} ta="center">
            {label}
          </Text>
        </figure>
      ))}
    </div>
  );
}
