/* Moments that are worth the whole screen: a tier reached, a badge, a streak, a full card, a reward within reach, a
   first purchase. Each is shown once, and kept on this device until it was seen, also when it happened while the page was closed:
   the page remembers the cursor up to which it was told (`live.js`). */

import { dayOf, money, signed } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { held } from "./dialogs.js";
import { go, hints, keepFact, keptFact, phone, programmeName, walletOf } from "./phone.js";
import { share } from "./screens/parts.js";
import { openReward } from "./screens/rewards.js";
import { Benefits, Medal } from "./screens/tier.js";
import { Icon, Picture, Ring, toast } from "./ui.js";

/* A membership so young has its first purchase celebrated also on a device that saw nothing of it. */
const YOUNG_MS = 30 * 86_400_000;
const WAITING = "moments";
const FIRST = "first-purchase";
/* What waits to be seen; null until what an earlier visit left was read. */
let waiting = null;
let isShown = false;
let lining = Promise.resolve();

/** Take what is worth a moment out of activities, once the member was read afresh, and keep it until it is seen. */
export function noteMoments(activities) {
  const noted = lining.then(() => note(activities));
  lining = noted.catch(() => {});
  return noted;
}

async function note(activities) {
  const of = (kind) => activities.filter((activity) => activity.__typename === kind);
  const fresh = [
    ...(await firstPurchase()),
    ...of("TierChanged")
      .filter(({ reason }) => ["reached", "given"].includes(reason))
      .slice(-1)
      .map(({ to }) => ({ kind: "tier", ...to })),
    ...of("BadgeEarned").map(({ badge }) => badgeMoment(badge)),
    ...unlocked(of("RewardUnlocked")),
  ];
  // Read once: what is read anew is another copy, which what was seen would not be found in.
  waiting ??= (await keptFact(WAITING)) ?? [];
  waiting = [...waiting, ...fresh];
  if (fresh.length) await keepFact(WAITING, waiting);
  await showMoments();
}

function badgeMoment({ level, badge }) {
  const own = phone.me?.badges.find((each) => each.badge.id === badge.id)?.badge;
  const kind = own?.streak ? "streak" : own?.every ? "full" : "badge";
  const { code, name, description, art, levels } = badge;
  return { kind, code, name, description, art, level, of: levels.length };
}

/* Several rewards at once are one moment: the dearest by name, and how many besides. */
function unlocked(activities) {
  const rewards = activities.map(({ reward }) => reward.reward);
  const [last] = rewards.slice(-1);
  return last ? [{ kind: "reward", ...last, besides: rewards.length - 1 }] : [];
}

/* The first purchase of a young membership: what it brought, told once. */
async function firstPurchase() {
  const { me } = phone;
  if (!me || (await keptFact(FIRST))) return [];
  const entries = me.history.filter((entry) => entry.purchase);
  const ids = new Set(entries.map((entry) => entry.purchase.id));
  const isKnownToBeOld = me.historyMore.hasNextPage || ids.size > 1;
  if (ids.size || isKnownToBeOld) await keepFact(FIRST, true);
  const [entry] = entries;
  const gains = entries.filter(({ amount }) => amount > 0);
  if (!entry || isKnownToBeOld || !gains.length) return [];
  if (Date.now() - Date.parse(entry.occurredAt) > YOUNG_MS) return [];
  const sums = new Map();
  for (const { wallet, amount } of gains) sums.set(wallet, (sums.get(wallet) ?? 0) + amount);
  const { purchase } = entry;
  const at = gains.find(({ availableAt }) => availableAt)?.availableAt ?? null;
  return [{ kind: "first", gains: [...sums], place: purchase.store?.name ?? "", purchase, at }];
}

