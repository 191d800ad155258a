import { Autocomplete, Checkbox, Radio, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Brand, Connector, RecipientKind } from "../../api/model";
import { Notice } from "../../app/notice";
import { Section } from "../../app/page";
import classes from "./builder.module.css";
import { type Draft, isUnlisted, withFallbackSender, withFallbacks } from "./draft";

const BASES = ["COMMERCIAL", "INFORMATIONAL"] as const;
const CHANNELS = ["MESAJ", "EPOSTA", "WHATSAPP"] as const;
const KINDS: RecipientKind[] = ["BIREYSEL", "TACIR"];
/** Longest sender name of a text message. */
export const SENDER_MAX = 11;
/** Most accounts that may step in. */
const FALLBACKS_MAX = 5;

interface SetupStepProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  errors: Record<string, string>;
  brands: Brand[];
  connectors: Connector[];
  /** Senders used before over the same account, as suggestions. */
  senders: string[];
}

/** Kurulum: what the campaign is called, whose it is, on what ground and over which accounts it leaves. */
export function SetupStep({ draft, set, errors, brands, connectors, senders }: SetupStepProps) {
  const { t } = useTranslation();
  const others = connectors.filter(({ id }) => id !== draft.connector_id);
  const { fallbacks = [] } = draft.plan;
  const isSms = draft.channel === "MESAJ";
  const connector = connectors.find(({ id }) => id === draft.connector_id);
  const approved = connector?.senders ?? [];
  const suggestions = [...new Set([...approved, ...senders])];
  const sender = draft.sender.trim();
  const isUnknown = isSms && isUnlisted(sender, approved);
  return (
    <>
      <Section title={t("builder.setup.title")} id="setup">
        <div className={classes.inside}>
          <TextInput
            label={t("campaigns.form.name")}
            description={t("campaigns.form.name_hint")}
            value={draft.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
            error={errors.name}
            maxLength={120}
            withAsterisk
          />
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <Select
              label={t("campaigns.form.brand")}
              data={brands.map(({ id, name }) => ({ value: id, label: name }))}
              value={draft.brand_id}
              onChange={(value) => value && set({ brand_id: value })}
              error={errors.brand_id}
              allowDeselect={false}
              withAsterisk
            />
            <TextInput
              label={t("campaigns.form.purpose")}
              description={t("campaigns.form.purpose_hint")}
              value={draft.purpose}
              onChange={(event) => set({ purpose: event.currentTarget.value })}
              error={errors.purpose}
              maxLength={100}
              withAsterisk
            />
          </SimpleGrid>
          <Radio.Group
            label={t("campaigns.form.basis")}
            value={draft.basis}
            onChange={(value) => set({ basis: BASES.find((one) => one === value) ?? "COMMERCIAL" })}
            error={errors.basis}
          >
            <Stack gap="sm" mt="xs">
              {BASES.map((basis) => (
                <Radio
                  key={basis}
                  value={basis}
                  label={t(`common.basis.${basis}`)}
                  description={t(`campaigns.form.basis_explain.${basis}`)}
                />
              ))}
            </Stack>
          </Radio.Group>
          <Radio.Group
            label={t("campaigns.form.kind")}
            value={draft.kind}
            onChange={(value) => set({ kind: KINDS.find((one) => one === value) ?? "BIREYSEL" })}
          >
            <SimpleGrid cols={{ base: 1, xs: 2 }} mt="xs">
              {KINDS.map((kind) => (
                <Radio key={kind} value={kind} label={t(`common.kind.${kind}`)} />
              ))}
            </SimpleGrid>
          </Radio.Group>
        </div>
      </Section>
      <Section title={t("builder.setup.route")} id="route">
        <div className={classes.inside}>
          <SimpleGrid cols={{ base: 1, xs: 3 }}>
            <Select
              label={t("builder.setup.channel")}
              data={CHANNELS.map((value) => ({ value, label: t(`common.channel.${value}`) }))}
              value={draft.channel}
              onChange={(value) => set({ channel: CHANNELS.find((one) => one === value) ?? "MESAJ" })}
              error={errors.channel}
              allowDeselect={false}
            />
            <Select
              label={t("campaigns.form.connector")}
              data={connectors.map(({ id, name }) => ({ value: id, label: name }))}
              value={draft.connector_id}
              onChange={(value) =>
                value &&
                set({
                  connector_id: value,
                  plan: withFallbacks(
                    draft.plan,
                    fallbacks.filter((other) => other !== value),
                  ),
                })
              }
              error={errors.connector_id}
              allowDeselect={false}
              withAsterisk
            />
            <Autocomplete
              label={isSms ? t("campaigns.form.sender") : t("builder.setup.from_address")}
              data={suggestions}
              value={draft.sender}
              onChange={(sender) => set({ sender })}
              error={errors.sender}
              maxLength={isSms ? SENDER_MAX : 50}
              withAsterisk
            />
          </SimpleGrid>
          <Text size="sm" className="quiet">
            {isSms ? t("campaigns.form.sender_hint") : t("builder.setup.from_hint")}
          </Text>
          {isUnknown && (
            <Notice tone="held">{t("builder.setup.unknown_sender", { sender, senders: approved.join(", ") })}</Notice>
          )}
          {connector?.state === "broken" && <Notice tone="out">{t("builder.setup.broken")}</Notice>}
          {others.length > 0 && (
            <Checkbox.Group
              label={t("builder.setup.fallbacks")}
              description={t("builder.setup.fallbacks_hint")}
              value={fallbacks}
              onChange={(chosen) => set({ plan: withFallbacks(draft.plan, chosen.slice(0, FALLBACKS_MAX)) })}
              error={errors["plan.fallbacks"]}
            >
              <Stack gap="xs" mt="xs">
                {others.map(({ id, name }) => {
                  const place = fallbacks.indexOf(id);
                  return (
                    <Checkbox
                      key={id}
                      value={id}
                      label={place >= 0 ? t("builder.setup.fallback_place", { name, place: place + 1 }) : name}
                    />
                  );
                })}
              </Stack>
            </Checkbox.Group>
          )}
          <FallbackSenders draft={draft} set={set} connectors={connectors} error={errors["plan.fallback_senders"]} />
        </div>
      </Section>
    </>
  );
}

interface FallbackSendersProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  connectors: Connector[];
  error?: string;
}

