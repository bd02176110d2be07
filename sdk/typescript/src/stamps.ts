/** Stamps: one call stamps one document. */

import type { Bytes, Calls, Once } from "./calls.js";
import { TookTooLong } from "./problems.js";
import type { Stamp, StampOrder } from "./shapes.js";

const ANSWER_WAIT_S = 10;
/** Between questions for the state; the last one again and again. */
const POLL_S = [0.5, 1, 2, 5];

/** An order. `document`: the bytes of a PDF, or the id of a stored document. */
export type Order = Omit<StampOrder, "document_id" | "file"> & { document: Bytes | string };

export class Stamps {
  constructor(private readonly calls: Calls) {}

  /**
   * Stamps a document.
   *
   * The answer comes when the stamp is made, after ten seconds at the latest. See its `state`, or `wait` for it.
   */
  create({ document, ...order }: Order, once: Once = {}): Promise<Stamp> {
    const which =
      typeof document === "string" ? { document_id: document } : { file: Buffer.from(document).toString("base64") };
    const headers = { prefer: `wait=${ANSWER_WAIT_S}` };
    return this.calls.json("POST", "/api/v1/stamps", { body: { ...order, ...which }, headers, ...once });
  }

  /** A stamp as it is now. */
  read(id: string): Promise<Stamp> {
    return this.calls.json("GET", `/api/v1/stamps/${id}`);
  }

  /** All stamps, the newest first. `document_id`: only those of one document. */
  list(query: { document_id?: string } = {}): AsyncGenerator<Stamp> {
    return this.calls.pages("/api/v1/stamps", query);
  }

  /** Waits until a stamp is released or refused. Throws TookTooLong; it is still made then. */
  async wait(stamp: Stamp, { withinS = 300 } = {}): Promise<Stamp> {
    const ends = Date.now() + withinS * 1000;
    for (let asked = 0; stamp.ended_at === null; asked++) {
      if (Date.now() > ends) throw new TookTooLong(`${stamp.id} is still ${stamp.state} after ${withinS} s`);
      await this.calls.sleep(POLL_S[Math.min(asked, POLL_S.length - 1)]!);
      stamp = await this.read(stamp.id);
    }
    return stamp;
  }

  /** The stamped file. Throws Conflict while it is not released. */
  download(id: string): Promise<Bytes> {
    return this.calls.bytes(`/api/v1/stamps/${id}/file`);
  }
}
