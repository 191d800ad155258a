import type { CampaignReport, CountedReason } from "../api/model";
import { EMPTY_PLAN } from "./builder/draft";

/** A reason with its count, for tests. */
export function counted(code: string, count: number): CountedReason {
  return {
    code,
    count,
    text_tr: `${code} nedeni.`,
    text_en: `Reason ${code}.`,
    next_tr: `${code} için yapılacak.`,
    next_en: `What to do about ${code}.`,
  };
}

/** A report that reconciles, for tests: 200 people, 100 excluded, 40 held, 60 sent. */
export function sampleReport(more: Partial<CampaignReport> = {}): CampaignReport {
  return {
    campaign: {
      id: "cmp_1",
      brand_id: "brd_1",
      name: "Yaz indirimi",
      channel: "MESAJ",
      kind: "BIREYSEL",
      basis: "COMMERCIAL",
      purpose: "Genel",
      body: "Merhaba",
      sender: "ORNEK",
      connector_id: "con_1",
      audience: { type: "all" },
      state: "running",
      author: "Ayşe",
      batch_size: 500,
      plan: EMPTY_PLAN,
      progress: {},
      target: 200,
      excluded: 100,
      planned: 100,
      created_at: "2025-06-23T10:00:00+03:00",
    },
    target: 200,
    excluded: { total: 100, reasons: [counted("S101", 30), counted("S103", 70)] },
    held: { total: 40, waiting: 35, uncertain: 5, cancelled: 0 },
    sent: 60,
    delivered: 50,
    failed: { total: 4, refused: 1, undelivered: 1, expired: 1, rejected: 1 },
    open: 6,
    reconciles: true,
    cost: { uncertain_parts: 0 },
    batches: { pending: 1, in_flight: 0, accepted: 1, failed: 0, in_doubt: 0, unresolved: 0, cancelled: 0 },
    ...more,
  };
}
