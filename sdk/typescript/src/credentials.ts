/** What makes a program a client of the API: its id and its private key. */

import { createPrivateKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";

export interface Credentials {
  clientId: string;
  keyId: string;
  /** The private key (P-256, Ed25519 or RSA) in PEM or as a JWK. It stays here: only signatures leave. */
  key: string | JsonWebKey;
}

/** Names of one kind of key: in a JWT (RFC 7518, RFC 9864), and in a signed request (RFC 9421). */
interface Algorithm {
  token: string;
  request: "ecdsa-p256-sha256" | "ed25519" | "rsa-pss-sha512";
}

const BY_TYPE: Record<string, Algorithm> = {
  ec: { token: "ES256", request: "ecdsa-p256-sha256" },
  ed25519: { token: "Ed25519", request: "ed25519" },
  rsa: { token: "PS256", request: "rsa-pss-sha512" },
};

/** Reads the private key. Throws a TypeError when it is of a kind that the API does not take. */
export function readKey({ key }: Credentials): { key: KeyObject; algorithm: Algorithm } {
  const read = createPrivateKey(typeof key === "string" ? key : { key, format: "jwk" });
  const algorithm = BY_TYPE[read.asymmetricKeyType ?? ""];
  if (!algorithm) throw new TypeError(`the API takes no keys of the kind ${read.asymmetricKeyType}`);
  return { key: read, algorithm };
}

/** Signs that we are this client, for a minute and for one use (private_key_jwt, RFC 7523). */
export async function assertion(credentials: Credentials, audience: string): Promise<string> {
  const { key, algorithm } = readKey(credentials);
  return new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: algorithm.token, kid: credentials.keyId, typ: "JWT" })
    .setIssuer(credentials.clientId)
    .setSubject(credentials.clientId)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime("60s")
    .sign(key);
}