/** Under which name the message comes over each account that may step in; the campaign's own unless said otherwise. */
function FallbackSenders({ draft, set, connectors, error }: FallbackSendersProps) {
  const { t } = useTranslation();
  const { fallbacks = [], fallback_senders: own = {} } = draft.plan;
  const isSms = draft.channel === "MESAJ";
  const accounts = fallbacks.flatMap((id) => connectors.find((account) => account.id === id) ?? []);
  if (accounts.length === 0) return null;
  return (
    <Stack gap="xs" data-fallback-senders>
      <Text size="sm" className="quiet">
        {t("builder.setup.fallback_senders_hint")}
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        {accounts.map(({ id, name, senders }) => (
          <Autocomplete
            key={id}
            label={t("builder.setup.fallback_sender", { name })}
            placeholder={draft.sender}
            data={senders ?? []}
            value={own[id] ?? ""}
            onChange={(sender) => set({ plan: withFallbackSender(draft.plan, id, sender) })}
            error={own[id] !== undefined && error}
            maxLength={isSms ? SENDER_MAX : 50}
          />
        ))}
      </SimpleGrid>
      {accounts.map(({ id, name, senders }) => {
        const sender = own[id] ?? draft.sender;
        if (!isSms || !isUnlisted(sender, senders ?? [])) return null;
        return (
          <Notice key={id} tone="held">
            {t("builder.setup.unknown_fallback_sender", { name, sender, senders: (senders ?? []).join(", ") })}
          </Notice>
        );
      })}
    </Stack>
  );
}
