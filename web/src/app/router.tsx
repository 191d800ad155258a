import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from "@tanstack/react-router";
import { AUDIT_SEARCH, type AuditSearch } from "../admin/audit-search";
import { BUILDER_STEPS, type BuilderStep, isDay } from "../campaigns/builder/steps";
import { optOutsSearch } from "../campaigns/opt-outs-search";
import { ROW_GROUPS, type RowGroup } from "../campaigns/row-groups";
import { CONTACT_SEARCH, type ContactSearch } from "../contacts/search";
import { restOfTexts } from "../locale";
import { Shell } from "./shell";
import { Failure, Loading, Missing } from "./states";

/** A screen behind the first ones, with the texts that those do without. */
function withTexts<Module>(load: () => Promise<Module>): () => Promise<Module> {
  return async () => (await Promise.all([load(), restOfTexts()]))[0];
}

/** Text of a query parameter; nothing where it is missing or not text. */
function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
}

const root = createRootRoute({ component: Outlet });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search: Record<string, unknown>): { next?: string } => ({ next: text(search.next) }),
  component: lazyRouteComponent(() => import("../login/login-page"), "LoginPage"),
});

const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });

const dashboard = createRoute({
  getParentRoute: () => shell,
  path: "/",
  component: lazyRouteComponent(() => import("../dashboard/dashboard-page"), "DashboardPage"),
});

const uploads = createRoute({
  getParentRoute: () => shell,
  path: "/uploads",
  validateSearch: (search: Record<string, unknown>): { brand?: string; new?: true; again?: string } => ({
    brand: text(search.brand),
    new: search.new ? true : undefined,
    again: text(search.again),
  }),
  component: lazyRouteComponent(
    withTexts(() => import("../uploads/uploads-page")),
    "UploadsPage",
  ),
});

const upload = createRoute({
  getParentRoute: () => shell,
  path: "/uploads/$id",
  validateSearch: (search: Record<string, unknown>): { code?: string } => ({ code: text(search.code) }),
  component: lazyRouteComponent(
    withTexts(() => import("../uploads/upload-page")),
    "UploadPage",
  ),
});

const contacts = createRoute({
  getParentRoute: () => shell,
  path: "/contacts",
  validateSearch: (search: Record<string, unknown>): ContactSearch =>
    Object.fromEntries(CONTACT_SEARCH.map((name) => [name, text(search[name])])),
  component: lazyRouteComponent(
    withTexts(() => import("../contacts/contacts-page")),
    "ContactsPage",
  ),
});

const contact = createRoute({
  getParentRoute: () => shell,
  path: "/contacts/$id",
  validateSearch: (
    search: Record<string, unknown>,
  ): { brand?: string; channel?: string; kind?: string; basis?: string } => ({
    brand: text(search.brand),
    channel: text(search.channel),
    kind: text(search.kind),
    basis: text(search.basis),
  }),
  component: lazyRouteComponent(
    withTexts(() => import("../contacts/contact-page")),
    "ContactPage",
  ),
});

const campaigns = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns",
  component: lazyRouteComponent(
    withTexts(() => import("../campaigns/campaigns-page")),
    "CampaignsPage",
  ),
});

const newCampaign = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns/new",
  component: lazyRouteComponent(
    withTexts(() => import("../campaigns/builder/builder-page")),
    "NewCampaignPage",
  ),
});

const editCampaign = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns/$id/edit",
  validateSearch: (search: Record<string, unknown>): { step?: BuilderStep } => ({
    step: BUILDER_STEPS.find((step) => step === search.step),
  }),
  component: lazyRouteComponent(
    withTexts(() => import("../campaigns/builder/builder-page")),
    "BuilderPage",
  ),
});

const campaignCalendar = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns/calendar",
  validateSearch: (search: Record<string, unknown>): { day?: string; view?: "week" } => ({
    day: isDay(search.day) ? search.day : undefined,
    view: search.view === "week" ? "week" : undefined,
  }),
  component: lazyRouteComponent(
    withTexts(() => import("../campaigns/calendar-page")),
    "CampaignCalendarPage",
  ),
});

const testers = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns/testers",
  validateSearch: (search: Record<string, unknown>): { brand?: string } => ({ brand: text(search.brand) }),
  component: lazyRouteComponent(
    withTexts(() => import("../campaigns/testers/testers-page")),
    "TestersPage",
  ),
});

const optOuts = createRoute({
  getParentRoute: () => shell,
  path: "/opt-outs",
  validateSearch: optOutsSearch,
  component: lazyRouteComponent(
    withTexts(() => import("../campaigns/opt-outs-page")),
    "OptOutsPage",
  ),
});

const campaign = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns/$id",
  validateSearch: (search: Record<string, unknown>): { rows?: RowGroup; code?: string } => ({
    rows: ROW_GROUPS.find((group) => group === search.rows),
    code: text(search.code),
  }),
  component: lazyRouteComponent(
    withTexts(() => import("../campaigns/campaign-page")),
    "CampaignPage",
  ),
});

