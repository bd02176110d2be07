// Reads the text of a 2-D code and checks its signature, as docs/stamp-code.md says. No page, no network.
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*+-:";
const PREFIX = new TextEncoder().encode("meterai.stamp-code.1\0");
const [VERSION, BYTES, SIGNED, ANY_VERSION_BYTES_MIN] = [1, 83, 19, 66];
const EPOCH = Date.UTC(2024, 0, 1);
const DAY_MS = 86400000;

/** What a text says, unproven: {outcome: "foreign" | "unreadable" | "newer" | "read", ...}. */
export function decode(text) {
  const found = /^https?:\/\/([^/?#]+)(?:\/[^?#]*)?\/C\/([^/]+)$/i.exec(text.trim());
  if (!found) return { outcome: "foreign", text };
  const host = found[1].toLowerCase();
  const raw = fromBase41(found[2].toUpperCase());
  if (!raw) return { outcome: "unreadable", text };
  if (raw.length >= ANY_VERSION_BYTES_MIN && raw[0] > VERSION) return { outcome: "newer", text };
  const serial = raw.length === BYTES && raw[0] === VERSION && unpackSerial(raw.subarray(2, 17));
  if (!serial) return { outcome: "unreadable", text };
  return {
    outcome: "read", text, host, serial, keyId: raw[1],
    day: new Date(EPOCH + (raw[17] * 256 + raw[18]) * DAY_MS),
    message: Uint8Array.of(...PREFIX, ...raw.subarray(0, SIGNED)),
    signature: raw.slice(SIGNED),
  };
}

/** `decode`, then the signature: "read" becomes "genuine", "forged" or "unknown_key". */
export async function judge(text, verify) {
  const code = decode(text);
  return code.outcome === "read" ? { ...code, outcome: await verify(code) } : code;
}

/** A function code -> outcome for the keys {id: 64 hex digits}; `fallback` gives @noble/ed25519 where WebCrypto can't. */
export async function makeVerifier(keys, fallback) {
  const raw = new Map(Object.entries(keys).map(([id, hex]) => [+id, fromHex(hex)]));
  const checks = await withWebCrypto(raw).catch(() => withFallback(raw, fallback));
  return async (code) => {
    const check = checks.get(code.keyId);
    if (!check) return "unknown_key";
    return (await check(code.signature, code.message)) ? "genuine" : "forged";
  };
}

async function withWebCrypto(raw) {
  const checks = new Map();
  for (const [id, bytes] of raw) {
    const key = await crypto.subtle.importKey("raw", bytes, { name: "Ed25519" }, false, ["verify"]);
    checks.set(id, (signature, message) => crypto.subtle.verify("Ed25519", key, signature, message));
  }
  return checks;
}

async function withFallback(raw, fallback) {
  const { verifyAsync } = await fallback();
  const strict = { zip215: false };
  const check = (bytes) => (signature, message) =>
    verifyAsync(signature, message, bytes, strict).catch(() => false);
  return new Map([...raw].map(([id, bytes]) => [id, check(bytes)]));
}

function fromBase41(text) {
  const out = [];
  for (let start = 0; start < text.length; start += 3) {
    const digits = [...text.slice(start, start + 3)].map((character) => DIGITS.indexOf(character));
    const value = digits.reduceRight((sum, digit) => sum * 41 + digit, 0);
    const size = digits.length - 1;
    if (digits.includes(-1) || size < 1 || value >= 256 ** size) return null;
    if (size === 2) out.push(value >> 8);
    out.push(value & 255);
  }
  return Uint8Array.from(out);
}

/** 22 characters whose last one is the check character of ISO 7064 MOD 37,36; null for any other number. */
function unpackSerial(bytes) {
  let number = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let serial = "";
  for (let place = 0; place < 22; place += 1) {
    serial = DIGITS[Number(number % 36n)] + serial;
    number /= 36n;
  }
  let check = 36;
  for (const character of serial.slice(0, 21)) {
    check = (check + DIGITS.indexOf(character)) % 36 || 36;
    check = (check * 2) % 37;
  }
  return number === 0n && DIGITS[(37 - check) % 36] === serial[21] ? serial : null;
}

function fromHex(hex) {
  return Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
}
