/** What a screen shows while it waits, when it has nothing, and when it may not or cannot show anything. */
import { Button, Group, Skeleton, Stack, Text, ThemeIcon, Title, VisuallyHidden } from "@mantine/core";
import { IconError404, IconInbox, IconLock, IconPlugConnectedX, type TablerIcon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/problem";
import { currentLanguage } from "../locale";
import { ButtonLink } from "./links";
import { Notice } from "./notice";
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

interface PlainStateProps {
  icon: TablerIcon;
  color?: string;
  title: string;
  text?: string;
  /** Smaller, under the text: what to tell the administrator. */
  note?: string | false;
  action?: ReactNode;
  /** Stands for the whole page, so its title is the page's heading. */
  isPage?: boolean;
  role?: "alert";
}

/** A picture, a sentence and a way on. */
function PlainState({ icon: Icon, color = "petrol", title, text, note, action, isPage, role }: PlainStateProps) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md" ta="center" role={role}>
      <ThemeIcon size={48} radius="xl" variant="light" color={color} aria-hidden>
        <Icon size={26} stroke={1.6} />
      </ThemeIcon>
      <Title order={isPage ? 1 : 2} size="h5">
        {title}
      </Title>
      {text && (
        <Text className="quiet" maw={460}>
          {text}
        </Text>
      )}
      {note && (
        <Text size="sm" className="quiet">
          {note}
        </Text>
      )}
      {action && <Group mt="xs">{action}</Group>}
    </Stack>
  );
}

/** Nothing here yet, and what to do about it. */
export function Empty(props: { title: string; text?: string; action?: ReactNode }) {
  return <PlainState icon={IconInbox} {...props} />;
}

interface FailureProps {
  error: Error;
  /** Asks again; left out where that cannot help. */
  onRetry?: () => void;
  /** Stands for the whole page. */
  isPage?: boolean;
}

/** Why nothing can be shown: not permitted, not there, not reachable, or refused with the server's words. */
export function Failure({ error, onRetry, isPage }: FailureProps) {
  const status = error instanceof ApiError ? error.status : -1;
  if (status === 403) return <Forbidden isPage={isPage} />;
  if (status === 404) return <Missing isPage={isPage} />;
  return <Broken error={error} onRetry={onRetry} isPage={isPage} />;
}

/** There is no such page or thing. */
export function Missing({ isPage }: { isPage?: boolean }) {
  const { t } = useTranslation();
  return (
    <PlainState
      icon={IconError404}
      color="gray"
      isPage={isPage}
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

function Forbidden({ isPage }: { isPage?: boolean }) {
  const { t } = useTranslation();
  const { user } = useSession();
  return (
    <PlainState
      icon={IconLock}
      color="gray"
      isPage={isPage}
      title={t("common.state.forbidden")}
      text={t("common.state.forbidden_hint", { role: t(`common.role.${user.role}`) })}
    />
  );
}

function Broken({ error, onRetry, isPage }: FailureProps) {
  const { t } = useTranslation();
  const api = error instanceof ApiError ? error : undefined;
  const requestId = api?.problem.request_id;
  return (
    <PlainState
      icon={IconPlugConnectedX}
      color="red"
      role="alert"
      isPage={isPage}
      title={t(api ? "common.state.failed" : "common.state.broken")}
      text={api ? api.title(currentLanguage()) : t("common.state.broken_hint")}
      note={requestId !== undefined && t("common.state.request_id", { id: requestId })}
      action={
        onRetry && (
          <Button variant="default" onClick={onRetry}>
            {t("common.state.retry")}
          </Button>
        )
      }
    />
  );
}

/** The server's words for something that was refused or failed, inside a screen that otherwise stands. */
export function Problem({ error, onClose }: { error: Error; onClose?: () => void }) {
  const { t } = useTranslation();
  const api = error instanceof ApiError ? error : undefined;
  return (
    <Notice tone="bad" title={api?.title(currentLanguage()) ?? t("common.state.broken")} isUrgent onClose={onClose}>
      {Object.values(api?.fields(currentLanguage()) ?? {}).map((text) => (
        <div key={text}>{text}</div>
      ))}
      {api?.problem.request_id && (
        <Text size="sm" className="quiet">
          {t("common.state.request_id", { id: api.problem.request_id })}
        </Text>
      )}
    </Notice>
  );
}
