/** Signs requests (RFC 9421), for partners whose agreement demands it. */

import { createHash } from "node:crypto";
import { createSigner, httpbis } from "http-message-signatures";
import { readKey, type Credentials } from "./credentials.js";

/** A request before it is sent. */
export interface Unsent {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer> | string | undefined;
}

const ALWAYS = ["@method", "@target-uri", "authorization"];
const WHERE_THERE = ["idempotency-key", "content-digest"];

/** Signs method, address, token, Idempotency-Key and body, with the key that also buys the tokens. */
export async function signRequest(request: Unsent, credentials: Credentials): Promise<Unsent> {
  const { key, algorithm } = readKey(credentials);
  const headers = { ...request.headers };
  if (request.body !== undefined) {
    headers["content-digest"] = `sha-256=:${createHash("sha256").update(request.body).digest("base64")}:`;
  }
  const signed = await httpbis.signMessage(
    {
      key: createSigner(key, algorithm.request, credentials.keyId),
      fields: [...ALWAYS, ...WHERE_THERE.filter((name) => name in headers)],
      params: ["created", "keyid", "alg"],
    },
    { method: request.method, url: request.url, headers },
  );
  return { ...request, headers: signed.headers as Record<string, string> };
}
