import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Campaign } from "../api/model";
import { ApiError } from "../api/problem";
import { Problem } from "../app/states";
import { useFormats } from "../locale/format";
import { useGo } from "./builder/go";
import { CreditQuestion, type WhenShort } from "./credit-short";
import { useDryRun } from "./dry-run";

interface LaunchGuardProps {
  campaign: Campaign;
  onLaunch: (whenShort: WhenShort | undefined) => void;
  onCancel: () => void;
  isPending: boolean;
  error: Error | null;
}

/**
 * The last question before messages leave: whoever starts it writes how many
 * people it reaches, which a slip of the finger cannot.
 */
export function LaunchGuard({ campaign, onLaunch, onCancel, isPending, error }: LaunchGuardProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { data } = useDryRun(campaign.id);
  const short = useGo(campaign).data?.credit_short ?? undefined;
  const [whenShort, choose] = useState<WhenShort>();
  // The balance may have changed since the page was taken; the server asks then.
  const isShort = short !== undefined || (error instanceof ApiError && error.problem.code === "S502");
  const [typed, type] = useState("");
  const reached = data ? data.sendable + data.held : undefined;
  const leaves = whenShort === "cut" && short ? short.reached : reached;
  const isTyped = reached !== undefined && typed.replace(/\D/g, "") === String(leaves);
  const isAnswered = !isShort || whenShort !== undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isTyped && isAnswered && reached) onLaunch(isShort ? whenShort : undefined);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Text>{t("campaigns.confirm.launch_text")}</Text>
        {reached === 0 && <Text fw={600}>{t("campaigns.confirm.launch_nobody")}</Text>}
        {isShort && <CreditQuestion short={short} choice={whenShort} onChoose={choose} />}
        {reached !== undefined && reached > 0 && (
          <TextInput
            label={t("builder.guard.label", { people: formats.number(leaves ?? reached) })}
            description={t("builder.guard.hint")}
            value={typed}
            onChange={(event) => type(event.currentTarget.value)}
            inputMode="numeric"
            autoComplete="off"
            data-autofocus
          />
        )}
        {error && <Problem error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            {t("common.action.cancel")}
          </Button>
          <Button
            type="submit"
            leftSection={<IconSend size={18} aria-hidden />}
            loading={isPending || reached === undefined}
            disabled={!isTyped || !isAnswered}
          >
            {t("campaigns.confirm.launch_button", { count: leaves ?? 0 })}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
