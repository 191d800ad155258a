import admin from "./tr/admin.json";
import attributes from "./tr/attributes.json";
import builder from "./tr/builder.json";
import campaigns from "./tr/campaigns.json";
import cases from "./tr/cases.json";
import common from "./tr/common.json";
import connectors from "./tr/connectors.json";
import contacts from "./tr/contacts.json";
import dashboard from "./tr/dashboard.json";
import inbox from "./tr/inbox.json";
import lists from "./tr/lists.json";
import login from "./tr/login.json";
import messages from "./tr/messages.json";
import promotions from "./tr/promotions.json";
import registry from "./tr/registry.json";
import reports from "./tr/reports.json";
import templates from "./tr/templates.json";
import uploads from "./tr/uploads.json";

/** All Turkish texts by area; the keys every other language must have too. */
export const turkish = {
  cases,
  common,
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
