import { Code } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { AuditEntry } from "../api/model";
import { usePages } from "../api/pages";
import { useActorName } from "../app/actor";
import { Listed } from "../app/data-table";
import { TextLink } from "../app/links";
import { Notice } from "../app/notice";
import { Page } from "../app/page";
import { Empty } from "../app/states";
import { Time } from "../app/time";
import { useFormats } from "../locale/format";
import { AuditFilters } from "./audit-filters";
import { between } from "./audit-search";
import { DEEDS, deedKey } from "./deeds";

const route = getRouteApi("/shell/audit");

/** Who did what and when; each entry is chained to the one before it. */
export function AuditPage() {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const actorName = useActorName();
  const search = route.useSearch();
  const { actor, action, subject } = search;
  const asked = { actor, action, subject, ...between(search) };
  const list = usePages(["audit", asked], (after) =>
    answer(api.GET("/api/v1/audit", { params: { query: { ...asked, after } } })),
  );
  // What the program will note one day and this panel does not know yet stands there as it is called.
  const deed = (action: string) => {
    const key = deedKey(action);
    return i18n.exists(key) ? (i18n.t(key as never) as string) : action;
  };
  const deeds = DEEDS.map((action) => ({ value: action, label: deed(action) })).sort((one, other) =>
    one.label.localeCompare(other.label, i18n.language),
  );
  const isAsked = Object.values(search).some(Boolean);
  return (
    <Page title={t("common.menu.audit")} lead={t("admin.audit.lead")}>
      <Notice tone="neutral">{t("admin.audit.chain")}</Notice>
      <AuditFilters deeds={deeds} />
      <div className="surface">
        <Listed
          list={list}
          label={t("common.menu.audit")}
          keyOf={({ id }) => id}
          empty={<Empty title={t(isAsked ? "admin.audit.nothing" : "admin.audit.none")} />}
          columns={[
            { head: t("admin.audit.number"), isNumber: true, cell: ({ number }) => formats.number(number) },
            { head: t("admin.audit.when"), cell: ({ at }) => <Time at={at} /> },
            { head: t("admin.audit.who"), cell: ({ actor }) => actorName(actor) },
            {
              head: t("admin.audit.what"),
              width: "12rem",
              cell: ({ action, subject }) => (
                <>
                  {deed(action)}
                  <div style={{ overflowWrap: "anywhere" }}>
                    <TextLink
                      to="/audit"
                      search={{ ...search, subject }}
                      title={t("admin.audit.only_this")}
                      fz="sm"
                      className="number"
                    >
                      {subject}
                    </TextLink>
                  </div>
                </>
              ),
            },
            { head: t("admin.audit.detail"), from: "md", width: "14rem", cell: (entry) => <Detail entry={entry} /> },
          ]}
        />
      </div>
    </Page>
  );
}

function Detail({ entry }: { entry: AuditEntry }) {
  const { t } = useTranslation();
  const detail: unknown = entry.detail;
  const isEmpty = detail == null || (typeof detail === "object" && Object.keys(detail).length === 0);
  if (isEmpty) return <span className="quiet">{t("common.none")}</span>;
  return (
    // Long details scroll, by keyboard too.
    <Code block fz="xs" tabIndex={0} style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere", maxHeight: 140 }}>
      {JSON.stringify(detail, null, 1)}
    </Code>
  );
}
