/* A purchase that was begun and not recorded, kept while the cashier looks at another tab of the page. One at a
   time, in memory alone: it belongs to who is signed in. */

let draft = null;

/** Keep what was begun, with what its screen was opened with. */
export function keepDraft(basket, params) {
  draft = { basket, params };
}

/** Return the draft, null where there is none. */
export function begun() {
  return draft;
}

export function dropDraft() {
  draft = null;
}
