/* At a glance: what was earned, from when it can be spent and what lapses when, the next step, the way to the next
   tier, what happened last. */

import { amount, day, dayOf, money, number, percent } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { sheet } from "../dialogs.js";
import { dayAt, go, phone } from "../phone.js";
import { Bar, Empty, Icon, Notice, Part, Picture, Ring, useCount } from "../ui.js";
import { Challenge, isCard, openBadge, openChallenges, Stamps } from "./badges.js";
import { showCard } from "./card.js";
import { EntryLine } from "./history.js";
import { enterCode, Offers } from "./later.js";
import { cost, Progress, standing } from "./parts.js";
import { grouped } from "./purchases.js";
import { openReward, Ticket } from "./rewards.js";
import { Tier } from "./tier.js";

export function Home() {
  const { me } = phone;
  if (!me)
    return html`<h1 class="unseen" tabindex="-1">${t("loading")}</h1>
      ${phone.trouble && html`<${Notice} kind="bad" icon="cloud">${phone.trouble}<//>`}
      <div class="skeleton tall"></div>
      <div class="skeleton"></div>
      <div class="skeleton"></div>`;
  const vouchers = me.vouchers.filter((voucher) => voucher.voucherState === "ISSUED");
  const challenges = openChallenges(me.badges);
  return html`<${Purse} me=${me} />
    ${
      vouchers.length > 0 &&
      html`<${Part} title=${t("home.vouchers")}>
        <ul class="strip">
          ${vouchers.map((voucher) => html`<${Ticket} key=${voucher.id} voucher=${voucher} hint=${t("voucher.show")} sign="scan" />`)}
        </ul>
      <//>`
    }
    <${Offers} />
    <${Within} rewards=${me.rewards} />
    <button class="button wide" type="button" onClick=${() => go("foryou")}><${Icon} name="star" />${t("foryou")}</button>
    ${me.tier && html`<${Tier} progress=${me.tier} />`}
    ${me.badges
      .filter(isCard)
      .slice(0, 2)
      .map(
        (each) => html`<button key=${each.id} class="card stampbutton" onClick=${() => openBadge(each)}>
          <strong>${each.badge.name}</strong><${Stamps} each=${each} />
        </button>`,
      )}
    ${
      challenges.length > 0 &&
      html`<${Part} title=${t("badge.challenges")} onAll=${() => go("badges")}>
        <ul class="stack">${challenges.slice(0, 3).map((each) => html`<${Challenge} key=${each.id} each=${each} />`)}</ul>
      <//>`
    }
    <${Medals} badges=${me.badges.filter((each) => !isCard(each) && !challenges.includes(each))} />
    <${Part} title=${t("home.latest")} onAll=${() => go("history")}>
      ${
        me.history.length
          ? html`<ul class="lines card">
              ${grouped(me.history)
                .slice(0, 3)
                .map((line) => html`<${EntryLine} key=${line.key} line=${line} />`)}
            </ul>`
          : html`<${Empty} icon="clock">${t("history.none")}<//>`
      }
    <//>`;
}

function Purse({ me }) {
  const [first, ...others] = me.wallets;
  // What was earned counts at once: its pending part is the lighter one.
  const total = useCount(first.available + first.pending);
  const sum = amount(total, first);
  return html`<div class="lift">
    <div class="stamp purse">
      <p class="hello">${t("home.hello", { name: me.name.split(" ")[0] })}</p>
      <h1 tabindex="-1">
        <span class=${`sum num${first.pending && !first.available ? " soft" : ""}`} style=${{ "--signs": sum.length }}>${sum}</span>
        ${" "}<span class="unit">${first.name}</span>
      </h1>
      <${Pending} wallet=${first} />
      ${first.debt > 0 && html`<p class="small minus">${t("wallet.debt", { amount: amount(first.debt, first) })}</p>`}
      ${me.wallets.map(
        (wallet) =>
          wallet.held > 0 &&
          html`<p class="small quiet" key=${wallet.code}>
            ${t("wallet.held", { name: wallet.name, amount: amount(wallet.held, wallet) })}
          </p>`,
      )}
      <${Pays} wallet=${first} />
      <${Lapses} wallet=${first} />
      ${
        others.length > 0 &&
        html`<ul class="purses">
          ${others.map(
            (wallet) =>
              html`<li class="chip" key=${wallet.code}>
                ${wallet.name}<strong class="num">${amount(wallet.available + wallet.pending, wallet)}</strong>
              </li>`,
          )}
        </ul>`
      }
      <button class="button primary wide" onClick=${() => showCard()}><${Icon} name="card" />${t("home.card")}</button>
      ${
        phone.programme?.takesCodes &&
        html`<button class="button wide" onClick=${() => enterCode()}><${Icon} name="tag" />${t("codes.enter")}</button>`
      }
    </div>
  </div>`;
}

