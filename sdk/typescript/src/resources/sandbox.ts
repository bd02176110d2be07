/** What a sandbox does besides: a clock that can be moved. */

import type { Calls } from "../calls.js";
import type { Clock } from "../shapes.js";

const CLOCK = "/api/v1/sandbox/clock";

/** Each method throws NotFound outside of a sandbox. */
export class Sandbox {
  constructor(private readonly calls: Calls) {}

  /** What the clock of your organisation shows. */
  clock(): Promise<Clock> {
    return this.calls.json("GET", CLOCK);
  }

  /**
   * Moves the clock forward; null: back to the real time.
   *
   * It counts for what depends on a day: agreements, limits and caps, months of reports.
   */
  moveClock(to: Date | null): Promise<Clock> {
    return this.calls.json("PUT", CLOCK, { body: { now: to } });
  }
}
