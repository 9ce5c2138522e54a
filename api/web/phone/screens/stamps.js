/* A stamp card as it lies on the counter: places to fill, those that are filled with the seal, and the present at the
   last. A streak is drawn as its periods in a row. */

import { html } from "/shared/preact.js";
import { MOST_DRAWN, Places, stampWords } from "/shared/stamps.js";
import { t } from "/shared/words.js";
import { Bar } from "../ui.js";

/** The card drawn, or a bar where it has too many places, with how many are filled. */
export function Stamps({ each }) {
  const words = each.badge.streak ? streakWords(each) : stampWords(each);
  const { every } = each.badge;
  return html`<div class="stack tight">
    ${
      every > MOST_DRAWN
        ? html`<${Bar} fraction=${each.stamps / every} label=${words} />`
        : html`<${Places} id=${each.id} every=${every} filled=${each.stamps} words=${words} seal=${sealOf(each)} />`
    }
    <p class="small num" aria-hidden="true">${words}</p>
  </div>`;
}

const sealOf = ({ badge }) => (badge.streak ? "check" : "star");

/** "3 weeks in a row". */
export function streakWords({ badge: { streak }, progress }) {
  return t(`streak.${streak}`, { count: progress });
}

/** The periods of a streak up to its next level, those in a row filled. */
export function StreakWeeks({ each }) {
  const { target, progress } = each;
  const goal = target ?? progress;
  if (!goal || goal > MOST_DRAWN) return null;
  return html`<${Places} id=${each.id} every=${goal} filled=${Math.min(progress, goal)} words=${streakWords(each)} seal=${sealOf(each)} />`;
}
