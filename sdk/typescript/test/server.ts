/** A server that speaks the API's conventions and misbehaves on demand. */

import { generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { jwtVerify } from "jose";
import type { Credentials } from "meterai-sdk";

export interface Seen {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What a request gets. Status 0: the connection ends without an answer. */
export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** What the tests set. */
interface Wanted {
  /** Given in turn, the last one again and again. */
  answers: Answer[];
  /** Makes the answers instead. */
  answerNext?: (request: Seen) => Answer;
}

/** A token is its number, from 1. */
export async function partnerServer() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const key = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const credentials: Credentials = { clientId: "cli_1", keyId: "key_1", key };
  const seen: Seen[] = [];
  const wanted: Wanted = { answers: [] };
  const server = Object.assign(wanted, { url: "", credentials, publicKey, seen, tokens: 0, tokenLivesS: 900 });

  async function answer(request: Seen): Promise<Answer> {
    if (request.path === "/api/v1/token") {
      const sent = new URLSearchParams(request.body).get("client_assertion") ?? "";
      const audience = `${server.url}/api/v1/token`;
      const { protectedHeader } = await jwtVerify(sent, publicKey, { audience, subject: "cli_1", maxTokenAge: 60 });
      if (protectedHeader.kid !== "key_1") return { status: 401 };
      server.tokens += 1;
      return { status: 200, body: { access_token: String(server.tokens), expires_in: server.tokenLivesS } };
    }
    seen.push(request);
    if (server.answerNext) return server.answerNext(request);
    return server.answers.length > 1 ? server.answers.shift()! : server.answers[0]!;
  }

  const listening = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", async () => {
      const body = Buffer.concat(pieces).toString();
      const got = await answer({ method: request.method!, path: request.url!, headers: request.headers, body });
      if (got.status === 0) return void request.socket.destroy();
      response.writeHead(got.status, got.headers);
      if (got.body === undefined) return void response.end();
      response.end(typeof got.body === "string" ? got.body : JSON.stringify(got.body));
    });
  });
  await new Promise<void>((ready) => listening.listen(0, "127.0.0.1", ready));
  server.url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
  const close = () => {
    listening.closeAllConnections();
    listening.close();
  };
  return Object.assign(server, { close });
}
