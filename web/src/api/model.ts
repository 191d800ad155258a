/**
 * The server's shapes under the names the panel uses. Every type is read from
 * the generated client, so a change of the OpenAPI document shows here first.
 */
import type { paths } from "./schema";

type Json<R> = R extends { content: { "application/json": infer B } } ? B : never;
type Success<R> = { [S in keyof R]: S extends 200 | 201 | 202 ? Json<R[S]> : never }[keyof R];

/** What the server answers to a call that went well. */
export type Answer<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends { responses: infer R }
  ? Success<R>
  : never;

/** What a call takes. */
type Body<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  requestBody: { content: { "application/json": infer B } };
}
  ? B
  : never;

/** One entry of a list call. */
export type Item<P extends keyof paths> = Answer<P, "get" & keyof paths[P]> extends { items: (infer I)[] } ? I : never;

export type Session = Answer<"/api/v1/session", "get">;
export type Role = Session["user"]["role"];
export type Brand = Item<"/api/v1/brands">;
export type Connector = Item<"/api/v1/connectors">;

export type Upload = Answer<"/api/v1/uploads/{id}", "get">;
export type UploadState = Upload["state"];
export type UploadAction = Upload["action"];
export type UploadPurpose = Upload["purpose"];
export type UploadColumn = Upload["summary"]["columns"][number];
export type Question = Upload["summary"]["questions"][number];
export type UploadAnswers = Body<"/api/v1/uploads/{id}/answers", "post">;
export type SourceScore = Item<"/api/v1/uploads/scores">;
export type CodeCount = Upload["summary"]["codes"][number];
export type Rejection = Item<"/api/v1/uploads/{id}/rejections">;

export type Attribute = Item<"/api/v1/attributes">;
export type AttributeKind = Attribute["kind"];
export type NewAttribute = Body<"/api/v1/attributes", "post">;
export type AttributeChange = Body<"/api/v1/attributes/{id}", "patch">;
export type EventType = Item<"/api/v1/event-types">;
export type EventField = EventType["fields"][number];
export type EventTypeDescription = Body<"/api/v1/event-types/{id}", "put">;
export type Group = Item<"/api/v1/groups">;
export type Promotion = Item<"/api/v1/promotions">;
export type Stop = Item<"/api/v1/blacklist">;

export type Contact = Item<"/api/v1/contacts">;
export type ContactInFull = Answer<"/api/v1/contacts/{id}", "get">;
export type ContactDevice = ContactInFull["devices"][number];
export type ConsentState = NonNullable<NonNullable<paths["/api/v1/contacts"]["get"]["parameters"]["query"]>["consent"]>;
export type ContactStanding = Answer<"/api/v1/contacts/{id}/standing", "get">;
export type ConsentCoverage = Answer<"/api/v1/brands/{id}/coverage", "get">;
export type Why = Answer<"/api/v1/contacts/{id}/why", "get">;
export type Reason = Why["reasons"][number];

export type RegistryStatus = Answer<"/api/v1/registry/{brand_id}", "get">;
export type Verdict = RegistryStatus["verdicts"][number]["verdict"];

export type Campaign = Answer<"/api/v1/campaigns/{id}", "get">;
export type CampaignState = Campaign["state"];
export type Channel = Campaign["channel"];
export type RecipientKind = Campaign["kind"];
export type Basis = Campaign["basis"];
export type DryRun = Answer<"/api/v1/campaigns/{id}/dry-run", "post">;
export type CampaignReport = Answer<"/api/v1/campaigns/{id}/report", "get">;
export type CountedReason = CampaignReport["excluded"]["reasons"][number];
export type CampaignMessage = Item<"/api/v1/campaigns/{id}/messages">;
export type MessageState = CampaignMessage["state"];
export type CampaignChange = Body<"/api/v1/campaigns/{id}", "patch">;
export type ReasonEntry = Item<"/api/v1/reasons">;
export type CampaignPart = Answer<"/api/v1/campaigns/{id}/parts", "get">[number];
export type PlacedCampaign = Answer<"/api/v1/campaigns/calendar", "get">["items"][number];
export type Holiday = Answer<"/api/v1/holidays", "get">[number];
export type TextFinding = DryRun["findings"][number];
export type CheckedText = Answer<"/api/v1/texts/check", "post">;
export type Segment = Item<"/api/v1/segments">;
export type Mail = Answer<"/api/v1/campaigns/{id}/mail", "get">;

export type RegistryMode = RegistryStatus["mode"];
export type Comparison = NonNullable<RegistryStatus["comparison"]>;
export type ModePreview = Answer<"/api/v1/registry/{brand_id}/mode/preview", "post">;
export type RejectionGroup = Item<"/api/v1/registry/{brand_id}/rejections">;
export type RejectedRecord = Item<"/api/v1/registry/{brand_id}/rejections/people">;
export type Deadline = Item<"/api/v1/registry/{brand_id}/deadlines">;
export type Duty = Deadline["duty"];
export type Urgency = Deadline["urgency"];
export type Forecast = Answer<"/api/v1/registry/{brand_id}/deadlines/forecast", "get">;
export type AgreementDay = Answer<"/api/v1/registry/{brand_id}/drift", "get">["items"][number];
export type DriftReport = Answer<"/api/v1/registry/{brand_id}/drift/{day}", "get">;
export type DriftRow = DriftReport["people"][number];
export type Hold = Item<"/api/v1/registry/{brand_id}/holds">;
export type HoldState = Hold["state"];
export type Finding = Item<"/api/v1/registry/{brand_id}/findings">;
export type Alarm = Item<"/api/v1/alarms">;
export type AskingWay = Body<"/api/v1/consents/asking", "post">["way"];
export type RecordHistory = Answer<"/api/v1/registry/{brand_id}/history", "get">;
export type Via = Answer<"/api/v1/via/{id}", "get">;
export type ViaMethod = Via["method"];
export type AsOf = Answer<"/api/v1/consents/as-of", "get">;

export type ConnectorKind = Answer<"/api/v1/connector-kinds", "get">[number];
export type ConnectorTest = Answer<"/api/v1/connectors/{id}/test", "post">;
export type User = Item<"/api/v1/users">;
export type ApiKey = Item<"/api/v1/api-keys">;
export type AuditEntry = Item<"/api/v1/audit">;
export type Template = Item<"/api/v1/templates">;
export type MessageSettings = Answer<"/api/v1/templates/{id}/api", "get">;
export type LoggedMessage = Item<"/api/v1/messages">;
export type Reply = Item<"/api/v1/inbound">;
export type ReplyState = Reply["state"];
export type Bounce = Item<"/api/v1/bounces">;
export type Complaint = Item<"/api/v1/complaints">;
export type ComplaintCase = Item<"/api/v1/complaint-cases">;
export type CaseState = ComplaintCase["state"];
export type CaseDetail = Answer<"/api/v1/complaint-cases/{id}", "get">;
export type CaseFinding = Answer<"/api/v1/complaint-cases/{id}/finding", "get">;
export type CaseMessage = CaseFinding["messages"][number];
export type CaseChanges = Body<"/api/v1/complaint-cases/{id}", "patch">;
export type BrandChange = Body<"/api/v1/brands/{id}", "patch">;
export type NewBrand = Body<"/api/v1/brands", "post">;
