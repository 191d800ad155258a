import {
  IconAddressBook,
  IconBan,
  IconBolt,
  IconChartBar,
  IconFileText,
  IconFilter,
  IconForms,
  IconGauge,
  IconHistory,
  IconInbox,
  IconKey,
  IconListDetails,
  IconPlug,
  IconSend,
  IconSettings,
  IconShieldCheck,
  IconTags,
  IconTicket,
  IconUpload,
  IconUsers,
  IconUsersGroup,
  type TablerIcon,
} from "@tabler/icons-react";
import type { Permission } from "./permissions";

/** A screen of the main menu. */
export interface Screen {
  /** Names its text under `common.menu`. */
  name: ScreenName;
  to: ScreenPath;
  icon: TablerIcon;
  /** Offered only to those who have it. */
  needs?: Permission;
}

export type ScreenName =
  | "dashboard"
  | "uploads"
  | "contacts"
  | "lists"
  | "tags"
  | "segments"
  | "events"
  | "blacklist"
  | "registry"
  | "campaigns"
  | "templates"
  | "promotions"
  | "messages"
  | "inbox"
  | "opt_outs"
  | "connectors"
  | "users"
  | "keys"
  | "audit"
  | "attributes"
  | "settings";

export type ScreenPath =
  | "/"
  | "/uploads"
  | "/contacts"
  | "/lists"
  | "/tags"
  | "/segments"
  | "/events"
  | "/blacklist"
  | "/registry"
  | "/campaigns"
  | "/templates"
  | "/promotions"
  | "/messages"
  | "/inbox"
  | "/opt-outs"
  | "/connectors"
  | "/users"
  | "/keys"
  | "/audit"
  | "/attributes"
  | "/settings";

/** A part of the main menu under its own heading; the first has none. */
export interface ScreenGroup {
  /** Names its text under `common.menu_group`. */
  name: "home" | "people" | "sending" | "setup";
  screens: Screen[];
}

/** The main menu, in the order it is shown. */
export const SCREEN_GROUPS: ScreenGroup[] = [
  { name: "home", screens: [{ name: "dashboard", to: "/", icon: IconGauge }] },
  {
    name: "people",
    screens: [
      { name: "uploads", to: "/uploads", icon: IconUpload },
      { name: "contacts", to: "/contacts", icon: IconAddressBook },
      { name: "lists", to: "/lists", icon: IconUsersGroup },
      { name: "tags", to: "/tags", icon: IconTags },
      { name: "segments", to: "/segments", icon: IconFilter },
      { name: "events", to: "/events", icon: IconBolt },
      { name: "blacklist", to: "/blacklist", icon: IconBan },
      { name: "registry", to: "/registry", icon: IconShieldCheck },
    ],
  },
  {
    name: "sending",
    screens: [
      { name: "campaigns", to: "/campaigns", icon: IconSend },
      { name: "templates", to: "/templates", icon: IconFileText },
      { name: "promotions", to: "/promotions", icon: IconTicket },
      { name: "messages", to: "/messages", icon: IconListDetails },
      { name: "inbox", to: "/inbox", icon: IconInbox },
      { name: "opt_outs", to: "/opt-outs", icon: IconChartBar },
    ],
  },
  {
    name: "setup",
    screens: [
      { name: "connectors", to: "/connectors", icon: IconPlug },
      { name: "users", to: "/users", icon: IconUsers, needs: "manage_users" },
      { name: "keys", to: "/keys", icon: IconKey, needs: "manage_keys" },
      { name: "audit", to: "/audit", icon: IconHistory, needs: "read_audit" },
      { name: "attributes", to: "/attributes", icon: IconForms },
      { name: "settings", to: "/settings", icon: IconSettings },
    ],
  },
];

/** What a person may open by name without leaving the keyboard. */
export interface Destination {
  /** Names its text under `common.palette.item`; a screen's own name otherwise. */
  item?:
    | "new_campaign"
    | "new_upload"
    | "rejections"
    | "deadlines"
    | "drift"
    | "holds"
    | "findings"
    | "retailers"
    | "new_connector"
    | "testers";
  screen: Screen;
  /** Its address, with the search that it begins with. */
  href: string;
  needs?: Permission;
  /** What people call it, in both languages whatever is on screen. */
  words: string;
}