const registry = createRoute({
  getParentRoute: () => shell,
  path: "/registry",
  validateSearch: (search: Record<string, unknown>): { brand?: string } => ({ brand: text(search.brand) }),
  component: lazyRouteComponent(
    withTexts(() => import("../registry/registry-page")),
    "RegistryPage",
  ),
});

const attributes = createRoute({
  getParentRoute: () => shell,
  path: "/attributes",
  component: lazyRouteComponent(
    withTexts(() => import("../attributes/attributes-page")),
    "AttributesPage",
  ),
});

const lists = createRoute({
  getParentRoute: () => shell,
  path: "/lists",
  component: lazyRouteComponent(
    withTexts(() => import("../lists/groups-page")),
    "ListsPage",
  ),
});

const list = createRoute({
  getParentRoute: () => shell,
  path: "/lists/$name",
  component: lazyRouteComponent(
    withTexts(() => import("../lists/group-page")),
    "ListPage",
  ),
});

const tags = createRoute({
  getParentRoute: () => shell,
  path: "/tags",
  component: lazyRouteComponent(
    withTexts(() => import("../lists/groups-page")),
    "TagsPage",
  ),
});

const tag = createRoute({
  getParentRoute: () => shell,
  path: "/tags/$name",
  component: lazyRouteComponent(
    withTexts(() => import("../lists/group-page")),
    "TagPage",
  ),
});

const segments = createRoute({
  getParentRoute: () => shell,
  path: "/segments",
  component: lazyRouteComponent(
    withTexts(() => import("../segments/segments-page")),
    "SegmentsPage",
  ),
});

const newSegment = createRoute({
  getParentRoute: () => shell,
  path: "/segments/new",
  component: lazyRouteComponent(
    withTexts(() => import("../segments/segment-page")),
    "NewSegmentPage",
  ),
});

const segment = createRoute({
  getParentRoute: () => shell,
  path: "/segments/$id",
  component: lazyRouteComponent(
    withTexts(() => import("../segments/segment-page")),
    "SegmentPage",
  ),
});

const events = createRoute({
  getParentRoute: () => shell,
  path: "/events",
  component: lazyRouteComponent(
    withTexts(() => import("../events/events-page")),
    "EventsPage",
  ),
});

const blacklist = createRoute({
  getParentRoute: () => shell,
  path: "/blacklist",
  component: lazyRouteComponent(
    withTexts(() => import("../lists/blacklist-page")),
    "BlacklistPage",
  ),
});

/** The people's own screens: what is kept of them, and the groups they are in. */
const peoples = [attributes, lists, list, tags, tag, segments, newSegment, segment, events, blacklist] as const;

const brandSearch = (search: Record<string, unknown>): { brand?: string } => ({ brand: text(search.brand) });

const rejections = createRoute({
  getParentRoute: () => shell,
  path: "/registry/rejections",
  validateSearch: (search: Record<string, unknown>): { brand?: string; code?: string } => ({
    brand: text(search.brand),
    code: text(search.code),
  }),
  component: lazyRouteComponent(
    withTexts(() => import("../registry/rejections-page")),
    "RejectionsPage",
  ),
});

const deadlines = createRoute({
  getParentRoute: () => shell,
  path: "/registry/deadlines",
  validateSearch: (search: Record<string, unknown>): { brand?: string; duty?: string; expired?: true } => ({
    brand: text(search.brand),
    duty: text(search.duty),
    expired: search.expired ? true : undefined,
  }),
  component: lazyRouteComponent(
    withTexts(() => import("../registry/deadlines-page")),
    "DeadlinesPage",
  ),
});

const drift = createRoute({
  getParentRoute: () => shell,
  path: "/registry/drift",
  validateSearch: brandSearch,
  component: lazyRouteComponent(
    withTexts(() => import("../registry/drift-page")),
    "DriftPage",
  ),
});

const driftDay = createRoute({
  getParentRoute: () => shell,
  path: "/registry/drift/$day",
  validateSearch: brandSearch,
  component: lazyRouteComponent(
    withTexts(() => import("../registry/day-page")),
    "DayPage",
  ),
});

const holds = createRoute({
  getParentRoute: () => shell,
  path: "/registry/holds",
  validateSearch: (search: Record<string, unknown>): { brand?: string; state?: string } => ({
    brand: text(search.brand),
    state: text(search.state),
  }),
  component: lazyRouteComponent(
    withTexts(() => import("../registry/holds-page")),
    "HoldsPage",
  ),
});

const findings = createRoute({
  getParentRoute: () => shell,
  path: "/registry/findings",
  validateSearch: brandSearch,
  component: lazyRouteComponent(
    withTexts(() => import("../registry/findings-page")),
    "FindingsPage",
  ),
});

