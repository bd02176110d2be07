// Finds the number of an ALTCHA challenge. SHA-256 (FIPS 180-4) written out: a call of the browser's own for
// every try takes longer, and it is missing on pages without TLS.
"use strict";
const K = new Uint32Array(64);
{
  let found = 0;
  for (let n = 2; found < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (prime) { const c = Math.cbrt(n); K[found++] = (c - Math.floor(c)) * 2 ** 32; }
  }
}
const W = new Uint32Array(64), H = new Uint32Array(8);
const START = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
const turn = (x, n) => (x >>> n) | (x << (32 - n));
function hash(text) {
  const blocks = ((text.length + 8) >> 6) + 1;
  H.set(START);
  for (let b = 0; b < blocks; b++) {
    for (let i = 0; i < 16; i++) {
      let word = 0;
      for (let j = 0; j < 4; j++) {
        const at = b * 64 + i * 4 + j;
        word = (word << 8) | (at < text.length ? text.charCodeAt(at) : at === text.length ? 0x80 : 0);
      }
      W[i] = word;
    }
    if (b === blocks - 1) W[15] = text.length * 8;
    for (let i = 16; i < 64; i++) {
      const x = W[i - 15], y = W[i - 2];
      W[i] = W[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + W[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
    }
    let [a, c, d, e, f, g, h, k] = H;
    for (let i = 0; i < 64; i++) {
      const s = (k + (turn(f, 6) ^ turn(f, 11) ^ turn(f, 25)) + ((f & g) ^ (~f & h)) + K[i] + W[i]) | 0;
      const m = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & c) ^ (a & d) ^ (c & d))) | 0;
      k = h; h = g; g = f; f = (e + s) | 0; e = d; d = c; c = a; a = (s + m) | 0;
    }
    H[0] += a; H[1] += c; H[2] += d; H[3] += e; H[4] += f; H[5] += g; H[6] += h; H[7] += k;
  }
}
const hex = () => Array.from(H, (word) => word.toString(16).padStart(8, "0")).join("");
self.onmessage = ({ data }) => {
  const wanted = parseInt(data.challenge.slice(0, 8), 16);
  for (let n = 0; n <= data.maxnumber; n++) {
    hash(data.salt + n);
    if (H[0] === wanted && hex() === data.challenge) return self.postMessage(n);
  }
  self.postMessage(-1);
};
