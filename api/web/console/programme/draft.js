/* The draft that somebody works on: kept in this browser until it is published or dropped, with the version that it
   was made from. */

import { forget, keep, recall } from "/shared/storage.js";

const KEY = "selo-console-draft";

/** Return {text, base} as it was kept, null where there is none. */
export function recallDraft() {
  const kept = recall(KEY);
  return typeof kept?.text === "string" && Number.isInteger(kept.base) ? kept : null;
}

export function keepDraft(text, base) {
  keep(KEY, { text, base });
}

export function forgetDraft() {
  forget(KEY);
}

/** Return the line of a draft on which a part stands, by the heading that it is under and its code; null where the
 * draft has none. */
export function lineOf(text, heading, code) {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`${heading}:`));
  if (start < 0) return null;
  const spelled = new RegExp(`\\bcode:\\s*["']?${code.replace(/[^\w-]/g, "\\$&")}["']?\\s*([,}#]|$)`);
  const after = lines.slice(start + 1);
  const end = after.findIndex((line) => /^[a-z]/.test(line));
  const place = after.slice(0, end < 0 ? after.length : end).findIndex((line) => spelled.test(line));
  return place < 0 ? null : start + 2 + place;
}
