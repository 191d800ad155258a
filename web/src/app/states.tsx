/** What a screen shows while it waits, when it has nothing, and when it may not or cannot show anything. */
import { Alert, Button, Group, Skeleton, Stack, Text, ThemeIcon, Title, VisuallyHidden } from "@mantine/core";
import { IconAlertTriangle, IconLock, IconMoodEmpty, IconPlugConnectedX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/problem";
import { currentLanguage } from "../locale";
import { ButtonLink } from "./links";
import { useSession } from "./session";

/** Grey lines in the shape of what is coming. */
export function Loading({ lines = 5 }: { lines?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" p="md" aria-busy="true">
      <VisuallyHidden role="status">{t("common.state.loading")}</VisuallyHidden>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={18} width={`${92 - ((line * 17) % 40)}%`} />
      ))}
    </Stack>
  );
}

interface EmptyProps {
  title: string;
  text?: string;
  action?: ReactNode;
}

/** Nothing here yet, and what to do about it. */
export function Empty({ title, text, action }: EmptyProps) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md" ta="center">
      <ThemeIcon size={48} radius="xl" variant="light" color="petrol" aria-hidden>
        <IconMoodEmpty size={26} stroke={1.6} />
      </ThemeIcon>
      <Text fw={600}>{title}</Text>
      {text && (
        <Text className="quiet" maw={460}>
          {text}
        </Text>
      )}
      {action && <Group mt="xs">{action}</Group>}
    </Stack>
  );
}

interface FailureProps {
  error: Error;
  /** Asks again; left out where that cannot help. */
  onRetry?: () => void;
}

/** Why nothing can be shown: not permitted, not there, not reachable, or refused with the server's words. */
export function Failure({ error, onRetry }: FailureProps) {
  const status = error instanceof ApiError ? error.status : -1;
  if (status === 403) return <Forbidden />;
  if (status === 404) return <Missing />;
  return <Broken error={error} onRetry={onRetry} />;
}

/** There is no such page or thing. */
export function Missing() {
  const { t } = useTranslation();
  return (
    <Empty
      title={t("common.state.missing")}
      text={t("common.state.missing_hint")}
      action={
        <ButtonLink to="/" variant="default">
          {t("common.state.back_home")}
        </ButtonLink>
      }
    />
  );
}

/** The server's words for something that was refused or failed, inside a screen that otherwise stands. */
export function Problem({ error, onClose }: { error: Error; onClose?: () => void }) {
  const { t } = useTranslation();
  const api = error instanceof ApiError ? error : undefined;
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle size={18} aria-hidden />}
      title={api?.title(currentLanguage()) ?? t("common.state.broken")}
      withCloseButton={onClose !== undefined}
      closeButtonLabel={t("common.action.close")}
      onClose={onClose}
      role="alert"
    >
      {api && (
        <Text size="sm" component="div">
          {api.problem.detail && <div>{api.problem.detail}</div>}
          {Object.values(api.fields(currentLanguage())).map((text) => (
            <div key={text}>{text}</div>
          ))}
          {api.problem.request_id && (
            <span className="quiet">{t("common.state.request_id", { id: api.problem.request_id })}</span>
          )}
        </Text>
      )}
    </Alert>
  );
}

function Forbidden() {
  const { t } = useTranslation();
  const { user } = useSession();
  return (
    <Stack align="center" gap="xs" py="xl" px="md" ta="center">
      <ThemeIcon size={48} radius="xl" variant="light" color="gray" aria-hidden>
        <IconLock size={26} stroke={1.6} />
      </ThemeIcon>
      <Text fw={600}>{t("common.state.forbidden")}</Text>
      <Text className="quiet">{t("common.state.forbidden_hint", { role: t(`common.role.${user.role}`) })}</Text>
    </Stack>
  );
}

function Broken({ error, onRetry }: FailureProps) {
  const { t } = useTranslation();
  const api = error instanceof ApiError ? error : undefined;
  return (
    <Stack align="center" gap="xs" py="xl" px="md" ta="center" role="alert">
      <ThemeIcon size={48} radius="xl" variant="light" color="red" aria-hidden>
        <IconPlugConnectedX size={26} stroke={1.6} />
      </ThemeIcon>
      <Title order={2} size="h4">
        {t(api ? "common.state.failed" : "common.state.broken")}
      </Title>
      <Text className="quiet" maw={460}>
        {api ? api.title(currentLanguage()) : t("common.state.broken_hint")}
      </Text>
      {api?.problem.request_id && (
        <Text size="sm" className="quiet">
          {t("common.state.request_id", { id: api.problem.request_id })}
        </Text>
      )}
      {onRetry && (
        <Button variant="default" onClick={onRetry}>
          {t("common.state.retry")}
        </Button>
      )}
    </Stack>
  );
}
