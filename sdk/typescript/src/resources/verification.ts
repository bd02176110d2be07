/** Asks whether documents and serial numbers are genuine. It needs no token. */

import { createHash } from "node:crypto";
import type { Bytes, Calls } from "../calls.js";
import { NotFound } from "../problems.js";
import type { Judgement, SerialAnswer } from "../shapes.js";

const ANYBODY = { needsToken: false };

export class Verification {
  constructor(private readonly calls: Calls) {}

  /** Judges a PDF. It is only sent if its digest is not known: an unchanged one stays with you. */
  async judge(content: Bytes): Promise<Judgement> {
    try {
      return await this.judgeDigest(createHash("sha256").update(content).digest("hex"));
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
      const headers = { "content-type": "application/pdf" };
      return this.calls.json("POST", "/api/v1/verifications", { content, headers, ...ANYBODY });
    }
  }

  /** Judges by the SHA-256 of the whole file. Throws NotFound, which says nothing against it. */
  judgeDigest(sha256: string): Promise<Judgement> {
    return this.calls.json("GET", `/api/v1/digests/${sha256}`, ANYBODY);
  }

  /** What the register knows of a serial number. Throws NotFound. */
  serial(number: string): Promise<SerialAnswer> {
    return this.calls.json("GET", `/api/v1/serials/${encodeURIComponent(number)}`, ANYBODY);
  }
}
