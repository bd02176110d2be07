/** Events: what happened to your organisation. */

import type { Calls } from "../calls.js";
import type { Event } from "../shapes.js";

const POLL_S = 5;

export class Events {
  constructor(private readonly calls: Calls) {}

  /** The events of the last 30 days, the earliest first. */
  list(): AsyncGenerator<Event> {
    return this.calls.pages("/api/v1/events");
  }

  /** One event. */
  read(id: string): Promise<Event> {
    return this.calls.json("GET", `/api/v1/events/${id}`);
  }

  /** The events after one, the earliest first: what your program has missed since then. */
  later(id: string): AsyncGenerator<Event> {
    return this.calls.pages(`/api/v1/events/${id}/later`);
  }

  /**
   * Gives each event as it happens, without an end. It asks again every few seconds.
   *
   * `after`: the id of the last event that you have dealt with; without it all of the last 30 days come.
   *
   * @throws NotFound when that event is older than 30 days.
   */
  async *follow({ after, everyS = POLL_S }: { after?: string; everyS?: number } = {}): AsyncGenerator<Event> {
    for (let last = after; ; ) {
      for await (const event of last === undefined ? this.list() : this.later(last)) {
        yield event;
        last = event.id;
      }
      await this.calls.sleep(everyS);
    }
  }
}
