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
