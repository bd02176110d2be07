/** Bundles: up to 100,000 documents that are named, uploaded side by side, and stamped together. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Calls, Once } from "../calls.js";
import { Conflict, Unreachable } from "../problems.js";
import type { Bundle, BundleFile, BundleOrder, BundleStart, StampFacts, Upload } from "../shapes.js";

const AT_ONCE = 4;
const BREAKS_MAX = 10;
const STARTED = "bundle.started";
const MOVING = ["stamping", "waiting_for_quota", "halted"];

export class Bundles {
  constructor(private readonly calls: Calls) {}

  /** Opens a bundle. `place`: where each document gets its stamp; without it, where the API proposes. */
  open(order: BundleOrder = {}, once: Once = {}): Promise<Bundle> {
    return this.calls.json("POST", "/api/v1/bundles", { body: order, ...once });
  }

  /** How far a bundle is. */
  read(id: string): Promise<Bundle> {
    return this.calls.json("GET", `/api/v1/bundles/${id}`);
  }

  /**
   * Names files and uploads what is still expected, several at once. `files`: their places on this disk, by their
   * paths in the bundle. `facts`: what is known of documents, by the same paths. A collector has to say all of each.
   *
   * Call it again with the same files after a break: what came before is not sent again. That also does no harm when
   * the bundle is started.
   */
  async upload(
    id: string,
    files: Map<string, string>,
    { facts, atOnce = AT_ONCE }: { facts?: Map<string, StampFacts>; atOnce?: number } = {},
  ): Promise<void> {
    const lines: Line[] = [];
    for (const [path, file] of files) lines.push(await lineOf(path, file, facts?.get(path)));
    try {
      await this.#name(id, lines);
    } catch (error) {
      if (error instanceof Conflict && error.code === STARTED && (await this.#has(id, lines))) return;
      throw error;
    }
    const expected: BundleFile[] = [];
    for await (const file of this.files(id)) {
      if (file.state === "expected" && files.has(file.path)) expected.push(file);
    }
    const uploadSome = async () => {
      for (let file = expected.pop(); file; file = expected.pop()) {
        await this.#upload(`/api/v1/bundles/${id}/files/${file.id}`, await readFile(files.get(file.path)!));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, uploadSome));
  }

  async #name(id: string, lines: Line[]): Promise<void> {
    const content = Buffer.from(lines.map((line) => JSON.stringify(line)).join("\n"));
    const headers = { "content-type": "application/x-ndjson" };
    await this.calls.send("PUT", `/api/v1/bundles/${id}/manifest`, { content, headers });
  }

  /** Whether all of these files have come. */
  async #has(id: string, lines: Line[]): Promise<boolean> {
    const come = new Map<string, string>();
    for await (const file of this.files(id)) if (file.state !== "expected") come.set(file.path, file.sha256);
    return lines.every((line) => come.get(line.path) === line.sha256);
  }

  /** Uploads a file from where its last upload broke off. */
  async #upload(path: string, content: Buffer<ArrayBuffer>): Promise<void> {
    for (let broken = 1; ; broken++) {
      const { file, received } = await this.calls.json<Upload>("GET", path);
      if (file.state !== "expected") return; // it came whole: only the answer was lost
      const [method, headers] =
        received === 0
          ? (["PUT", { "content-type": "application/pdf" }] as const)
          : (["PATCH", { "content-type": "application/partial-upload", "upload-offset": `${received}` }] as const);
      try {
        const piece = { content: content.subarray(received), headers, againIfLost: false };
        await this.calls.send(method, `${path}/content`, piece);
        return;
      } catch (error) {
        if (!(error instanceof Unreachable) || broken === BREAKS_MAX) throw error;
      }
    }
  }

  /** The files of a bundle by path, with what came of each. */
  files(id: string): AsyncGenerator<BundleFile> {
    return this.calls.pages(`/api/v1/bundles/${id}/files`, { limit: 200 });
  }

  /**
   * Gives what is ready to stamping. `documents`: how many there are as far as you know. `wait_for_quota`: also with
   * too little quota; the rest is stamped when there is more.
   */
  start(id: string, how: BundleStart = {}, once: Once = {}): Promise<Bundle> {
    return this.calls.json("POST", `/api/v1/bundles/${id}/start`, { body: how, ...once });
  }

  /** Waits until nothing is being stamped any more. Throws TookTooLong; it goes on then. */
  async wait(id: string, { withinS = 3600 } = {}): Promise<Bundle> {
    const isDone = (one: Bundle) => !MOVING.includes(one.state);
    return this.calls.wait(await this.read(id), () => this.read(id), { isDone, withinS });
  }

  /** Writes the stamped files of a bundle into a folder, as ZIPs of up to 2,000 files each. Returns their places. */
  async download(id: string, into: string): Promise<string[]> {
    const written: string[] = [];
    let following: string | undefined = `/api/v1/bundles/${id}/results.zip`;
    while (following !== undefined) {
      const to = join(into, `${id}-${written.length + 1}.zip`);
      const { headers }: Response = await this.calls.download(following, to);
      written.push(to);
      const link = /<([^>]+)>; rel="next"/.exec(headers.get("Link") ?? "")?.[1];
      following = link && new URL(link).pathname + new URL(link).search;
    }
    return written;
  }

  /** Stops a bundle. Stamps that are reserved already are made; nothing else is spent. */
  cancel(id: string): Promise<Bundle> {
    return this.calls.json("POST", `/api/v1/bundles/${id}/cancel`);
  }
}

/** A line of a manifest. */
interface Line {
  path: string;
  sha256: string;
  bytes: number;
  facts: StampFacts | undefined;
}

async function lineOf(path: string, file: string, facts?: StampFacts): Promise<Line> {
  const content = await readFile(file);
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { path, sha256, bytes: content.length, facts };
}
