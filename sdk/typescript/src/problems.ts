/** What goes wrong, as errors. Each refusal of the API has a stable `code`. */

/** The base of all errors of this package. */
export class MeteraiError extends Error {
  /** For how long the API asks to wait before the next try. */
  retryAfterS = 0;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The API gave no answer, also when asked again. */
export class Unreachable extends MeteraiError {}

/** What was waited for is not done yet. It goes on: ask for it again later. */
export class TookTooLong extends MeteraiError {}

/** The body does not come from Meterai, or is older than five minutes. */
export class UnsafeWebhook extends MeteraiError {}

/** The members of a refusal (RFC 9457). */
export interface ProblemDetails {
  type?: string;
  title?: string;
  detail?: string;
  code?: string;
  detail_id?: string;
  help_code?: string;
  [member: string]: unknown;
}

/**
 * A refusal: problem details as in RFC 9457.
 *
 * `code` is stable, `type` is the address of a page about it. `detail` is in English, `detailId` in Indonesian.
 * Give `helpCode` and `requestId` to our support. `more` holds all members of the answer.
 */
export class Problem extends MeteraiError {
  readonly code: string;
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  readonly detailId: string;
  readonly helpCode: string | undefined;
  requestId: string | undefined;

  constructor(readonly status: number, readonly more: ProblemDetails) {
    super(`${status} ${more.code ?? more.title ?? ""}: ${more.detail ?? ""}`);
    this.code = more.code ?? "";
    this.type = more.type ?? "about:blank";
    this.title = more.title ?? "";
    this.detail = more.detail ?? "";
    this.detailId = more.detail_id ?? "";
    this.helpCode = more.help_code || undefined;
  }
}

/** 401 or 403: the key, its scopes, its addresses or its caps do not allow the call. */
export class NotAllowed extends Problem {}

/** 404 or 410: there is no such thing, or it is not yours. */
export class NotFound extends Problem {}

/** 409: the state of the thing does not allow the call. */
export class Conflict extends Problem {}

/** Another 4xx: the request itself is wrong. The same request will be refused again. */
export class Invalid extends Problem {}

/** 429: more than the limits allow, also after waiting and asking again. */
export class TooMany extends Problem {}

/** 5xx: our fault, also when asked again. */
export class ServerFault extends Problem {}

const BY_STATUS: Record<number, typeof Problem> = {
  401: NotAllowed,
  403: NotAllowed,
  404: NotFound,
  409: Conflict,
  410: NotFound,
  429: TooMany,
};

/** Makes the error of an answer that is no success. */
export async function problemOf(response: Response): Promise<Problem> {
  const kind = BY_STATUS[response.status] ?? (response.status >= 500 ? ServerFault : Invalid);
  const problem = new kind(response.status, members(await response.text(), response.statusText));
  problem.requestId = response.headers.get("Request-Id") ?? undefined;
  problem.retryAfterS = Number(response.headers.get("Retry-After")) || 0;
  return problem;
}

function members(text: string, title: string): ProblemDetails {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === "object" && read !== null ? { ...read } : { title };
  } catch {
    return { title }; // from a proxy on the way
  }
}