/** Show the moments that wait, one after the other, as soon as nothing else is looked at or typed. */
export async function showMoments() {
  while (waiting?.length && !isShown && isFree()) {
    isShown = true;
    const [moment] = waiting;
    const answer = await held("moment", titleOf(moment), Moment, { moment });
    isShown = false;
    waiting = waiting?.filter((each) => each !== moment) ?? null;
    if (waiting) await keepFact(WAITING, waiting);
    if (answer) return answer();
  }
}

function isFree() {
  return (
    !document.hidden &&
    !document.querySelector("dialog[open]") &&
    !document.activeElement?.matches("input, select, textarea")
  );
}

/** Forget what waits: somebody else signs in. */
export function forgetMoments() {
  waiting = null;
}

// What is closed, left or looked at again makes room.
for (const type of ["close", "focusout", "visibilitychange"])
  document.addEventListener(type, () => setTimeout(() => showMoments().catch(() => {})), true);

/* ---- what each says */

function titleOf(moment) {
  const { kind, name, title } = moment;
  if (kind === "first") return t("moment.first");
  return t(`moment.${kind}`, { name: name ?? title });
}

function Moment({ moment, close }) {
  const title = titleOf(moment);
  const tell = () =>
    share(
      t(`share.${moment.kind}`, { name: moment.name ?? moment.title ?? "", programme: programmeName() }),
      hints.home ?? location.origin,
      t("referral.copied"),
      toast,
    );
  return html`<div class="sheetlet">
    <div class="burst" aria-hidden="true"></div>
    <${Art} moment=${moment} />
    <h2>${title}</h2>
    <${Brings} moment=${moment} />
    <div class="stack tight momentacts">
      <${Next} moment=${moment} close=${close} />
      <button class="button wide" type="button" onClick=${tell}><${Icon} name="share" />${t("share")}</button>
    </div>
  </div>`;
}

function Art({ moment }) {
  const { kind, colour } = moment;
  const ring = { fraction: 1, size: 200, closing: true, colour: colour ?? "var(--gold-line)" };
  const within =
    kind === "tier"
      ? html`<span class="medal grand" style=${{ background: colour ?? "var(--gold-line)" }}><${Icon} name="star" /></span>`
      : kind === "first"
        ? html`<${Medal} />`
        : html`<${Picture}
            image=${moment.art ?? moment.image}
            kind=${moment.rewardKind}
            sign=${kind === "full" ? "gift" : undefined}
            size=${140}
          />`;
  return html`<${Ring} ...${ring}>${within}<//>`;
}

function Brings({ moment }) {
  const { kind } = moment;
  if (kind === "tier") return html`<${Benefits} all=${moment.benefits ?? []} />`;
  if (kind === "reward")
    return moment.besides ? html`<p>${t("moment.besides", { count: moment.besides })}</p>` : null;
  if (kind !== "first")
    return html`${moment.of > 1 && html`<p class="chip gold">${t("badge.level", { level: moment.level, of: moment.of })}</p>`}
      ${moment.description && html`<p>${moment.description}</p>`}`;
  const { gains, place, purchase, at } = moment;
  return html`${gains.map(([code, value]) => html`<p class="worth num" key=${code}>${signed(value, walletOf(code))} ${walletOf(code)?.name ?? code}</p>`)}
    <p>${[place, money(purchase.total, purchase.currency)].filter(Boolean).join(" · ")}</p>
    ${at && html`<p>${t("pending.all", { day: dayOf(at, phone.programme?.timezone) })}</p>`}`;
}

/* One clear next step: where it can be used or looked at. */
function Next({ moment, close }) {
  const each =
    moment.kind === "reward" && phone.me?.rewards.find(({ reward }) => reward.code === moment.code);
  const [words, after] = each
    ? [t("moment.use"), () => openReward(each)]
    : moment.kind === "full"
      ? [t("moment.look"), () => go("rewards")]
      : [t("moment.on"), undefined];
  return html`<button class="button primary wide tall" type="button" autofocus onClick=${() => close(after)}>${words}</button>`;
}
