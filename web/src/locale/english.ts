import admin from "./en/admin.json";
import attributes from "./en/attributes.json";
import builder from "./en/builder.json";
import campaigns from "./en/campaigns.json";
import cases from "./en/cases.json";
import common from "./en/common.json";
import connectors from "./en/connectors.json";
import contacts from "./en/contacts.json";
import dashboard from "./en/dashboard.json";
import events from "./en/events.json";
import inbox from "./en/inbox.json";
import lists from "./en/lists.json";
import login from "./en/login.json";
import messages from "./en/messages.json";
import promotions from "./en/promotions.json";
import registry from "./en/registry.json";
import reports from "./en/reports.json";
import templates from "./en/templates.json";
import uploads from "./en/uploads.json";

/** All English texts by area; fetched only when somebody reads English. */
export const english = {
  cases,
  common,
  events,
  login,
  dashboard,
  uploads,
  campaigns,
  builder,
  contacts,
  promotions,
  registry,
  reports,
  connectors,
  templates,
  messages,
  admin,
  attributes,
  lists,
  inbox,
};