const retailers = createRoute({
  getParentRoute: () => shell,
  path: "/registry/retailers",
  validateSearch: brandSearch,
  component: lazyRouteComponent(
    withTexts(() => import("../registry/retailers-page")),
    "RetailersPage",
  ),
});

const connectors = createRoute({
  getParentRoute: () => shell,
  path: "/connectors",
  component: lazyRouteComponent(
    withTexts(() => import("../connectors/connectors-page")),
    "ConnectorsPage",
  ),
});

const newConnector = createRoute({
  getParentRoute: () => shell,
  path: "/connectors/new",
  component: lazyRouteComponent(
    withTexts(() => import("../connectors/new-connector-page")),
    "NewConnectorPage",
  ),
});

const connector = createRoute({
  getParentRoute: () => shell,
  path: "/connectors/$id",
  component: lazyRouteComponent(
    withTexts(() => import("../connectors/connector-page")),
    "ConnectorPage",
  ),
});

const users = createRoute({
  getParentRoute: () => shell,
  path: "/users",
  component: lazyRouteComponent(
    withTexts(() => import("../admin/users-page")),
    "UsersPage",
  ),
});

const keys = createRoute({
  getParentRoute: () => shell,
  path: "/keys",
  component: lazyRouteComponent(
    withTexts(() => import("../admin/keys-page")),
    "KeysPage",
  ),
});

const audit = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  validateSearch: (search: Record<string, unknown>): AuditSearch =>
    Object.fromEntries(AUDIT_SEARCH.map((name) => [name, text(search[name])])),
  component: lazyRouteComponent(
    withTexts(() => import("../admin/audit-page")),
    "AuditPage",
  ),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  validateSearch: (search: Record<string, unknown>): { brand?: string } => ({
    brand: text(search.brand),
  }),
  component: lazyRouteComponent(
    withTexts(() => import("../admin/settings-page")),
    "SettingsPage",
  ),
});

const promotions = createRoute({
  getParentRoute: () => shell,
  path: "/promotions",
  component: lazyRouteComponent(
    withTexts(() => import("../promotions/promotions-page")),
    "PromotionsPage",
  ),
});

const templates = createRoute({
  getParentRoute: () => shell,
  path: "/templates",
  component: lazyRouteComponent(
    withTexts(() => import("../templates/templates-page")),
    "TemplatesPage",
  ),
});

const newTemplate = createRoute({
  getParentRoute: () => shell,
  path: "/templates/new",
  component: lazyRouteComponent(
    withTexts(() => import("../templates/template-page")),
    "NewTemplatePage",
  ),
});

const template = createRoute({
  getParentRoute: () => shell,
  path: "/templates/$id",
  component: lazyRouteComponent(
    withTexts(() => import("../templates/template-page")),
    "TemplatePage",
  ),
});

const messages = createRoute({
  getParentRoute: () => shell,
  path: "/messages",
  validateSearch: (search: Record<string, unknown>): { address?: string; campaign?: string; state?: string } => ({
    address: text(search.address),
    campaign: text(search.campaign),
    state: text(search.state),
  }),
  component: lazyRouteComponent(
    withTexts(() => import("../messages/messages-page")),
    "MessagesPage",
  ),
});

const inbox = createRoute({
  getParentRoute: () => shell,
  path: "/inbox",
  validateSearch: (search: Record<string, unknown>): { tab?: string; state?: string } => ({
    tab: text(search.tab),
    state: text(search.state),
  }),
  component: lazyRouteComponent(
    withTexts(() => import("../inbox/inbox-page")),
    "InboxPage",
  ),
});

const complaintCase = createRoute({
  getParentRoute: () => shell,
  path: "/inbox/cases/$id",
  component: lazyRouteComponent(
    withTexts(() => import("../inbox/case/case-page")),
    "CasePage",
  ),
});

/** All screens; filters live in the address, so a view can be sent to a colleague. */
export const router = createRouter({
  routeTree: root.addChildren([
    login,
    shell.addChildren([
      dashboard,
      uploads,
      upload,
      contacts,
      contact,
      campaigns,
      newCampaign,
      campaignCalendar,
      testers,
      optOuts,
      editCampaign,
      campaign,
      registry,
      ...peoples,
      rejections,
      deadlines,
      drift,
      driftDay,
      holds,
      findings,
      retailers,
      connectors,
      newConnector,
      connector,
      users,
      keys,
      audit,
      settings,
      promotions,
      templates,
      newTemplate,
      template,
      messages,
      inbox,
      complaintCase,
    ]),
  ]),
  defaultPreload: "intent",
  defaultPendingComponent: () => <Loading />,
  defaultErrorComponent: ({ error }) => (
    <Failure
      isPage
      error={error instanceof Error ? error : new Error(String(error))}
      onRetry={() => window.location.reload()}
    />
  ),
  defaultNotFoundComponent: () => <Missing isPage />,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
