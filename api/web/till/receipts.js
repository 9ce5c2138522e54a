/* Receipts that no other system numbers: a till's own letters, the day, and a count of that day. */

import { prefer, session, till } from "./till.js";

const LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789";

function ownLetters() {
  const own =
    prefer("letters") ??
    Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => LETTERS[byte % LETTERS.length]).join("");
  return prefer("letters", own);
}

function today() {
  return new Date(session.now()).toISOString().slice(2, 10).replaceAll("-", "");
}

let trained = 0;

/** Return the next number, and count it: the same is not given twice by this device. */
export function takeReceipt() {
  if (till.isTraining) return `TRAINING-${++trained}`;
  const { day, count } = prefer("receipts") ?? {};
  const next = day === today() ? count + 1 : 1;
  prefer("receipts", { day: today(), count: next });
  return `${ownLetters()}-${today()}-${String(next).padStart(3, "0")}`;
}
