/* The present instant as the server counts it: the clock of a phone or till may be wrong by minutes. */

import { keep, recall } from "./storage.js";

const SKEW = "selo-skew";
/* The server's Date has whole seconds, and comes a moment later. */
const NOISE_MS = 3000;

/** Return the present instant as the server counts it, in milliseconds: by the last `Date` it sent. */
export function serverNow() {
  return Date.now() + skew();
}

/** Return how far the server's clock is ahead of this device's, in milliseconds; negative where it is behind. */
function skew() {
  return Number(recall(SKEW) ?? 0);
}

/** Take note of the `Date` of an answer that has just come. */
export function noteServerDate(date) {
  const ahead = Date.parse(date ?? "") - Date.now();
  if (Number.isNaN(ahead)) return;
  const told = Math.abs(ahead) > NOISE_MS ? ahead : 0;
  if (told === 0 ? skew() !== 0 : Math.abs(told - skew()) > NOISE_MS) keep(SKEW, told);
}
