import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Problem } from "../app/states";
import { useFormats } from "../locale/format";
import { useDryRun } from "./dry-run";

interface LaunchGuardProps {
  id: string;
  onLaunch: () => void;
  onCancel: () => void;
  isPending: boolean;
  error: Error | null;
}

/**
 * The last question before messages leave: whoever starts it writes how many
 * people it reaches, which a slip of the finger cannot.
 */
export function LaunchGuard({ id, onLaunch, onCancel, isPending, error }: LaunchGuardProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { data } = useDryRun(id);
  const [typed, type] = useState("");
  const reached = data ? data.sendable + data.held : undefined;
  const isTyped = reached !== undefined && typed.replace(/\D/g, "") === String(reached);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isTyped && reached) onLaunch();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Text>{t("campaigns.confirm.launch_text")}</Text>
        {reached === 0 && <Text fw={600}>{t("campaigns.confirm.launch_nobody")}</Text>}
        {reached !== undefined && reached > 0 && (
          <TextInput
            label={t("builder.guard.label", { people: formats.number(reached) })}
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
            disabled={!isTyped}
          >
            {t("campaigns.confirm.launch_button", { count: reached ?? 0 })}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
