/* A stamp card as it lies on the counter: places to fill, those that are filled with the seal, and the present
   at the last. */

import { h, icon } from "./dom.js";

/* More places than this are no picture any more: words and a bar say it. */
const MOST_DRAWN = 24;
/* How many were filled when a card was last drawn: only what is new is pressed before one's eyes. */
const drawn = new Map();

/** Whether a card of so many places is drawn. */
export function isDrawn(every) {
  return every <= MOST_DRAWN;
}

/** Draw a card of `every` places, the first `stamps` of them filled; `label` says it in words, `id` is whose
 * card it is. */
export function stampCard({ id, every, stamps, label }) {
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
    { role: "img", "aria-label": label, style: { "--across": across } },
    Array.from({ length: every }, (_, at) => mark(at + 1)),
  );
}
