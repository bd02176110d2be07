/** Checks that a webhook comes from Meterai (Standard Webhooks). */

import { Webhook } from "standardwebhooks";
import { UnsafeWebhook } from "./problems.js";
import type { Event } from "./shapes.js";

const PUBLIC_KEY_PREFIX = "whpk_";
const AGE_MAX_S = 300;

/** Headers as `fetch` or Node's `http` give them. */
export type DeliveryHeaders = Headers | Record<string, string | string[] | undefined>;

/**
 * Checks a delivery and gives the event in it.
 *
 * `body`: as it came, not parsed before. `secrets`: those of the endpoint (`whsec_...`), or its public key
 * (`whpk_...`). While a secret is rotated, give both.
 *
 * @throws UnsafeWebhook when no signature is right, or when it was made more than five minutes ago.
 */
export async function openWebhook(
  body: string,
  headers: DeliveryHeaders,
  secrets: string[],
): Promise<Event> {
  const found = read(headers);
  for (const secret of secrets) {
    if (await isRight(body, found, secret)) return JSON.parse(body) as Event;
  }
  throw new UnsafeWebhook("no signature of this webhook is right, or it is too old");
}

function read(headers: DeliveryHeaders): Record<string, string> {
  const pairs = headers instanceof Headers ? [...headers] : Object.entries(headers);
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), String(value ?? "")]));
}

async function isRight(body: string, headers: Record<string, string>, secret: string): Promise<boolean> {
  if (secret.startsWith(PUBLIC_KEY_PREFIX)) {
    return isSignedBy(secret.slice(PUBLIC_KEY_PREFIX.length), body, headers);
  }
  try {
    new Webhook(secret).verify(body, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}

/** Checks Ed25519 signatures (`v1a`), which the library does not know. */
async function isSignedBy(publicKey: string, body: string, headers: Record<string, string>): Promise<boolean> {
  const sentAt = Number(headers["webhook-timestamp"]);
  if (!(Math.abs(Date.now() / 1000 - sentAt) <= AGE_MAX_S)) return false;
  const raw = Buffer.from(publicKey, "base64");
  const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  const signed = new TextEncoder().encode(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  for (const one of (headers["webhook-signature"] ?? "").split(" ")) {
    const [version, signature] = one.split(",");
    if (version !== "v1a" || !signature) continue;
    if (await crypto.subtle.verify("Ed25519", key, Buffer.from(signature, "base64"), signed)) return true;
  }
  return false;
}
