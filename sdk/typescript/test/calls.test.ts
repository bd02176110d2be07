/** Calls as the conventions of the API want them, also when the network and the server fail. */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, beforeEach, describe, test } from "node:test";
import { createVerifier, httpbis } from "http-message-signatures";
import { Calls, NotAllowed, NotFound, Problem, ServerFault, TooMany, Unreachable } from "meterai-sdk";
import { partnerServer, type Answer } from "./server.js";

const server = await partnerServer();
after(() => server.close());

const DONE: Answer = { status: 202, body: { id: "stm_1" } };
let slept: number[] = [];
let calls: Calls;

beforeEach(() => {
  slept = [];
  server.answers = [DONE];
  server.seen.length = 0;
  server.tokens = 0;
  server.tokenLivesS = 900;
  calls = client();
});

function client(options: object = {}): Calls {
  const sleep = async (seconds: number) => void slept.push(seconds);
  return new Calls({ url: server.url, credentials: server.credentials, sleep, ...options });
}

function refused(status: number, code: string, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: { code, status, detail: "Wait.", detail_id: "Tunggu.", help_code: "h-1" } };
}

const failing: Record<string, Answer> = {
  "lost answer": { status: 0 },
  "answer that broke off": { status: 202, body: "{", headers: { "Content-Length": "99", Connection: "close" } },
  proxy: { status: 502, body: "<html>" },
  "too many": refused(429, "api.too_many"),
  "still running": refused(409, "api.key_running"),
};

describe("a POST", () => {
  for (const [name, answer] of Object.entries(failing)) {
    test(`is sent again with its key and body: ${name}`, async () => {
      server.answers = [answer, answer, DONE];
      const stamp = await calls.json("POST", "/api/v1/stamps", { body: { document: "doc_1" } });
      assert.deepEqual(stamp, { id: "stm_1" });
      assert.equal(server.seen.length, 3);
      assert.equal(new Set(server.seen.map((one) => one.headers["idempotency-key"])).size, 1);
      assert.deepEqual(new Set(server.seen.map((one) => one.body)), new Set(['{"document":"doc_1"}']));
      assert.ok(0.25 <= slept[0]! && slept[0]! <= 0.5 && 0.5 <= slept[1]! && slept[1]! <= 1);
    });
  }

  test("has a key of its own, or the caller's", async () => {
    for (const key of [undefined, undefined, "order-17"]) {
      await calls.send("POST", "/api/v1/stamps", { body: {}, ...(key && { key }) });
    }
    const [one, two, three] = server.seen.map((request) => request.headers["idempotency-key"]);
    assert.notEqual(one, two);
    assert.equal(three, "order-17");
  });
});

test("it waits as long as it is asked to, and not longer than half a minute", async () => {
  server.answers = [refused(429, "api.too_many", { "Retry-After": "7" }), DONE];
  await calls.send("GET", "/api/v1/quota");
  assert.deepEqual(slept, [7]);
  server.answers = [refused(429, "access.cap_day", { "Retry-After": "3600" })];
  await assert.rejects(calls.send("POST", "/api/v1/stamps", { body: {} }), TooMany);
  assert.deepEqual(slept, [7]);
});

test("a refusal is an error with its code", async () => {
  for (const [status, kind, sent] of [[404, NotFound, 1], [403, NotAllowed, 1], [500, ServerFault, 6]] as const) {
    server.answers = [refused(status, "some.code", { "Request-Id": "req_1" })];
    server.seen.length = 0;
    const thrown = await calls.send("GET", "/api/v1/quota").catch((error: unknown) => error);
    assert.ok(thrown instanceof kind && thrown instanceof Problem);
    const { code, detail, detailId, helpCode, requestId } = thrown;
    assert.deepEqual([code, detail, detailId, helpCode, requestId], ["some.code", "Wait.", "Tunggu.", "h-1", "req_1"]);
    assert.equal(server.seen.length, sent);
  }
});

test("without any answer it says so", async () => {
  server.answers = [{ status: 0 }];
  await assert.rejects(calls.send("GET", "/api/v1/quota"), Unreachable);
  assert.equal(server.seen.length, 6);
});

test("a token is shared, renewed before it ends, and bought again when it is refused", async () => {
  server.tokenLivesS = 30; // less than the minute before its end
  await calls.send("GET", "/api/v1/quota");
  server.tokenLivesS = 900;
  server.answers = [DONE, DONE, refused(401, "access.revoked"), DONE];
  await Promise.all([calls.send("GET", "/api/v1/quota"), calls.send("GET", "/api/v1/quota")]);
  await calls.send("GET", "/api/v1/quota");
  const used = server.seen.map((one) => one.headers.authorization?.slice("Bearer ".length));
  assert.deepEqual(used, ["1", "2", "2", "2", "3"]);
});

test("a list is read page by page", async () => {
  server.answers = [
    { status: 200, body: { data: [1, 2], next_cursor: "c2" } },
    { status: 200, body: { data: [3], next_cursor: null } },
  ];
  const items: number[] = [];
  const listed = calls.pages<number>("/api/v1/stamps", { state: "done", limit: undefined });
  for await (const item of listed) items.push(item);
  assert.deepEqual(items, [1, 2, 3]);
  const asked = server.seen.map((one) => one.path);
  assert.deepEqual(asked, ["/api/v1/stamps?state=done", "/api/v1/stamps?state=done&cursor=c2"]);
});

describe("a signed request", () => {
  const kinds = [
    ["ed25519", generateKeyPairSync("ed25519")],
    ["ecdsa-p256-sha256", generateKeyPairSync("ec", { namedCurve: "P-256" })],
    ["rsa-pss-sha512", generateKeyPairSync("rsa", { modulusLength: 2048 })],
  ] as const;
  for (const [algorithm, { privateKey, publicKey }] of kinds) {
    test(`covers its body: ${algorithm}`, async () => {
      const key = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
      const credentials = { ...server.credentials, key };
      const signing = client({ credentials, signsRequests: true, fetch: grantingFetch });
      server.answers = [{ status: 503 }, DONE];
      await signing.send("POST", "/api/v1/stamps?x=1", { body: { document: "doc_1" } });
      assert.equal(server.seen.length, 2);
      for (const { method, path, headers } of server.seen) {
        assert.match(String(headers["signature-input"]), /"idempotency-key" "content-digest"/);
        const verifier = createVerifier(publicKey, algorithm);
        const keyLookup = async () => ({ id: "key_1", algs: [algorithm], verify: verifier });
        const request = { method, url: server.url + path, headers: headers as Record<string, string> };
        assert.ok(await httpbis.verifyMessage({ keyLookup }, request));
      }
    });
  }
});

/** Gives tokens itself: the server knows one key only. */
const grantingFetch: typeof fetch = async (url, init) =>
  String(url).endsWith("/api/v1/token") ? Response.json({ access_token: "t", expires_in: 900 }) : fetch(url, init);
