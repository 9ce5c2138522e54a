/* The member's card, made on this device without a network: the same 23 characters as
   domain/model/people/codes.py makes. `1` + base64url(device, 8 bytes, + HMAC-SHA256(secret, purpose + device +
   step)[:8]), a step being 30 seconds. */

export const STEP_SECONDS = 30;
const PURPOSE = new TextEncoder().encode("selo.card.1");

/** Return {device, key} of a `cardSecret`; the key cannot be read out again, so it may be kept in
 * IndexedDB. */
export async function openSecret(text) {
  const raw = fromBase64url(text);
  if (raw.length !== 40) throw new Error("a card secret holds 40 bytes");
  const key = await crypto.subtle.importKey("raw", raw.slice(8), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  return { device: raw.slice(0, 8), key };
}

export function stepAt(milliseconds) {
  return Math.floor(milliseconds / 1000 / STEP_SECONDS);
}

/** Make the code that this device shows during a step. */
export async function makeCard({ device, key }, step) {
  const message = new Uint8Array(PURPOSE.length + 16);
  message.set(PURPOSE);
  message.set(device, PURPOSE.length);
  new DataView(message.buffer).setBigUint64(PURPOSE.length + 8, BigInt(step));
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
  const body = new Uint8Array(16);
  body.set(device);
  body.set(mac.slice(0, 8), 8);
  return `1${toBase64url(body)}`;
}

function fromBase64url(text) {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}

function toBase64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
