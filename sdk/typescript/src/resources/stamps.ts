/** Stamps: one call stamps one document. */

import type { Bytes, Calls, Once } from "../calls.js";
import type { OwnSerial, Stamp, StampOrder } from "../shapes.js";

const ANSWER_WAIT_S = 10;

/** An order. `document`: the bytes of a PDF, or the id of a stored document. */
export type Order = Omit<StampOrder, "document_id" | "file"> & { document: Bytes | string };

/** How an order is sent. `scenario`: the trouble that the stamp meets, in a sandbox only. */
export interface OrderOnce extends Once {
  scenario?: "refused-file" | "slow" | "signer-down" | "webhook-lost";
}

export class Stamps {
  constructor(private readonly calls: Calls) {}

  /**
   * Stamps a document.
   *
   * The answer comes when the stamp is made, after ten seconds at the latest. See its `state`, or `wait` for it.
   */
  create({ document, ...order }: Order, { scenario, ...once }: OrderOnce = {}): Promise<Stamp> {
    const which =
      typeof document === "string" ? { document_id: document } : { file: Buffer.from(document).toString("base64") };
    const headers = { prefer: `wait=${ANSWER_WAIT_S}`, ...(scenario && { "meterai-scenario": scenario }) };
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
  wait(stamp: Stamp, { withinS = 300 } = {}): Promise<Stamp> {
    const isDone = (one: Stamp) => one.ended_at !== null;
    return this.calls.wait(stamp, () => this.read(stamp.id), { isDone, withinS });
  }

  /** A serial number of your organisation, or of one below it, with its stamp. Throws NotFound. */
  serial(number: string): Promise<OwnSerial> {
    return this.calls.json("GET", `/api/v1/organisation/serials/${encodeURIComponent(number)}`);
  }

  /** The stamped file. Throws Conflict while it is not released. */
  download(id: string): Promise<Bytes> {
    return this.calls.bytes(`/api/v1/stamps/${id}/file`);
  }
}
