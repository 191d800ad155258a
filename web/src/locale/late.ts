import admin from "./tr/admin.json";
import attributes from "./tr/attributes.json";
import builder from "./tr/builder.json";
import cases from "./tr/cases.json";
import events from "./tr/events.json";
import inbox from "./tr/inbox.json";
import lists from "./tr/lists.json";
import messages from "./tr/messages.json";
import promotions from "./tr/promotions.json";
import templates from "./tr/templates.json";

/** The Turkish texts that the first screens do without, by area: they come with the other screens. */
export const late = {
  admin,
  attributes,
  builder,
  cases,
  events,
  inbox,
  lists,
  messages,
  promotions,
  templates,
};
