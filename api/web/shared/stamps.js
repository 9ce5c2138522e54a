/* A stamp card as it lies on the counter: places to fill, those that are filled with the seal, and the present
   at the last. */

import { h, icon } from "./dom.js";
import { number } from "./format.js";
import { t } from "./words.js";

/* More places than this are no picture any more: words say it. */
const MOST_DRAWN = 24;
/* How many were filled when a card was last drawn: only what is new is pressed before one's eyes. */
const drawn = new Map();

/** "7 of 10 stamps". */
export function stampWords({ badge: { every }, stamps }) {
  return t("card.stamps", { stamps: number(stamps), every: number(every) });
}

/** A member's card drawn; null where it has too many places. */
export function stampCard({ id, badge: { every }, stamps }) {
  if (every > MOST_DRAWN) return null;
  const before = drawn.get(id) ?? stamps;
  drawn.set(id, stamps);
  const across = every <= 6 ? every : every <= 10 ? 5 : 6;
  const mark = (place) => {
    if (place > stamps) return h("span.place", {}, place === every ? icon("gift") : h("span.num", {}, place));
    return h(
      `span.place.full${place > before ? ".fresh" : ""}`,
      { style: { "--tilt": `${((place * 37) % 23) - 11}deg` } },
      icon("star"),
    );
  };
  return h(
    "div.stampcard",
    { role: "img", "aria-label": stampWords({ badge: { every }, stamps }), style: { "--across": across } },
    Array.from({ length: every }, (_, at) => mark(at + 1)),
  );
}
