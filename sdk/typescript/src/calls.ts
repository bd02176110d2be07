/** One call of the API: its Idempotency-Key, and asking again when the network or the service fails. */

import { rename, rm, writeFile } from "node:fs/promises";
import { Tokens } from "./access.js";
import type { Credentials } from "./credentials.js";
import { MeteraiError, Problem, problemOf, TookTooLong, Unreachable } from "./problems.js";
import { signRequest, type Unsent } from "./signing.js";

const TRIES_MAX = 6;
const FIRST_WAIT_S = 0.5;
const WAIT_MAX_S = 30;
/** Between questions for the state of something; the last one again and again. */
const POLL_S = [0.5, 1, 2, 5];
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
/** The same call is under way already: its answer comes when that is done. */
const STILL_RUNNING = "api.key_running";

export interface Options {
  /** The address of Meterai, such as `https://meterai.example`. */
  url: string;
  /** Without them only what needs no token works: verification. */
  credentials?: Credentials;
  /** Only these scopes; else all that the client has. */
  scopes?: string[];
  /** Sign each request (RFC 9421), as your agreement may demand. */
  signsRequests?: boolean;
  /** Another `fetch`, such as one that goes through a proxy. */
  fetch?: typeof globalThis.fetch;
  /** Another way to wait. */
  sleep?: (seconds: number) => Promise<void>;
}

/** What makes a call be done once. */
export interface Once {
  /** The Idempotency-Key. Give one that you have stored where your program may end in between. */
  key?: string;
}

export interface Given extends Once {
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is. */
  content?: Bytes;
  query?: Record<string, string | number | boolean | undefined>;
  headers?: Record<string, string>;
  /** False: the call goes without a token. */
  needsToken?: boolean;
  /** False: a lost connection throws. */
  againIfLost?: boolean;
}

/** The bytes of a PDF, such as `await readFile(path)` gives them. */
export type Bytes = Uint8Array<ArrayBuffer>;

interface Page<Item> {
  data: Item[];
  next_cursor?: string | null;
}

/**
 * Calls the API.
 *
 * A POST has an Idempotency-Key, the same in each try: however often it is sent, it is done once.
 */
export class Calls {
  readonly sleep: (seconds: number) => Promise<void>;
  readonly #options: Options;
  readonly #fetch: typeof globalThis.fetch;
  readonly #tokens: Tokens | undefined;

  constructor(options: Options) {
    const { url, credentials, scopes } = options;
    this.#options = options;
    this.#fetch = options.fetch ?? globalThis.fetch;
    this.sleep = options.sleep ?? ((s) => new Promise((done) => setTimeout(done, s * 1000)));
    this.#tokens = credentials && new Tokens(url, credentials, scopes, this.#fetch);
  }