/* From when the lighter part can be spent; several days stand in a sheet. */
function Pending({ wallet }) {
  const { pending, available, arriving } = wallet;
  if (!pending) return null;
  const [first] = arriving;
  const from = first && dayOf(first.at, phone.programme?.timezone);
  const later = new Set(arriving.map(({ at }) => dayAt(at))).size > 1;
  const words = !first
    ? t("wallet.pending", { amount: amount(pending, wallet) })
    : available > 0
      ? t("pending.part", { amount: amount(pending, wallet), day: from })
      : t("pending.all", { day: from });
  const bar =
    available > 0 &&
    html`<${Bar}
      fraction=${available / (available + pending)}
      ahead=${pending / (available + pending)}
      label=${t("pending.now", { amount: amount(available, wallet) })}
    />
    <p class="small num">${t("pending.now", { amount: amount(available, wallet) })}</p>`;
  return html`<div class="pending stack tight">
    ${bar}
    ${
      later
        ? html`<button class="lapse" onClick=${() => openDays(t("pending.title"), t("pending.hint"), arrivals)}>
            <${Icon} name="clock" /><span>${words}</span><${Icon} name="forward" />
          </button>`
        : html`<p class="when"><${Icon} name="clock" /><span>${words}</span></p>`
    }
  </div>`;
}

/* What the points are worth at the till. Money says so by itself. */
function Pays({ wallet }) {
  const { pay } = wallet;
  const { currency } = phone.programme ?? {};
  if (!pay || !currency || wallet.walletKind === "MONEY") return null;
  const units = Math.floor(wallet.available / pay.step) * pay.step;
  const worth = (some) => money(Math.floor((some * pay.worth) / pay.units), currency);
  const what =
    units >= pay.minimum
      ? t("pay.worth", { worth: worth(units) })
      : t("pay.from", { amount: number(pay.minimum), worth: worth(pay.minimum) });
  return html`<p class="small">
    ${pay.share < 100 ? `${what} ${t("pay.share", { share: percent(pay.share) })}` : what}
  </p>`;
}

function Lapses({ wallet }) {
  const [soonest] = wallet.expiring;
  if (!soonest)
    return wallet.available || wallet.pending ? html`<p class="small quiet">${t("lapse.never")}</p>` : null;
  return html`<button class="lapse" onClick=${() => openDays(t("lapse.title"), t("lapse.hint"), lapses)}>
    <${Icon} name="clock" />
    <span>${t("lapse.soonest", { amount: amount(soonest.amount, wallet), day: day(soonest.on) })}</span>
    <${Icon} name="forward" />
  </button>`;
}

const lapses = (wallet) => wallet.expiring.map((lot) => [day(lot.on), lot.amount]);

/* Day by day: lots that come on one are one line. */
function arrivals(wallet) {
  const sums = new Map();
  for (const { amount: coming, at } of wallet.arriving) {
    const on = dayOf(at, phone.programme?.timezone);
    sums.set(on, (sums.get(on) ?? 0) + coming);
  }
  return [...sums];
}

/* Every day on which something lapses or comes, wallet by wallet. */
function openDays(title, hint, days) {
  const Days = () => html`<div class="stack">
    <h2>${title}</h2>
    <p class="quiet">${hint}</p>
    ${phone.me.wallets
      .filter((wallet) => days(wallet).length)
      .map(
        (wallet) => html`<section class="stack tight" key=${wallet.code}>
          <h3>${wallet.name}</h3>
          <ul class="lines card">
            ${days(wallet).map(([on, some]) => html`<li key=${on}>${on}<span class="figure">${amount(some, wallet)}</span></li>`)}
          </ul>
        </section>`,
      )}
  </div>`;
  return sheet(title, Days);
}

/* The next step: what could be had now, else what time alone will bring, else what is nearest. */
function Within({ rewards }) {
  const unlocked = rewards.filter((each) => each.rewardState === "UNLOCKED").slice(0, 2);
  const nearest = rewards
    .filter(
      (each) =>
        each.rewardState === "LOCKED" &&
        each.missing &&
        each.locks.every((lock) => lock.reason === "BALANCE"),
    )
    .sort((a, b) => standing(a).missing - standing(b).missing || a.missing - b.missing)
    .slice(0, 2 - unlocked.length);
  const offers = [...unlocked, ...nearest];
  if (!offers.length) return null;
  return html`<${Part} title=${t("home.rewards")} onAll=${() => go("rewards")}>
    ${offers.map(
      (each) => html`<button class="card offer" key=${each.id} onClick=${() => openReward(each)}>
        <${Picture} image=${each.reward.image} kind=${each.reward.rewardKind} size=${64} />
        <span class="grow stack tight">
          <strong>${each.reward.title}</strong>
          <span class="small quiet">${cost(each.reward.cost)}</span>
          ${
            each.missing
              ? html`<${Progress} each=${each} />`
              : html`<span class="chip good"><${Icon} name="check" />${t("reward.yours")}</span>`
          }
        </span>
      </button>`,
    )}
  <//>`;
}

function Medals({ badges }) {
  if (!badges.length) return null;
  return html`<${Part} title=${t("tab.badges")} onAll=${() => go("badges")}>
    <ul class="medals">
      ${badges.slice(0, 4).map(
        (each) => html`<li key=${each.id}>
          <button class="medalbutton" onClick=${() => openBadge(each)}>
            <${Ring} fraction=${each.fraction} size=${68}>
              <span class=${each.level ? "" : "faint"}><${Picture} image=${each.badge.art} size=${46} /></span>
            <//>
            <small>${each.badge.name}</small>
          </button>
        </li>`,
      )}
    </ul>
  <//>`;
}
