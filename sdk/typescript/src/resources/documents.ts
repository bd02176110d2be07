/** Documents: PDFs that wait for stamps, or have them. */

import { createHash } from "node:crypto";
import type { Bytes, Calls, Once } from "../calls.js";
import type { Document } from "../shapes.js";

export class Documents {
  constructor(private readonly calls: Calls) {}

  /** Stores a PDF. It is checked, and places for a stamp are proposed. That uses no stamp. */
  upload(
    content: Bytes,
    query: { name?: string; profile?: "final" | "sign_later" } = {},
    once: Once = {},
  ): Promise<Document> {
    const digest = createHash("sha256").update(content).digest("base64");
    const headers = { "content-type": "application/pdf", "content-digest": `sha-256=:${digest}:` };
    return this.calls.json("POST", "/api/v1/documents", { content, query, headers, ...once });
  }

  /** A document as it is now. */
  read(id: string): Promise<Document> {
    return this.calls.json("GET", `/api/v1/documents/${id}`);
  }

  /** All documents, the newest first. `sha256`: only those whose uploaded file has this digest. */
  list(query: { sha256?: string } = {}): AsyncGenerator<Document> {
    return this.calls.pages("/api/v1/documents", query);
  }

  /** The file to which stamps are added. */
  download(id: string): Promise<Bytes> {
    return this.calls.bytes(`/api/v1/documents/${id}/file`);
  }
}
