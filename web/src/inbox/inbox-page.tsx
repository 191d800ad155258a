import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { TextLink } from "../app/links";
import { Page } from "../app/page";
import tabs from "../registry/registry.module.css";
import { Bounces } from "./bounces";
import { Complaints } from "./complaints";
import { Replies } from "./replies";

const route = getRouteApi("/shell/inbox");
const TABS = ["replies", "bounces", "complaints"] as const;

/** What came back from people and servers: replies, failed deliveries, complaints. */
export function InboxPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const shown = TABS.find((tab) => tab === search.tab) ?? "replies";
  return (
    <Page title={t("inbox.title")} lead={t("inbox.lead")}>
      <nav className={tabs.tabs} aria-label={t("inbox.tabs.label")}>
        {TABS.map((tab) => (
          <TextLink
            key={tab}
            to="/inbox"
            search={tab === "replies" ? {} : { tab }}
            activeOptions={{ exact: true, includeSearch: true }}
            data-status={tab === shown ? "active" : undefined}
            aria-current={tab === shown ? "page" : undefined}
            underline="never"
          >
            {t(`inbox.tabs.${tab}`)}
          </TextLink>
        ))}
      </nav>
      {shown === "replies" && <Replies />}
      {shown === "bounces" && <Bounces />}
      {shown === "complaints" && <Complaints />}
    </Page>
  );
}
