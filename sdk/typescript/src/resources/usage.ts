/** Usage: what your clients called and spent. */

import type { Calls } from "../calls.js";
import type { ApiRequest, Usage } from "../shapes.js";

export class Usages {
  constructor(private readonly calls: Calls) {}

  /**
   * What your clients did by day, and what is left of their caps. Days such as `2026-11-30`; without them the last 31.
   *
   * At most 31 days at once, and those of the last 400.
   */
  read(query: { first_day?: string; last_day?: string } = {}): Promise<Usage> {
    return this.calls.json("GET", "/api/v1/usage", { query });
  }

  /** The requests of the last seven days, the newest first. `client_id`: only those of one client. */
  requests(query: { client_id?: string } = {}): AsyncGenerator<ApiRequest> {
    return this.calls.pages("/api/v1/requests", query);
  }
}
