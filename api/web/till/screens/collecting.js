/* What a customer collects: stamp cards as they lie on the counter, and challenges that are under way. */

import { number } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { MOST_DRAWN, Places, stampWords } from "/shared/stamps.js";
import { Icon } from "/shared/ui.js";
import { t } from "/shared/words.js";

/** The stamp cards and running challenges of a customer; nothing where the programme has none. */
export function Collecting({ badges = [] }) {
  const cards = badges.filter(isCard);
  const challenges = badges.filter(isRunning);
  if (!cards.length && !challenges.length) return null;
  return html`<section class="stack tight">
    <h2>${t("customer.collects")}</h2>
    <ul class="stack">
      ${cards.map((each) => html`<${Card} key=${each.id} card=${each} />`)}
      ${challenges.map((each) => html`<${Challenge} key=${each.id} challenge=${each} />`)}
    </ul>
  </section>`;
}

function isCard({ badge, acceptedAt }) {
  return Boolean(badge.every) && (!badge.accept || Boolean(acceptedAt));
}

function isRunning({ badge, acceptedAt, level, goal, target }) {
  const isOver = Boolean(badge.until) && Date.parse(badge.until) <= Date.now();
  const takesPart = badge.accept ? Boolean(acceptedAt) : badge.personal;
  return !badge.every && takesPart && !level && !isOver && (goal ?? target) !== null;
}

function Card({ card }) {
  const words = stampWords(card);
  const { id, badge, stamps } = card;
  return html`<li class="card stack tight collected">
    <div class="row spread wrap">
      <strong>${badge.name}</strong><span class="num" aria-hidden="true">${words}</span>
    </div>
    ${
      badge.every <= MOST_DRAWN
        ? html`<${Places} id=${id} every=${badge.every} filled=${stamps} words=${words} />`
        : html`<p class="unseen">${words}</p>`
    }
  </li>`;
}

function Challenge({ challenge: { badge, progress, goal, target } }) {
  return html`<li class="row">
    <${Icon} name="star" /><span class="grow">${badge.name}</span>
    <strong class="num">
      ${t("badge.progress", { progress: number(progress), target: number(goal ?? target) })}
    </strong>
  </li>`;
}
