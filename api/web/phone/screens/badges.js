/* Badges: stamp cards that fill, challenges to take up, and what was earned. */

import { busy, h, icon, toast } from "/shared/dom.js";
import { dayOf, ending, number } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { stampCard, stampWords } from "/shared/stamps.js";
import { t } from "/shared/words.js";
import { ask, phone, readHome } from "../phone.js";
import { ACCEPT_CHALLENGE } from "../queries.js";
import { bar, empty, fail, picture, ring, say } from "./parts.js";

export function badgesScreen(element) {
  const { badges } = phone.me;
  const cards = badges.filter(isCard);
  const challenges = badges.filter(isChallenge);
  const medals = badges.filter((each) => !isCard(each) && !isChallenge(each));
  const part = (name, list, draw) =>
    list.length
      ? h(
          "section.stack.tight",
          {},
          medals.length === badges.length ? null : h("h2", {}, t(name)),
          h(name === "badge.medals" ? "ul.badges" : "ul.stack", {}, list.map(draw)),
        )
      : "";
  element.append(
    h("h1", { tabindex: -1 }, t("tab.badges")),
    part("badge.cards", cards, card),
    part("badge.challenges", challenges, challenge),
    part("badge.medals", medals, medal),
    badges.length ? "" : empty("star", t("badge.none")),
  );
}

export function isCard({ badge }) {
  return Boolean(badge.every) && !badge.accept;
}

export function isChallenge({ badge }) {
  return Boolean(badge.accept || badge.personal);
}

/* ---- stamp cards */

function card(each) {
  const { badge, level } = each;
  return h(
    "li.card.stack.tight",
    {},
    h(
      "div.row.spread",
      {},
      h("h3", {}, badge.name),
      level ? h("span.chip.gold", {}, icon("check"), t("card.filled", { count: level })) : null,
    ),
    stamps(each),
    badge.description ? h("p.small.quiet", {}, badge.description) : null,
  );
}

/** The card drawn, or a bar where it has too many places, with how many are filled. */
export function stamps(each) {
  const words = stampWords(each);
  return h(
    "div.stack.tight",
    {},
    stampCard(each) ?? bar(each.stamps / each.badge.every, words),
    h("p.small.num", { "aria-hidden": "true" }, words),
  );
}

/* ---- challenges */

/* One key a challenge: sent again after a lost answer, it is taken up once. */
const keys = new Map();

function challenge(each) {
  const { badge, level, fraction } = each;
  const fault = h("div.fault", { "aria-live": "assertive" });
  const button = h(
    "button.button.primary.wide",
    { onclick: () => busy(button, () => takeUp(badge, fault)) },
    t("challenge.take"),
  );
  return h(
    "li.card.stack.tight.challenge",
    {},
    h(
      "div.row",
      {},
      ring(
        fraction,
        76,
        h(`span${level || each.acceptedAt ? "" : ".faint"}`, {}, picture({ image: badge.art }, 52)),
        "var(--gold-line)",
      ),
      h(
        "div.grow.stack.tight",
        {},
        h("h3", {}, badge.name),
        badge.description ? h("p.small.quiet", {}, badge.description) : null,
        h("p.row.wrap.small", {}, state(each), until(badge)),
      ),
    ),
    way(each),
    each.acceptable ? [hint(each), fault, button] : null,
  );
}

function state({ badge, level, acceptedAt }) {
  if (level) return h("span.chip.gold", {}, icon("check"), t("badge.earned"));
  if (isOver(badge)) return h("span.chip", {}, t("challenge.over"));
  if (acceptedAt) return h("span.chip.good", {}, icon("check"), t("challenge.taken"));
  return null;
}

function until(badge) {
  const zone = phone.programme?.timezone;
  if (isAhead(badge)) return h("span.quiet", {}, t("challenge.from", { day: dayOf(badge.from, zone) }));
  return badge.until && !isOver(badge)
    ? h("span.quiet", {}, t("voucher.until", { day: ending(badge.until, zone) }))
    : null;
}

/* How far it is, for who takes part. */
function way(each) {
  const { badge, progress, goal, target, level, acceptedAt } = each;
  if (badge.accept && !acceptedAt && !level) return null;
  if (badge.every) return stamps(each);
  if (isAhead(badge)) return badge.personal ? h("p.small.quiet", {}, t("challenge.goal.later")) : null;
  const count = goal ?? target;
  if (count === null) return level ? null : h("p.small.quiet", {}, t("challenge.goal.none"));
  const words = t("badge.progress", { progress: number(progress), target: number(count) });
  return h(
    "div.stack.tight",
    {},
    bar(progress / count, words),
    h("p.small.num", { "aria-hidden": "true" }, words),
  );
}

function hint({ badge }) {
  if (!badge.personal) return null;
  return h("p.small.quiet", {}, t(isAhead(badge) ? "challenge.goal.later" : "challenge.goal.now"));
}

function isAhead(badge) {
  return Boolean(badge.from) && Date.parse(badge.from) > Date.now();
}

function isOver(badge) {
  return Boolean(badge.until) && Date.parse(badge.until) <= Date.now();
}

async function takeUp(badge, fault) {
  if (!keys.has(badge.id)) keys.set(badge.id, newKey());
  try {
    const input = { badgeId: badge.id, idempotencyKey: keys.get(badge.id) };
    const { acceptChallenge } = await ask(ACCEPT_CHALLENGE, { input });
    if (acceptChallenge.__typename !== "ChallengeAccepted") return fail(fault, acceptChallenge.message);
    toast(t("challenge.told", { name: badge.name }));
    await readHome();
  } catch (error) {
    fail(fault, say(error));
  }
}

/* ---- medals */

function medal({ badge, level, progress, target, fraction, earnedAt }) {
  const zone = phone.programme?.timezone;
  return h(
    "li.card",
    {},
    ring(
      fraction,
      112,
      h(`span${level ? "" : ".faint"}`, {}, picture({ image: badge.art }, 78)),
      "var(--gold-line)",
    ),
    h(phone.me.badges.some((each) => isCard(each) || isChallenge(each)) ? "h3" : "h2", {}, badge.name),
    badge.description ? h("p.small.quiet", {}, badge.description) : null,
    level && badge.levels.length > 1
      ? h("span.chip.gold", {}, t("badge.level", { level, of: badge.levels.length }))
      : level
        ? h("span.chip.gold", {}, icon("check"), t("badge.earned"))
        : null,
    target !== null && progress < target
      ? h("p.small.num", {}, t("badge.progress", { progress: number(progress), target: number(target) }))
      : null,
    earnedAt ? h("p.small.quiet", {}, dayOf(earnedAt, zone)) : null,
    badge.until && !level
      ? h("p.small.quiet", {}, t("voucher.until", { day: ending(badge.until, zone) }))
      : null,
  );
}
