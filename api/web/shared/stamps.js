/* A stamp card as it lies on the counter: places to fill, those that are filled with the seal, and the present at
   the last. */

import { Icon } from "./drawings.js";
import { number } from "./format.js";
import { html } from "./preact.js";
import { t } from "./words.js";

/** More places than this are no picture any more: words say it. */
export const MOST_DRAWN = 24;
/* How many were filled when a card was last drawn: only what is new is pressed before one's eyes. */
const drawn = new Map();

/** "7 of 10 stamps". */
export function stampWords({ badge: { every }, stamps }) {
  return t("card.stamps", { stamps: number(stamps), every: number(every) });
}

/** So many places of a member's badge, those that are filled with the `seal`. */
export function Places({ id, every, filled, words, seal = "star" }) {
  const before = drawn.get(id) ?? filled;
  drawn.set(id, filled);
  const across = every <= 6 ? every : every <= 10 ? 5 : 6;
  const place = (at) =>
    at > filled
      ? html`<span class="place" key=${at}>${at === every ? html`<${Icon} name="gift" />` : html`<span class="num">${at}</span>`}</span>`
      : html`<span class=${`place full${at > before ? " fresh" : ""}`} key=${at} style=${{ "--tilt": `${((at * 37) % 23) - 11}deg` }}>
          <${Icon} name=${seal} />
        </span>`;
  return html`<div class="stampcard" role="img" aria-label=${words} style=${{ "--across": across }}>
    ${Array.from({ length: every }, (_, at) => place(at + 1))}
  </div>`;
}
