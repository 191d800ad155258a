import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { answer, api } from "../../api/client";
import type { CaseDetail } from "../../api/model";
import { useAct } from "../../app/act";
import { useActorName } from "../../app/actor";
import { CopyText } from "../../app/copy-text";
import { Facts } from "../../app/facts";
import { TextLink } from "../../app/links";
import { Notice } from "../../app/notice";
import { Page, Section } from "../../app/page";
import { useMay } from "../../app/permissions";
import { CodeBadge } from "../../app/reason-text";
import { StateBadge } from "../../app/state-badge";
import { Failure, Loading } from "../../app/states";
import { Time } from "../../app/time";
import { useFormats } from "../../locale/format";
import { CASE_TONE } from "../case-tone";
import { Clock } from "../cases";
import said from "../inbox.module.css";
import { AnswerSection } from "./answer";
import { caseKey } from "./case-key";
import { Checklist } from "./checklist";
import { Evidence } from "./evidence";
import { Finding } from "./finding";
import { History } from "./history";

const route = getRouteApi("/shell/inbox/cases/$id");

/** One complaint: what the citizen told, what was found, the answer, the evidence and what is left to do. */
export function CasePage() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const found = useQuery({
    queryKey: caseKey(id),
    queryFn: () => answer<CaseDetail>(api.GET("/api/v1/complaint-cases/{id}", { params: { path: { id } } })),
  });
  if (found.isPending) return <Loading />;
  if (found.isError) return <Failure error={found.error} onRetry={() => found.refetch()} isPage />;
  const one = found.data;
  return (
    <Page
      title={one.address}
      back={
        <TextLink to="/inbox" search={{ tab: "complaints" }}>
          {t("cases.title")}
        </TextLink>
      }
      mark={<StateBadge tone={CASE_TONE[one.state]} label={t(`cases.states.${one.state}`)} />}
      lead={`${one.id} · ${one.brand_name}`}
      actions={<Take one={one} />}
    >
      <Stopped one={one} />
      <Told one={one} />
      <Finding one={one} />
      <AnswerSection one={one} />
      <Evidence one={one} />
      <Checklist one={one} />
      <History one={one} />
    </Page>
  );
}

function Take({ one }: { one: CaseDetail }) {
  const { t } = useTranslation();
  const may = useMay();
  const take = useAct(
    () => answer<CaseDetail>(api.POST("/api/v1/complaint-cases/{id}/take", { params: { path: { id: one.id } } })),
    { done: t("cases.taken"), refresh: [["inbox"]] },
  );
  if (one.assigned_to || one.solved_at || !may("manage_blacklist")) return null;
  return (
    <Button onClick={() => take.mutate(undefined)} loading={take.isPending}>
      {t("cases.take")}
    </Button>
  );
}

/** That nothing commercial reaches the number, since when. */
function Stopped({ one }: { one: CaseDetail }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const isStopped = one.checklist.find(({ item }) => item === "stop")?.is_done;
  return (
    <Notice
      tone={isStopped ? "good" : "bad"}
      title={
        <>
          <CodeBadge code="S202" /> {t(isStopped ? "cases.stopped" : "cases.not_stopped")}
        </>
      }
    >
      {t("cases.stopped_since", { when: formats.exact(one.stopped_at) })}
    </Notice>
  );
}

function Told({ one }: { one: CaseDetail }) {
  const { t } = useTranslation();
  const actorName = useActorName();
  return (
    <Section title={t("cases.told")} id="told">
      <Facts
        facts={[
          [t("cases.clock"), <Clock key="clock" one={one} />],
          [t("cases.priority"), `${t("cases.high")} · ${t("common.role.compliance")}`],
          [t("cases.assigned"), one.assigned_to ? actorName(one.assigned_to) : t("cases.nobody")],
          [t("cases.sender"), one.sender],
          [t("cases.happened"), <Time key="happened" at={one.happened_at} />],
          [t("cases.received"), <Time key="received" at={one.received_at} />],
          [t("cases.filed_by"), one.actor === "citizen" ? t("cases.citizen") : actorName(one.actor)],
          [t("cases.used_as"), t(one.is_trader ? "common.kind.TACIR" : "common.kind.BIREYSEL")],
        ]}
      />
      <div style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}>
        {one.text !== "" && <blockquote className={said.said}>{one.text}</blockquote>}
        {one.has_picture && (
          <img
            src={`/api/v1/complaint-cases/${encodeURIComponent(one.id)}/picture`}
            alt={t("cases.picture")}
            style={{ display: "block", maxWidth: "min(100%, 22rem)", marginTop: 12, borderRadius: 8 }}
          />
        )}
        <Text size="sm" className="quiet" mt="sm" mb={4}>
          {t("cases.own_page")}
        </Text>
        <CopyText text={one.public_url} />
      </div>
    </Section>
  );
}