  /** Calls and reads the answer as JSON. */
  async json<Answer>(method: string, path: string, given: Given = {}): Promise<Answer> {
    const read = (response: Response) => (response.status === 204 ? undefined : response.json());
    return (await this.#call(method, path, given, read)) as Answer;
  }

  /** Calls and reads the answer as bytes. */
  async bytes(path: string): Promise<Bytes> {
    return this.#call("GET", path, {}, async (response) => new Uint8Array(await response.arrayBuffer()));
  }

  /**
   * Writes an answer into a file, piece by piece. The file is there once it is complete.
   *
   * Returns the answer without its body. Throws what `send` throws.
   */
  async download(path: string, to: string): Promise<Response> {
    const part = `${to}.part`;
    const write = async (response: Response) => {
      await writeFile(part, response.body ?? "");
      return response;
    };
    try {
      const response = await this.#call("GET", path, {}, write);
      await rename(part, to);
      return response;
    } finally {
      await rm(part, { force: true });
    }
  }

  /** Gives each item of a list, page by page. */
  async *pages<Item>(path: string, query: Given["query"] = {}): AsyncGenerator<Item> {
    let cursor: string | undefined;
    do {
      const asked = cursor === undefined ? query : { ...query, cursor };
      const page: Page<Item> = await this.json("GET", path, { query: asked });
      yield* page.data;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** Reads something with growing pauses until it is done. Throws TookTooLong. */
  async wait<Thing extends { id: string; state: string }>(
    found: Thing,
    read: () => Promise<Thing>,
    { isDone, withinS }: { isDone: (one: Thing) => boolean; withinS: number },
  ): Promise<Thing> {
    const ends = Date.now() + withinS * 1000;
    for (let asked = 0; !isDone(found); asked++) {
      if (Date.now() > ends) throw new TookTooLong(`${found.id} is still ${found.state} after ${withinS} s`);
      await this.sleep(POLL_S[Math.min(asked, POLL_S.length - 1)]!);
      found = await read();
    }
    return found;
  }

  /**
   * Calls until there is an answer that counts. Its body is still to be read.
   *
   * @throws Problem for a refusal, Unreachable when no answer came.
   */
  send(method: string, path: string, given: Given = {}): Promise<Response> {
    return this.#call(method, path, given, (response) => response);
  }

  /** Calls until there is an answer that counts, and is read to its end. */
  async #call<Read>(
    method: string,
    path: string,
    given: Given,
    read: (response: Response) => Read | Promise<Read>,
  ): Promise<Read> {
    const request = this.#request(method, path, given);
    for (let tried = 1; ; tried++) {
      try {
        const response = await (given.needsToken === false ? this.#once(request) : this.#authorized(request));
        if (response.ok) return await read(response);
        throw await problemOf(response);
      } catch (error) {
        const seen = error instanceof MeteraiError ? error : unreachable(error, request.url);
        const isFinal = seen instanceof Unreachable && given.againIfLost === false;
        if (isFinal || tried === TRIES_MAX || !mayPass(seen)) throw seen;
        await this.sleep(Math.max(waitS(tried), seen.retryAfterS));
      }
    }
  }

  #request(method: string, path: string, given: Given): Unsent {
    const url = new URL(path, this.#options.url);
    for (const [name, value] of Object.entries(given.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers: Record<string, string> = { ...given.headers };
    if (method === "POST") headers["idempotency-key"] = given.key ?? crypto.randomUUID();
    if (given.body !== undefined) headers["content-type"] = "application/json";
    const body = given.body === undefined ? given.content : JSON.stringify(given.body);
    return { method, url: url.href, headers, body };
  }

  /** Sends with a token. Buys another one when it is refused: it was revoked, or its key is gone. */
  async #authorized(request: Unsent): Promise<Response> {
    if (!this.#tokens) return this.#once(request);
    const token = await this.#tokens.token();
    const response = await this.#once(request, token);
    if (response.status !== 401) return response;
    await response.body?.cancel();
    await this.#tokens.forget(token);
    return this.#once(request, await this.#tokens.token());
  }

  async #once(request: Unsent, token?: string): Promise<Response> {
    const { credentials, signsRequests } = this.#options;
    const headers = token ? { ...request.headers, authorization: `Bearer ${token}` } : request.headers;
    const unsent = { ...request, headers };
    const sent = token && credentials && signsRequests ? await signRequest(unsent, credentials) : unsent;
    return this.#fetch(sent.url, { method: sent.method, headers: sent.headers, body: sent.body ?? null });
  }
}

function unreachable(error: unknown, url: string): Unreachable | Error {
  if (!(error instanceof TypeError)) return error as Error; // `fetch` throws TypeErrors when there is no answer
  return new Unreachable(`no whole answer from ${url}`, { cause: error });
}

function mayPass(error: Error): error is MeteraiError {
  if (error instanceof Problem) {
    const passes = PASSING.has(error.status) || error.code === STILL_RUNNING;
    return passes && error.retryAfterS <= WAIT_MAX_S;
  }
  return error instanceof Unreachable;
}

/** Doubles with each try. The random part keeps clients apart that failed together. */
function waitS(tried: number): number {
  const longest = Math.min(FIRST_WAIT_S * 2 ** (tried - 1), WAIT_MAX_S);
  return longest * (0.5 + Math.random() / 2);
}
