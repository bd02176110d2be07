/** Access tokens: bought with a signed assertion, renewed before they end. */

import { assertion, type Credentials } from "./credentials.js";
import { problemOf } from "./problems.js";

const TOKEN_PATH = "/api/v1/token";
const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const RENEWED_BEFORE_MS = 60_000;

/** Gives the token that counts now. Calls at the same time share one. */
export class Tokens {
  #bought: Promise<{ token: string; ends: number }> | undefined;

  constructor(
    private readonly url: string,
    private readonly credentials: Credentials,
    private readonly scopes: string[] | undefined,
    private readonly fetch: typeof globalThis.fetch,
  ) {}

  /** A token that counts for a minute at least. */
  async token(): Promise<string> {
    const asked = this.#bought;
    const known = await asked?.catch(() => undefined);
    if (known && Date.now() < known.ends - RENEWED_BEFORE_MS) return known.token;
    if (this.#bought === asked) this.#bought = this.#buy(); // nobody else does yet
    return (await this.#bought!).token;
  }

  /** Makes the next call buy a new token, if this is still the one in use. */
  async forget(token: string): Promise<void> {
    const asked = this.#bought;
    const known = await asked?.catch(() => undefined);
    if (known?.token === token && this.#bought === asked) this.#bought = undefined;
  }

  async #buy(): Promise<{ token: string; ends: number }> {
    const begun = Date.now();
    const url = new URL(TOKEN_PATH, this.url);
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await assertion(this.credentials, url.href),
    });
    if (this.scopes) form.set("scope", this.scopes.join(" "));
    const response = await this.fetch(url, { method: "POST", body: form });
    if (!response.ok) throw await problemOf(response);
    const answer = (await response.json()) as { access_token: string; expires_in: number };
    return { token: answer.access_token, ends: begun + answer.expires_in * 1000 };
  }
}
