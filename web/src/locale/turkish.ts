import campaigns from "./tr/campaigns.json";
import common from "./tr/common.json";
import connectors from "./tr/connectors.json";
import contacts from "./tr/contacts.json";
import dashboard from "./tr/dashboard.json";
import login from "./tr/login.json";
import registry from "./tr/registry.json";
import reports from "./tr/reports.json";
import uploads from "./tr/uploads.json";

/** The Turkish texts of the first screens by area; see `late.ts` for the others. */
export const turkish = {
  common,
  login,
  dashboard,
  uploads,
  campaigns,
  contacts,
  registry,
  reports,
  connectors,
};
