/** Quota: the stamps of an organisation, and the blocks in which they move to the organisations below it. */

import type { Calls, Once } from "../calls.js";
import type { Block, BlockOrder, Quota, QuotaAlert, ReturnedSerials, UnstampedSerial } from "../shapes.js";

export class Quotas {
  constructor(private readonly calls: Calls) {}

  /** What your organisation has, or one below it. */
  read(organisationId?: string): Promise<Quota> {
    const below = organisationId === undefined ? "" : `/organisations/${organisationId}`;
    return this.calls.json("GET", `/api/v1${below}/quota`);
  }

  /** When you are told that few stamps are left. */
  alert(): Promise<QuotaAlert> {
    return this.calls.json("GET", "/api/v1/quota/alert");
  }

  /** Lets the event `quota.low` come when fewer stamps than these are left. 0: never. */
  changeAlert(pieces: number): Promise<QuotaAlert> {
    return this.calls.json("PUT", "/api/v1/quota/alert", { body: { pieces } });
  }

  /** The blocks that your organisation got or gave, the newest first. */
  blocks(): AsyncGenerator<Block> {
    return this.calls.pages("/api/v1/blocks");
  }

  /** A block as it is now. */
  readBlock(id: string): Promise<Block> {
    return this.calls.json("GET", `/api/v1/blocks/${id}`);
  }

  /** Passes stamps to an organisation right below yours, at the price that is agreed with it. */
  passStamps(order: BlockOrder, once: Once = {}): Promise<Block> {
    return this.calls.json("POST", "/api/v1/blocks", { body: order, ...once });
  }

  /** Gives stamps of a block back. Their money goes back with them. */
  returnStamps(blockId: string, pieces: number, once: Once = {}): Promise<Block> {
    return this.calls.json("POST", `/api/v1/blocks/${blockId}/returns`, { body: { pieces }, ...once });
  }

  /** The serial numbers that were taken first and are not stamped yet, the newest first. */
  unstampedSerials(): AsyncGenerator<UnstampedSerial> {
    return this.calls.pages("/api/v1/organisation/serials");
  }

  /** Gives serial numbers back that are not stamped, at most 1,000. The answer has those that are back. */
  returnSerials(serials: string[], once: Once = {}): Promise<ReturnedSerials> {
    return this.calls.json("POST", "/api/v1/organisation/serials/returns", { body: { serials }, ...once });
  }
}
