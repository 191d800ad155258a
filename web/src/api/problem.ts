import type { Language } from "../locale";

/** A problem document of the server (RFC 9457), as far as the panel reads it. */
export interface Problem {
  status: number;
  code: string;
  title_tr: string;
  title_en: string;
  detail?: string | null;
  where?: { field: string; code: string; text_tr: string; text_en: string }[] | null;
  request_id?: string;
}

/** A call that did not go well; carries the server's own words in both languages. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title_en);
    this.name = "ApiError";
    this.problem = problem;
  }

  /** The HTTP status; 0 when the server could not be reached. */
  get status(): number {
    return this.problem.status;
  }

  /** The headline in the reader's language. */
  title(language: Language): string {
    return language === "tr" ? this.problem.title_tr : this.problem.title_en;
  }

  /** What is wrong with each field, keyed by the field's name. */
  fields(language: Language): Record<string, string> {
    const told: Record<string, string> = {};
    for (const { field, text_tr, text_en } of this.problem.where ?? []) {
      const text = language === "tr" ? text_tr : text_en;
      told[field] = field in told ? `${told[field]} ${text}` : text;
    }
    return told;
  }
}

/** The server did not answer at all. */
export function unreachable(): ApiError {
  return new ApiError({
    status: 0,
    code: "UNREACHABLE",
    title_tr: "Sunucuya ulaşılamıyor. Bağlantınızı kontrol edip yeniden deneyin.",
    title_en: "The server cannot be reached. Check your connection and try again.",
  });
}

/** Reads whatever came with an error status; an answer that is no problem document still gets a text. */
export function problemOf(status: number, body: unknown, requestId?: string | null): ApiError {
  if (isProblem(body)) return new ApiError({ ...body, status });
  return new ApiError({
    status,
    code: `HTTP_${status}`,
    title_tr: `Sunucu beklenmeyen bir yanıt verdi (${status}).`,
    title_en: `The server gave an unexpected answer (${status}).`,
    request_id: requestId ?? undefined,
  });
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && "title_tr" in body && "title_en" in body;
}
