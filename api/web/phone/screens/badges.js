/* Badges: stamp cards that fill, challenges to take up, and what was earned; each opens. */

import { dayOf, ending, listed, number } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { html, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { sheet } from "../dialogs.js";
import { say } from "../faults.js";
import { ask, go, phone, readHome, session } from "../phone.js";
import { ACCEPT_CHALLENGE, DECLINE_CHALLENGE } from "../queries.js";
import { addressOf } from "../route.js";
import { Act, Bar, Empty, Icon, Notice, Picture, Ring, toast, useChange } from "../ui.js";
import { Stamps, StreakWeeks, streakWords } from "./stamps.js";

const HOUR_MS = 3_600_000;

export { Stamps } from "./stamps.js";

export function Badges() {
  const { badges } = phone.me;
  const cards = badges.filter(isCard);
  const challenges = badges.filter(isChallenge);
  const medals = badges.filter((each) => !isCard(each) && !isChallenge(each));
  const bare = medals.length === badges.length;
  return html`<h1 tabindex="-1">${t("tab.badges")}</h1>
    <${List} title=${t("badge.cards")} all=${cards} Draw=${Card} />
    <${List} title=${t("badge.challenges")} all=${challenges} Draw=${Challenge} />
    <${List} title=${bare ? null : t("badge.medals")} all=${medals} Draw=${MedalTile} bare=${bare} grid />
    <button class="button wide" type="button" onClick=${() => go("boards")}><${Icon} name="star" />${t("boards")}</button>
    ${!badges.length && html`<${Empty} icon="star">${t("badge.none")}<//>`}`;
}

function List({ title, all, Draw, bare, grid }) {
  if (!all.length) return null;
  return html`<section class="stack tight">
    ${title && html`<h2>${title}</h2>`}
    <ul class=${grid ? "badges" : "stack"}>
      ${all.map((each) => html`<${Draw} key=${each.id} each=${each} bare=${bare} />`)}
    </ul>
  </section>`;
}

export function isCard({ badge }) {
  return Boolean(badge.every) && !badge.accept;
}

export function isChallenge({ badge }) {
  return Boolean(badge.accept || badge.personal);
}

/** Challenges for the first screen: those that go on, and those that are offered and were not declined. */
export function openChallenges(badges) {
  return badges.filter((each) => {
    const { badge, target, acceptable, acceptedAt, declined } = each;
    const isTimed = isChallenge(each) || badge.until;
    if (!isTimed || isCard(each) || isOver(badge) || isAhead(badge)) return false;
    return acceptable ? !declined : target !== null && (!badge.accept || Boolean(acceptedAt));
  });
}

/** One badge whole: what earns it, how far it is, its levels and its time. */
export function openBadge({ badge }) {
  return sheet(badge.name, Whole, { id: badge.id, address: addressOf("badges", badge.code) });
}

function Whole({ id }) {
  useChange();
  const each = phone.me?.badges.find((one) => one.badge.id === id);
  if (!each) return null;
  const { badge, level, earnedAt } = each;
  const zone = phone.programme?.timezone;
  return html`<div class="stack whole">
    <div class="middled">
      <${Ring} fraction=${each.fraction} size=${168}>
        <span class=${level ? "" : "faint"}><${Picture} image=${badge.art} size=${120} /></span>
      <//>
    </div>
    <h2>${badge.name}</h2>
    ${badge.description && html`<p>${badge.description}</p>`}
    <p class="row wrap">
      <${State} each=${each} />
      ${earnedAt && html`<span class="quiet">${dayOf(earnedAt, zone)}</span>`}
      <${TimeLeft} badge=${badge} level=${level} />
    </p>
    <${Way} each=${each} />
    <${Gives} badge=${badge} />
    ${
      badge.levels.length > 1 &&
      html`<ul class="lines card">
        ${badge.levels.map(
          (count, at) => html`<li key=${at} class=${at < level ? "" : "off"}>
            ${t("badge.level", { level: at + 1, of: badge.levels.length })}
            <span class="figure">${at < level ? html`<${Icon} name="check" />` : ""} ${number(count)}</span>
          </li>`,
        )}
      </ul>`
    }
  </div>`;
}

/* ---- stamp cards */

function Card({ each }) {
  const { badge, level } = each;
  return html`<li class="card stack tight">
    <div class="row spread">
      <h3><button class="opener" onClick=${() => openBadge(each)}>${badge.name}</button></h3>
      ${level > 0 && html`<span class="chip gold"><${Icon} name="check" />${t("card.filled", { count: level })}</span>`}
    </div>
    <${Stamps} each=${each} />
    ${badge.description && html`<p class="small quiet">${badge.description}</p>`}
  </li>`;
}

/* ---- challenges */

/* One key a challenge: sent again after a lost answer, it is taken up once. */
const keys = new Map();

export function Challenge({ each }) {
  const { badge, level, fraction } = each;
  const [fault, setFault] = useState("");
  const takeUp = async () => {
    if (!keys.has(badge.id)) keys.set(badge.id, newKey());
    setFault("");
    try {
      const input = { badgeId: badge.id, idempotencyKey: keys.get(badge.id) };
      const { acceptChallenge } = await ask(ACCEPT_CHALLENGE, { input });
      if (acceptChallenge.__typename !== "ChallengeAccepted") return setFault(acceptChallenge.message);
      toast(t("challenge.told", { name: badge.name }));
      await readHome();
    } catch (error) {
      setFault(say(error));
    }
  };
  const decline = async () => {
    setFault("");
    try {
      await ask(DECLINE_CHALLENGE, { input: { badgeId: badge.id } });
      toast(t("challenge.declined"));
      await readHome();
    } catch (error) {
      setFault(say(error));
    }
  };
  return html`<li class="card stack tight challenge">
    <div class="row">
      <${Ring} fraction=${fraction} size=${76}>
        <span class=${level || each.acceptedAt ? "" : "faint"}><${Picture} image=${badge.art} size=${52} /></span>
      <//>
      <div class="grow stack tight">
        <h3>${badge.name}</h3>
        ${badge.description && html`<p class="small quiet">${badge.description}</p>`}
        <p class="row wrap small"><${State} each=${each} /><${TimeLeft} badge=${badge} level=${level} /></p>
      </div>
    </div>
    <${Way} each=${each} />
    <${Gives} badge=${badge} />
    ${
      each.acceptable &&
      html`${badge.personal && html`<p class="small quiet">${t(isAhead(badge) ? "challenge.goal.later" : "challenge.goal.now")}</p>`}
        <div class="fault" aria-live="assertive">${fault && html`<${Notice} kind="bad" icon="cloud">${fault}<//>`}</div>
        <${Act} class="button primary wide" act=${takeUp}>${t("challenge.take")}<//>
        ${!each.declined && html`<${Act} class="button plain wide" act=${decline}>${t("challenge.decline")}<//>`}`
    }
  </li>`;
}

function Gives({ badge: { gifts } }) {
  if (!gifts?.length) return null;
  return html`<p class="row small"><${Icon} name="gift" /><span>${t("challenge.gives", { what: listed(gifts) })}</span></p>`;
}

function State({ each: { badge, level, acceptedAt } }) {
  if (level && badge.levels.length > 1)
    return html`<span class="chip gold">${t("badge.level", { level, of: badge.levels.length })}</span>`;
  if (level && badge.every)
    return html`<span class="chip gold"><${Icon} name="check" />${t("card.filled", { count: level })}</span>`;
  if (level) return html`<span class="chip gold"><${Icon} name="check" />${t("badge.earned")}</span>`;
  if (isOver(badge)) return html`<span class="chip">${t("challenge.over")}</span>`;
  if (acceptedAt) return html`<span class="chip good"><${Icon} name="check" />${t("challenge.taken")}</span>`;
  return null;
}

/* Until when, and how long that still is. */
function TimeLeft({ badge, level }) {
  const zone = phone.programme?.timezone;
  if (isAhead(badge))
    return html`<span class="quiet">${t("challenge.from", { day: dayOf(badge.from, zone) })}</span>`;
  if (!badge.until || level || isOver(badge)) return null;
  const hours = Math.ceil((Date.parse(badge.until) - session.now()) / HOUR_MS);
  const left =
    hours > 48
      ? t("challenge.days", { count: Math.floor(hours / 24) })
      : t("challenge.hours", { count: hours });
  return html`<span class="quiet">${t("voucher.until", { day: ending(badge.until, zone) })}</span>
    <span class="chip"><${Icon} name="clock" />${left}</span>`;
}

/* How far it is, for who takes part. */
function Way({ each }) {
  const { badge, progress, goal, target, level, acceptedAt } = each;
  if (badge.accept && !acceptedAt && !level) return null;
  if (badge.every) return html`<${Stamps} each=${each} />`;
  if (isAhead(badge))
    return badge.personal ? html`<p class="small quiet">${t("challenge.goal.later")}</p>` : null;
  if (badge.streak)
    return html`<div class="stack tight">
      <${StreakWeeks} each=${each} /><p class="small num" aria-hidden="true">${streakWords(each)}</p>
    </div>`;
  const count = goal ?? target;
  if (count === null)
    return level || !badge.personal ? null : html`<p class="small quiet">${t("challenge.goal.none")}</p>`;
  const words = t("badge.progress", { progress: number(progress), target: number(count) });
  return html`<div class="stack tight">
    <${Bar} fraction=${progress / count} label=${words} /><p class="small num" aria-hidden="true">${words}</p>
  </div>`;
}

function isAhead(badge) {
  return Boolean(badge.from) && Date.parse(badge.from) > session.now();
}

function isOver(badge) {
  return Boolean(badge.until) && Date.parse(badge.until) <= session.now();
}

/* ---- medals */

function MedalTile({ each, bare }) {
  const { badge, level, progress, target, fraction, earnedAt } = each;
  const zone = phone.programme?.timezone;
  const name = html`<button class="opener" onClick=${() => openBadge(each)}>${badge.name}</button>`;
  return html`<li class="card">
    <${Ring} fraction=${fraction} size=${112}>
      <span class=${level ? "" : "faint"}><${Picture} image=${badge.art} size=${78} /></span>
    <//>
    ${bare ? html`<h2>${name}</h2>` : html`<h3>${name}</h3>`}
    ${badge.description && html`<p class="small quiet">${badge.description}</p>`}
    <${State} each=${each} />
    ${
      badge.streak
        ? html`<p class="small num">${streakWords(each)}</p>`
        : target !== null &&
          progress < target &&
          html`<p class="small num">${t("badge.progress", { progress: number(progress), target: number(target) })}</p>`
    }
    ${earnedAt && html`<p class="small quiet">${dayOf(earnedAt, zone)}</p>`}
    <${TimeLeft} badge=${badge} level=${level} />
  </li>`;
}
