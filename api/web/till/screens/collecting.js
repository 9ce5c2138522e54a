/* What a customer collects: stamp cards as they lie on the counter, and challenges that are under way. */

import { h, icon } from "/shared/dom.js";
import { number } from "/shared/format.js";
import { stampCard, stampWords } from "/shared/stamps.js";
import { t } from "/shared/words.js";

/** The stamp cards and running challenges of a customer; nothing where the programme has none. */
export function collecting({ badges = [] }) {
  const cards = badges.filter(isCard);
  const challenges = badges.filter(isRunning);
  if (!cards.length && !challenges.length) return "";
  return h(
    "section.stack.tight",
    {},
    h("h2", {}, t("customer.collects")),
    h("ul.stack", {}, cards.map(card), challenges.map(challenge)),
  );
}

function isCard({ badge, acceptedAt }) {
  return Boolean(badge.every) && (!badge.accept || Boolean(acceptedAt));
}

function isRunning({ badge, acceptedAt, level, goal, target }) {
  const isOver = Boolean(badge.until) && Date.parse(badge.until) <= Date.now();
  const takesPart = badge.accept ? Boolean(acceptedAt) : badge.personal;
  return !badge.every && takesPart && !level && !isOver && (goal ?? target) !== null;
}

function card(each) {
  const words = stampWords(each);
  return h(
    "li.card.stack.tight.collected",
    {},
    h(
      "div.row.spread.wrap",
      {},
      h("strong", {}, each.badge.name),
      h("span.num", { "aria-hidden": "true" }, words),
    ),
    stampCard(each) ?? h("p.unseen", {}, words),
  );
}

function challenge({ badge, progress, goal, target }) {
  const count = goal ?? target;
  return h(
    "li.row",
    {},
    icon("star"),
    h("span.grow", {}, badge.name),
    h("strong.num", {}, t("badge.progress", { progress: number(progress), target: number(count) })),
  );
}
