import { Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Brand, RejectionGroup } from "../api/model";
import { useAct } from "../app/act";
import { Ask } from "../app/ask";
import { Counters } from "../app/counters";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { CodeBadge, useReasonText } from "../app/reason-text";
import { Empty, Failure, Loading } from "../app/states";
import { useFormats } from "../locale/format";
import { RegistryFrame } from "./frame";
import classes from "./registry.module.css";
import { RejectedPeople } from "./rejected-people";

const route = getRouteApi("/shell/registry/rejections");

/** What İYS would not take, by its answer: its own words beside ours, who must act, and by when. */
export function RejectionsPage() {
  return <RegistryFrame>{(brand) => <Groups brand={brand} />}</RegistryFrame>;
}

function Groups({ brand }: { brand: Brand }) {
  const { t } = useTranslation();
  const { code } = route.useSearch();
  const groups = useQuery({
    queryKey: ["registry", brand.id, "rejections"],
    queryFn: async () =>
      (await answer(api.GET("/api/v1/registry/{brand_id}/rejections", { params: { path: { brand_id: brand.id } } })))
        .items,
  });
  const all = groups.data ?? [];
  const chosen = all.find(({ reason }) => reason.code === code);
  const count = (list: RejectionGroup[]) => list.reduce((sum, group) => sum + group.count, 0);
  return (
    <>
      {all.length > 0 && (
        <Counters
          label={t("registry.rejections.title")}
          counters={[
            { label: t("registry.rejections.records"), value: count(all), tone: "bad" },
            {
              label: t("registry.rejections.with_work"),
              value: count(all.filter(({ actions }) => !actions.includes("nothing"))),
            },
            {
              label: t("registry.rejections.settled"),
              value: count(all.filter(({ actions }) => actions.includes("nothing"))),
            },
          ]}
        />
      )}
      <Section title={t("registry.rejections.title")} id="rejections">
        {groups.isPending && <Loading />}
        {groups.isError && <Failure error={groups.error} onRetry={() => groups.refetch()} />}
        {groups.isSuccess && all.length === 0 && (
          <Empty title={t("registry.rejections.none.title")} text={t("registry.rejections.none.text")} />
        )}
        {all.map((group) => (
          <GroupCard
            key={group.reason.code + (group.iys_code ?? "")}
            brand={brand}
            group={group}
            isChosen={group === chosen}
          />
        ))}
      </Section>
      {chosen && <RejectedPeople brand={brand} group={chosen} />}
    </>
  );
}

/** One answer of İYS with everything a person needs to act on it. */
function GroupCard({ brand, group, isChosen }: { brand: Brand; group: RejectionGroup; isChosen: boolean }) {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const reasonText = useReasonText();
  const may = useMay();
  const isEnglish = i18n.language === "en";
  const { reason } = group;
  const [asks, ask] = useState(false);
  const resend = useAct(
    () =>
      answer(
        api.POST("/api/v1/registry/{brand_id}/rejections/resend", {
          params: { path: { brand_id: brand.id } },
          body: { code: reason.code },
        }),
      ),
    {
      done: ({ queued, expired, has_more }) =>
        [
          t("registry.rejections.resent", { count: queued }),
          expired > 0 && t("registry.rejections.resent_expired", { count: expired }),
          has_more && t("registry.rejections.resent_more"),
        ]
          .filter(Boolean)
          .join(" "),
      refresh: [["registry", brand.id]],
      showsError: true,
      onDone: () => ask(false),
    },
  );
  const actor = isEnglish ? group.actor_en : group.actor_tr;
  const meaning = isEnglish ? group.meaning_en : group.meaning_tr;
  const step = isEnglish ? group.step_en : group.step_tr;
  return (
    <article className={classes.group} data-code={reason.code} data-chosen={isChosen} aria-label={reasonText(reason)}>
      <Group justify="space-between" gap="sm">
        <Group gap={10}>
          <CodeBadge code={reason.code} />
          {group.iys_code && group.iys_code !== reason.code && <CodeBadge code={group.iys_code} />}
          <Text fw={650} fz="lg" className="number">
            {t("registry.rejections.count", { count: group.count })}
          </Text>
        </Group>
        {group.due_at && (
          <Text size="sm" c="var(--tone-out)" fw={600}>
            {t("registry.rejections.due", { when: formats.dateTime(group.due_at) })}
          </Text>
        )}
      </Group>
      <div className={classes.sides}>
        <div className={classes.side}>
          <Text size="sm" className="quiet">
            {t("registry.rejections.theirs")}
          </Text>
          <Text lang="tr">{group.iys_text ?? t("registry.rejections.no_text")}</Text>
          {meaning && (
            <Text size="sm" className="quiet" mt={4}>
              {meaning}
            </Text>
          )}
        </div>
        <div className={classes.side}>
          <Text size="sm" className="quiet">
            {t("registry.rejections.ours")}
          </Text>
          <Text>{reasonText(reason)}</Text>
          <Text size="sm" className="quiet" mt={4}>
            {t("common.reason.next", { step: step ?? (isEnglish ? reason.next_en : reason.next_tr) })}
          </Text>
          {group.step_due === "now" && (
            <Text size="sm" c="var(--tone-out)" fw={600}>
              {t("registry.rejections.now")}
            </Text>
          )}
        </div>
      </div>
      <Group justify="space-between" gap="sm">
        <Text size="sm">
          {actor && (
            <>
              <strong>{t("registry.rejections.actor")}:</strong> {actor} ·{" "}
            </>
          )}
          {group.actions.map((action) => t(`registry.rejections.action.${actionOf(action)}`)).join(", ")}
        </Text>
        <Group gap="sm">
          {group.actions.includes("resend") && may("manage_registry") && (
            <Button size="xs" variant="default" onClick={() => ask(true)}>
              {t("registry.rejections.resend")}
            </Button>
          )}
          <TextLink
            to="/registry/rejections"
            search={{ brand: brand.id, code: isChosen ? undefined : reason.code }}
            resetScroll={false}
            fz="sm"
            fw={600}
          >
            {t(isChosen ? "registry.rejections.hide_people" : "registry.rejections.show_people")}
          </TextLink>
        </Group>
      </Group>
      <Ask
        opened={asks}
        title={t("registry.rejections.resend_title", { code: reason.code })}
        confirm={t("registry.rejections.resend")}
        isPending={resend.isPending}
        error={resend.error}
        onConfirm={() => resend.mutate(undefined)}
        onClose={() => {
          resend.reset();
          ask(false);
        }}
      >
        <Text>{t("registry.rejections.resend_text")}</Text>
      </Ask>
    </article>
  );
}

const ACTIONS = ["resend", "correct_address", "correct_record", "fix_account", "ask_anew", "nothing"] as const;

/** What a server newer than this panel allows beside is told in its next step. */
function actionOf(action: string): (typeof ACTIONS)[number] | "other" {
  return ACTIONS.find((known) => known === action) ?? "other";
}
