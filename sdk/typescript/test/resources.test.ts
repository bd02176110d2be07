/** What each method sends, and how lists, bundles and reports are gone through. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";
import { Conflict, Meterai, TookTooLong } from "meterai-sdk";
import { partnerServer, type Answer, type Seen } from "./server.js";

const server = await partnerServer();
const folder = await mkdtemp(join(tmpdir(), "meterai-"));
after(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

const slept: number[] = [];
const { url, credentials } = server;
const meterai = new Meterai({ url, credentials, sleep: async (seconds) => void slept.push(seconds) });

beforeEach(() => {
  delete server.answerNext;
  server.seen.length = 0;
  slept.length = 0;
});

const hook = { url: "https://mitra.contoh/m", types: ["quota.low"] };
const added = { name: "Cabang", code: "cabang", role: "sub_account" } as const;
const terms = { unit_price: 10_000, credit_limit: 500_000 };
const block = { receiver_id: "org_2", pieces: 5, paid_by: "credit" } as const;
const report = { kind: "stock", month: "2026-11" } as const;
const sent: [string, () => Promise<unknown>, unknown?][] = [
  ["GET /quota", () => meterai.quota.read()],
  ["GET /organisations/org_2/quota", () => meterai.quota.read("org_2")],
  ["GET /quota/alert", () => meterai.quota.alert()],
  ["PUT /quota/alert", () => meterai.quota.changeAlert(9), { pieces: 9 }],
  ["GET /blocks/blk_1", () => meterai.quota.readBlock("blk_1")],
  ["POST /blocks", () => meterai.quota.passStamps(block), block],
  ["POST /blocks/blk_1/returns", () => meterai.quota.returnStamps("blk_1", 2), { pieces: 2 }],
  ["POST /organisation/serials/returns", () => meterai.quota.returnSerials(["AB-1"]), { serials: ["AB-1"] }],
  ["GET /organisation", () => meterai.organisations.own()],
  ["GET /organisations/org_2", () => meterai.organisations.read("org_2")],
  ["POST /organisations", () => meterai.organisations.add(added), added],
  ["PATCH /organisations/org_2", () => meterai.organisations.change("org_2", { state: "closed" }), { state: "closed" }],
  ["POST /organisations/org_2/agreements", () => meterai.organisations.agree("org_2", terms), terms],
  ["GET /organisation/serials/AB%2F1", () => meterai.stamps.serial("AB/1")],
  ["GET /events/evt_1", () => meterai.events.read("evt_1")],
  ["POST /webhooks", () => meterai.webhooks.add(hook), hook],
  ["GET /webhooks/whk_1", () => meterai.webhooks.read("whk_1")],
  ["PATCH /webhooks/whk_1", () => meterai.webhooks.change("whk_1", { state: "disabled" }), { state: "disabled" }],
  ["POST /webhooks/whk_1/secrets", () => meterai.webhooks.rotateSecret("whk_1"), {}],
  ["POST /webhooks/whk_1/tests", () => meterai.webhooks.test("whk_1")],
  ["POST /webhooks/whk_1/replays", () => meterai.webhooks.replay("whk_1"), {}],
  ["GET /deliveries/dlv_1", () => meterai.webhooks.readDelivery("dlv_1")],
  ["GET /usage?last_day=2026-11-30", () => meterai.usage.read({ last_day: "2026-11-30" })],
  ["GET /sandbox/clock", () => meterai.sandbox.clock()],
  ["PUT /sandbox/clock", () => meterai.sandbox.moveClock(new Date(0)), { now: "1970-01-01T00:00:00.000Z" }],
  ["PUT /sandbox/clock", () => meterai.sandbox.moveClock(null), { now: null }],
  ["POST /reports", () => meterai.reports.ask(report), report],
  ["GET /reports/rpt_1", () => meterai.reports.read("rpt_1")],
  ["POST /bundles", () => meterai.bundles.open(), {}],
  ["POST /bundles/bnd_1/start", () => meterai.bundles.start("bnd_1", { documents: 2 }), { documents: 2 }],
  ["POST /bundles/bnd_1/cancel", () => meterai.bundles.cancel("bnd_1")],
];

test("a method sends what the API takes", async () => {
  server.answers = [{ status: 200, body: { id: "x_1" } }];
  for (const [expected, call, body] of sent) {
    assert.deepEqual(await call(), { id: "x_1" });
    const { method, path, body: text } = server.seen.pop()!;
    assert.equal(`${method} ${path.replace("/api/v1", "")}`, expected);
    assert.deepEqual(text ? JSON.parse(text) : undefined, body, expected);
  }
  await meterai.stamps.create({ document: "doc_1" }, { key: "order-1", scenario: "slow" });
  const { headers, body } = server.seen.pop()!;
  assert.deepEqual([headers["idempotency-key"], headers["meterai-scenario"], headers.prefer, body], [
    "order-1", "slow", "wait=10", '{"document_id":"doc_1"}',
  ]);
  server.answers = [{ status: 204 }];
  await meterai.webhooks.remove("whk_1");
  assert.equal(server.seen.pop()!.method, "DELETE");
});

const lists: [string, () => AsyncGenerator<unknown>][] = [
  ["/documents?sha256=ab", () => meterai.documents.list({ sha256: "ab" })],
  ["/stamps", () => meterai.stamps.list()],
  ["/bundles/bnd_1/files?limit=200", () => meterai.bundles.files("bnd_1")],
  ["/blocks", () => meterai.quota.blocks()],
  ["/organisations", () => meterai.organisations.list()],
  ["/organisations/org_2/agreements", () => meterai.organisations.agreements("org_2")],
  ["/events", () => meterai.events.list()],
  ["/events/evt_1/later", () => meterai.events.later("evt_1")],
  ["/webhooks", () => meterai.webhooks.list()],
  ["/webhooks/whk_1/deliveries", () => meterai.webhooks.deliveries("whk_1")],
  ["/requests?client_id=cli_1", () => meterai.usage.requests({ client_id: "cli_1" })],
  ["/reports", () => meterai.reports.list()],
];

test("lists are read to their end", async () => {
  for (const [path, list] of lists) {
    server.answers = [page(["x_1"], "c"), page(["x_2"])];
    assert.deepEqual(await taken(list()), [{ id: "x_1" }, { id: "x_2" }]);
    const [first, second] = server.seen.splice(0);
    assert.equal(first!.path, `/api/v1${path}`);
    assert.equal(new URL(second!.path, url).searchParams.get("cursor"), "c");
  }
});

function page(ids: string[], cursor: string | null = null): Answer {
  return { status: 200, body: { data: ids.map((id) => ({ id })), next_cursor: cursor } };
}

async function taken<Item>(items: AsyncGenerator<Item>, most = Infinity): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) if (found.push(item) === most) break;
  return found;
}

test("events are followed from the last one", async () => {
  server.answers = [page([]), page(["evt_1", "evt_2"]), page([]), page(["evt_3"])];
  const ids = (await taken(meterai.events.follow(), 3)).map((event) => event.id);
  assert.deepEqual(ids, ["evt_1", "evt_2", "evt_3"]);
  const later = "/api/v1/events/evt_2/later";
  assert.deepEqual(server.seen.map((one) => one.path), ["/api/v1/events", "/api/v1/events", later, later]);
  assert.deepEqual(slept, [5, 5, 5]);
});

test("a report and a bundle are waited for with growing pauses", async () => {
  const states = (...names: string[]) => names.map((state) => ({ status: 200, body: { id: "x_1", state } }));
  server.answers = states("waiting", "waiting", "ready", "waiting", "waiting");
  const ready = await meterai.reports.wait(await meterai.reports.ask(report));
  assert.deepEqual([ready.state, slept.splice(0)], ["ready", [0.5, 1]]);
  server.answers = states("stamping", "waiting_for_quota", "stamping", "stamping", "stamping", "ended");
  assert.equal((await meterai.bundles.wait("bnd_1")).state, "ended");
  assert.deepEqual(slept, [0.5, 1, 2, 5, 5]);
  server.answers = states("stamping");
  await assert.rejects(meterai.bundles.wait("bnd_1", { withinS: -1 }), TookTooLong);
});

test("a report is read as CSV and as XLSX", async () => {
  for (const format of ["csv", "xlsx"] as const) {
    server.answers = [{ status: 200, body: format }];
    assert.equal(Buffer.from(await meterai.reports.download("rpt_1", format)).toString(), format);
    assert.equal(server.seen.pop()!.path, `/api/v1/reports/rpt_1/${format}`);
  }
});

describe("a bundle", () => {
  const contents = { "a.pdf": "a".repeat(10), "dalam/b.pdf": "b".repeat(20) };

  test("is uploaded from where an upload broke off, and nothing twice", async () => {
    const takes = new BundleServer();
    server.answerNext = (request) => takes.answer(request);
    const files = new Map<string, string>();
    for (const [path, content] of Object.entries(contents)) {
      files.set(path, join(folder, path.replace("/", "-")));
      await writeFile(files.get(path)!, content);
    }
    await meterai.bundles.upload("bnd_1", files, { atOnce: 1 });
    assert.deepEqual([...takes.received.values()].sort(), Object.values(contents));
    const uploads = () => server.seen.filter((one) => one.path.endsWith("/content"));
    const offsets = uploads().map((one) => [one.method, one.headers["upload-offset"]]);
    assert.deepEqual(offsets, [["PUT", undefined], ["PATCH", "10"], ["PUT", undefined]]);
    await meterai.bundles.upload("bnd_1", files, { facts: new Map([["a.pdf", { type: "other", value: 5_000_000 }]]) });
    assert.equal(uploads().length, 3);
    takes.isStarted = true;
    await meterai.bundles.upload("bnd_1", files);
    await writeFile(files.get("a.pdf")!, "other");
    await assert.rejects(meterai.bundles.upload("bnd_1", files), Conflict);
    assert.deepEqual(takes.expected[0]!.facts, { type: "other", value: 5_000_000 });
  });

  test("has its results in several files", async () => {
    const link = '<https://other.example/api/v1/bundles/bnd_1/results.zip?cursor=c2>; rel="next"';
    server.answers = [{ status: 200, body: "one", headers: { Link: link } }, { status: 200, body: "two" }];
    const broken = { ...server.answers[0]!, headers: { Link: link, "Content-Length": "9", Connection: "close" } };
    server.answers.unshift(broken);
    const zips = await meterai.bundles.download("bnd_1", folder);
    assert.deepEqual(await Promise.all(zips.map((zip) => readFile(zip, "utf8"))), ["one", "two"]);
    assert.deepEqual((await readdir(folder)).filter((name) => name.includes("zip")).length, 2);
    assert.equal(server.seen[2]!.path, "/api/v1/bundles/bnd_1/results.zip?cursor=c2");
  });
});

/**
 * Takes files as the service does. It loses the answers to the first uploads.
 *
 * Of the first one it has half of the bytes. The second one came whole.
 */
