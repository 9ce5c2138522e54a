/* Pieces that several screens show, as Preact elements: amounts, reasons, rewards, tiers. */

import { anyOf, countText, dayOf, signed } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { Icon, KindIcon } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { till } from "../till.js";
import { walletOf, why } from "./parts.js";

export function Figure({ value, wallet }) {
  return html`<span class=${`figure ${value > 0 ? "plus" : value < 0 ? "minus" : "off"}`}>${signed(value, wallet)}</span>`;
}

/** What a wallet gained or lost, large, with the wallet's name. */
export function Total({ value, wallet }) {
  return html`<p class="total num">${signed(value, wallet)} <span class="unit">${wallet?.name ?? ""}</span></p>`;
}

/** What is taken or given, by wallet: totals as a quote lists them. */
export function Totals({ list }) {
  return html`<ul class="lines">
    ${list.map(
      (each) => html`<li>
        <span>${each.name}</span>
        <${Figure} value=${each.amount} wallet=${{ ...each, walletKind: each.currency ? "MONEY" : "POINTS" }} />
      </li>`,
    )}
  </ul>`;
}

/** Each rule that counted; folded beneath, each that did not, with its reason. A rule that nobody gave a
 * title tells people nothing. */
export function Reasons({ all, wallets }) {
  const outcomes = all.filter((outcome) => outcome.title !== outcome.rule || outcome.amount);
  const counted = outcomes.filter((outcome) => outcome.applied);
  const others = outcomes.filter((outcome) => !outcome.applied);
  const line = (outcome) => html`<li class=${outcome.applied ? undefined : "off"}>
    <span>${outcome.title}${outcome.reason && html`<small class="why">${why(outcome.reason)}</small>`}</span>
    ${
      outcome.applied && outcome.amount !== 0
        ? html`<${Figure} value=${outcome.amount} wallet=${walletOf(wallets, outcome.wallet)} />`
        : html`<span class="figure off">${outcome.applied ? html`<${Icon} name="check" />` : "\u2013"}</span>`
    }
  </li>`;
  return html`
    ${counted.length > 0 && html`<ul class="lines reasons">${counted.map(line)}</ul>`}
    ${
      others.length > 0 &&
      html`<details>
        <summary>${t("reasons.others", { count: others.length })}</summary>
        <ul class="lines reasons">${others.map(line)}</ul>
      </details>`
    }
  `;
}

/** What a purchase or a refund does to each wallet, with the day on which it becomes spendable. */
export function Entries({ list, wallets }) {
  return html`<ul class="lines">
    ${list.map(
      (entry) => html`<li>
        <span
          >${entry.title}${
            entry.availableAt &&
            html`<small class="why"
              >${t("spendable.from", { day: dayOf(entry.availableAt, till.programme?.timezone) })}</small
            >`
          }</span
        >
        <${Figure} value=${entry.amount} wallet=${walletOf(wallets, entry.wallet)} />
      </li>`,
    )}
  </ul>`;
}

/** A reward's picture, or the drawing of its kind where it has none. */
export function Picture({ reward, size = 64 }) {
  if (reward.image)
    return html`<img class="picture" src=${reward.image} alt="" width=${size} height=${size} />`;
  return html`<span
    class="picture sign"
    aria-hidden="true"
    ref=${(place) => place?.style.setProperty("--size", `${size}px`)}
    ><${KindIcon} kind=${reward.rewardKind}
  /></span>`;
}

export function TierChip({ tier }) {
  if (!tier) return null;
  return html`<span class="chip gold"
    ><span
      class="dot"
      ref=${(place) => place?.style.setProperty("background", tier.current.colour ?? "currentcolor")}
    ></span
    >${tier.current.name}</span
  >`;
}

/** What each of several counts, such as nights or spend, misses for the next tier: any one is enough. */
export function TierWay({ tier }) {
  const leading = tier?.next ? (tier.counts ?? []).filter((count) => count.toNext !== null) : [];
  if (!leading.length) return null;
  const counts = anyOf(leading.map((count) => countText(count.toNext, count)));
  return html`<p class="small quiet">${t("tier.way", { tier: tier.next.name, counts })}</p>`;
}
