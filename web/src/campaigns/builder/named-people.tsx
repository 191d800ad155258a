import { Button, Stack, Text, Textarea } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Campaign } from "../../api/model";
import { Notice } from "../../app/notice";
import { CodeBadge } from "../../app/reason-text";
import { addressesOf } from "../../lists/addresses";
import { useFormats } from "../../locale/format";
import { useDryRun } from "../dry-run";
import { type Audience, codesOf, NAMED_MAX } from "./draft";

/** Most codes that a notice spells out. */
const SHOWN_MAX = 50;
/** Under which reason a code is left out that nobody has. */
const UNKNOWN = "R406";

interface AccountCodesProps {
  campaign: Campaign;
  audience: Audience;
  onTake: (audience: Audience) => void;
  error?: string;
}

/** People by the firm's own numbers of them; those that nobody has are named, and can be taken out. */
export function AccountCodes({ campaign, audience, onTake, error }: AccountCodesProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [text, write] = useState(audience.type === "accounts" ? audience.codes.join("\n") : "");
  const [left, leave] = useState(false);
  const run = useDryRun(campaign.id);
  const codes = codesOf(text);
  const take = (written: string) => {
    write(written);
    const next = codesOf(written);
    if (next.length > 0 && next.length <= NAMED_MAX) onTake({ type: "accounts", codes: next });
  };
  const isCounted = campaign.audience.type === "accounts";
  const unknown = isCounted ? (run.data?.unknown_accounts ?? []).filter((code) => codes.includes(code)) : [];
  const known = codes.filter((code) => !unknown.includes(code));
  const fault =
    codes.length > NAMED_MAX
      ? t("builder.who.too_many", { max: formats.number(NAMED_MAX) })
      : left && codes.length === 0
        ? t("builder.who.need_code")
        : error;
  return (
    <Stack gap="sm" data-account-codes={codes.length}>
      <Textarea
        label={t("builder.who.codes")}
        description={t("builder.who.codes_hint", { max: formats.number(NAMED_MAX) })}
        value={text}
        onChange={(event) => take(event.currentTarget.value)}
        onBlur={() => leave(true)}
        error={fault}
        autosize
        minRows={4}
        maxRows={12}
        maw={420}
        spellCheck={false}
        autoCapitalize="none"
        withAsterisk
      />
      <Text size="sm" className="quiet" role="status">
        {codes.length > 0 && t("builder.who.codes_count", { count: codes.length })}
      </Text>
      <UnknownAccounts codes={unknown}>
        {known.length > 0 && (
          <Button size="compact-sm" variant="light" onClick={() => take(known.join("\n"))}>
            {t("builder.who.drop_unknown")}
          </Button>
        )}
      </UnknownAccounts>
    </Stack>
  );
}

/** Names the codes that nobody has; nothing where there are none. */
export function UnknownAccounts({ codes, children }: { codes: string[]; children?: ReactNode }) {
  const { t } = useTranslation();
  if (codes.length === 0) return null;
  const rest = codes.length - SHOWN_MAX;
  return (
    <div data-unknown-accounts={codes.length}>
      <Notice
        tone="out"
        title={
          <>
            <CodeBadge code={UNKNOWN} /> {t("builder.who.unknown_codes", { count: codes.length })}
          </>
        }
      >
        <Stack gap={6} align="flex-start">
          <span style={{ overflowWrap: "anywhere" }}>
            {codes.slice(0, SHOWN_MAX).join(", ")}
            {rest > 0 && ` ${t("builder.who.more_codes", { count: rest })}`}
          </span>
          <Text size="sm">{t("builder.who.unknown_next")}</Text>
          {children}
        </Stack>
      </Notice>
    </div>
  );
}

interface AddressesProps {
  audience: Audience;
  onTake: (audience: Audience) => void;
  error?: string;
}

/** People by their addresses, written or pasted. Whoever may not see addresses writes a new list or leaves the old one. */
export function Addresses({ audience, onTake, error }: AddressesProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const held = audience.type === "addresses" ? audience.addresses : [];
  const [isMasked] = useState(() => held.some((address) => address.includes("*")));
  const [text, write] = useState(isMasked ? "" : held.join("\n"));
  const [left, leave] = useState(false);
  const { addresses, faulty } = addressesOf(text);
  const take = (written: string) => {
    write(written);
    const next = addressesOf(written);
    if (next.faulty.length === 0 && next.addresses.length > 0 && next.addresses.length <= NAMED_MAX) {
      onTake({ type: "addresses", addresses: next.addresses });
    }
  };
  const fault = () => {
    if (addresses.length > NAMED_MAX) return t("builder.who.too_many", { max: formats.number(NAMED_MAX) });
    if (!left) return error;
    if (faulty.length > 0) return t("lists.dialog.faulty", { text: faulty[0] });
    // Left empty by somebody who does not see the old list, that one stays.
    return addresses.length === 0 && !isMasked ? t("builder.who.need_address") : error;
  };
  return (
    <Stack gap="sm" data-addresses={addresses.length}>
      {isMasked && <Notice tone="neutral">{t("builder.who.masked", { count: held.length })}</Notice>}
      <Textarea
        label={t("lists.dialog.addresses")}
        description={t("builder.who.addresses_hint", { max: formats.number(NAMED_MAX) })}
        value={text}
        onChange={(event) => take(event.currentTarget.value)}
        onBlur={() => leave(true)}
        error={fault()}
        autosize
        minRows={4}
        maxRows={12}
        maw={420}
        spellCheck={false}
        autoCapitalize="none"
        withAsterisk={!isMasked}
      />
      <Text size="sm" className="quiet" role="status">
        {addresses.length > 0 && t("campaigns.detail.audience_addresses", { count: addresses.length })}
      </Text>
    </Stack>
  );
}