const WORDS: Record<ScreenName, string> = {
  dashboard: "pano ana sayfa ozet home dashboard",
  uploads: "dosya aktarım excel csv kullanıcı yükleme kişi yükleme liste yükleme import upload contacts",
  contacts: "kişi kullanıcı müşteri rehber izin geçmişi neden geldi people customers",
  lists: "liste dağıtım listesi grup distribution list group",
  tags: "etiket tag",
  segments: "segment dinamik kural hedef kitle rules audience",
  events: "olay satın alma randevu davranış tanımsız olay events purchases behaviour",
  blacklist: "kara liste ak liste engel blacklist whitelist stop",
  registry: "izin iys rıza onay bağlantı senkronizasyon entegratör consent registry",
  campaigns: "toplu mesaj toplu sms kampanya gönderim bulk message campaigns",
  promotions: "promosyon kupon indirim kodu hediye çeki kod listesi promotion coupon discount code voucher",
  templates: "şablon metin hazır mesaj template text",
  messages: "gönderim logu mesaj ileti geçmişi log sent messages proof kanıt",
  inbox: "gelen kutusu yanıt ret yanıtı geri dönen bounce şikâyet sikayet inbox replies bounces complaints",
  opt_outs: "analiz vazgeçenler çıkış oranı saat kaynak opt out analysis unsubscribe rate",
  connectors: "bağlayıcı sağlayıcı sms firması operatör bakiye provider connector balance",
  users: "kullanıcı rol yetki parola users roles",
  keys: "api anahtar entegrasyon key",
  audit: "denetim kaydı log iz kim ne yaptı audit trail",
  attributes: "özel alan alan tanımı attribute custom field",
  settings: "ayar firma marka iys kodu saat settings brand",
};

const byName = new Map(SCREEN_GROUPS.flatMap(({ screens }) => screens).map((screen) => [screen.name, screen]));

function screen(name: ScreenName): Screen {
  const found = byName.get(name);
  if (!found) throw new Error(`no screen is called ${name}`);
  return found;
}

/** Everything the command palette opens. */
export const DESTINATIONS: Destination[] = [
  ...[...byName.values()].map((one) => ({ screen: one, href: one.to, needs: one.needs, words: WORDS[one.name] })),
  {
    item: "new_upload",
    screen: screen("uploads"),
    href: "/uploads?new=true",
    needs: "upload_files",
    words: "dosya yükle kullanıcı yükleme izin yükle upload file",
  },
  {
    item: "new_campaign",
    screen: screen("campaigns"),
    href: "/campaigns/new",
    needs: "manage_campaigns",
    words: "toplu mesaj gönder yeni kampanya sms gönder new campaign bulk message",
  },
  {
    item: "rejections",
    screen: screen("registry"),
    href: "/registry/rejections",
    words: "ret iys retleri reddedilen kayıtlar rejections refused",
  },
  {
    item: "deadlines",
    screen: screen("registry"),
    href: "/registry/deadlines",
    words: "süre son tarih iş günü bekleyen izin şikâyet sikayet takvim deadlines complaints",
  },
  {
    item: "drift",
    screen: screen("registry"),
    href: "/registry/drift",
    words: "mutabakat fark raporu günlük karşılaştırma agreement drift",
  },
  {
    item: "holds",
    screen: screen("registry"),
    href: "/registry/holds",
    words: "bekletilen izin ikinci kişi onay holds second person",
  },
  {
    item: "findings",
    screen: screen("registry"),
    href: "/registry/findings",
    words: "bulgu uydurma izin şüpheli findings suspicious",
  },
  {
    item: "retailers",
    screen: screen("registry"),
    href: "/registry/retailers",
    needs: "manage_registry",
    words: "bayi bayiler retailer dealers",
  },
  {
    item: "new_connector",
    screen: screen("connectors"),
    href: "/connectors/new",
    needs: "manage_connectors",
    words: "sağlayıcı ekle bağlayıcı ekle add provider",
  },
  {
    item: "testers",
    screen: screen("campaigns"),
    href: "/campaigns/testers",
    words: "deneme alıcısı test sms dene test recipients",
  },
];