class BundleServer {
  readonly received = new Map<string, string>();
  expected: { path: string; sha256: string; bytes: number; facts?: unknown }[] = [];
  isStarted = false;
  #breaks = [2, 1];

  answer({ method, path, headers, body }: Seen): Answer {
    const [what, id = "", content] = path.replace("/api/v1/bundles/bnd_1/", "").split(/[/?]/);
    if (what === "manifest" && this.isStarted) return { status: 409, body: { code: "bundle.started" } };
    if (what === "manifest") {
      this.expected = body.split("\n").map((line) => JSON.parse(line));
      return { status: 200, body: { files: 2, new: 2 } };
    }
    if (id.startsWith("limit=")) {
      const data = this.expected.map((line) => this.#file(line.sha256));
      return { status: 200, body: { data, next_cursor: null } };
    }
    if (content === undefined) return { status: 200, body: { file: this.#file(id), received: this.#has(id).length } };
    return this.#take(id, method === "PUT" ? 0 : Number(headers["upload-offset"]), body);
  }

  #has(id: string): string {
    return this.received.get(id) ?? "";
  }

  #file(id: string) {
    const { path } = this.expected.find((line) => line.sha256 === id)!;
    const isWhole = createHash("sha256").update(this.#has(id)).digest("hex") === id;
    return { id, path, sha256: id, state: isWhole ? "ready" : "expected" };
  }

  #take(id: string, offset: number, piece: string): Answer {
    const before = this.#has(id).slice(0, offset);
    if (before.length !== offset || this.#file(id).state !== "expected") {
      return { status: 409, body: { code: "bundle.offset" } };
    }
    const broken = this.#breaks.shift();
    this.received.set(id, before + piece.slice(0, piece.length / (broken ?? 1)));
    return broken ? { status: 0 } : { status: 200, body: {} };
  }
}
