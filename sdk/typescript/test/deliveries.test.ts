/** Webhooks that may be from somebody else are refused. */

import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { openWebhook, UnsafeWebhook } from "meterai-sdk";
import { Webhook } from "standardwebhooks";

const SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const OTHER = `whsec_${Buffer.alloc(32, 2).toString("base64")}`;
const BODY = JSON.stringify({ type: "stamp.released", id: "evt_1" });
const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const PUBLIC = `whpk_${Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url").toString("base64")}`;

function head(at: Date, signature: string): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  return { "Webhook-Id": "msg_1", "Webhook-Timestamp": timestamp, "Webhook-Signature": signature };
}

function signed(secret: string, at = new Date()): Record<string, string> {
  return head(at, new Webhook(secret).sign("msg_1", at, BODY));
}

function signedByKey(at = new Date()): Record<string, string> {
  const text = `msg_1.${Math.floor(at.getTime() / 1000)}.${BODY}`;
  return head(at, `v1,x v1a,${sign(null, Buffer.from(text), privateKey).toString("base64")}`);
}

test("a webhook is opened with one of the secrets, or the public key", async () => {
  assert.equal((await openWebhook(BODY, signed(OTHER), [SECRET, OTHER])).id, "evt_1");
  assert.equal((await openWebhook(BODY, new Headers(signedByKey()), [PUBLIC])).id, "evt_1");
});

const OLD = new Date(Date.now() - 6 * 60_000);
const wrong: [string, Record<string, string>, string, string][] = [
  ["another secret", signed(OTHER), SECRET, BODY],
  ["another body", signed(SECRET), SECRET, `${BODY} `],
  ["old", signed(SECRET, OLD), SECRET, BODY],
  ["no headers", {}, SECRET, BODY],
  ["another body, by a key", signedByKey(), PUBLIC, `${BODY} `],
  ["old, by a key", signedByKey(OLD), PUBLIC, BODY],
  ["not base64", { ...signedByKey(), "Webhook-Signature": "v1a,?" }, PUBLIC, BODY],
  ["another kind", signed(SECRET), PUBLIC, BODY],
];
for (const [name, headers, secret, body] of wrong) {
  test(`it is refused: ${name}`, async () => {
    await assert.rejects(openWebhook(body, headers, [secret]), UnsafeWebhook);
  });
}
