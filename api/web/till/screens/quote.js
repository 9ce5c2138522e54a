/* What a purchase would earn, shown before it is recorded: each wallet's gain, the tier and rewards that it
   reaches, and from when it can be spent. */

import { dayOf, money, signed } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { Icon } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { till } from "../till.js";
import { walletOf } from "./parts.js";
import { partText } from "./payment.js";
import { Figure, Picture } from "./pieces.js";

/** What is earned, in one line: beside the button, in sight whatever else there is. */
export function Earns({ quote, customer: { wallets } }) {
  const totals = earned(quote.entries, wallets).filter((each) => each.amount !== 0);
  return html`<div class="earns">
    <span>${t("quote.earns")}</span> ${
      totals.length
        ? totals.map(
            (each) => html`<strong class="num"
              ><${Figure} value=${each.amount} wallet=${walletOf(wallets, each.wallet)} /> ${
                walletOf(wallets, each.wallet)?.name
              }</strong
            >`,
          )
        : html`<strong>${t("quote.nothing")}</strong>`
    }
  </div>`;
}

/** "+273", of the first wallet that earns; null where nothing does. */
export function gain(quote, wallets) {
  const first = earned(quote.entries, wallets).find((each) => each.amount > 0);
  return first ? signed(first.amount, walletOf(wallets, first.wallet)) : null;
}

/** What else a quote says: what each voucher and wallet takes off, what is reached, and when it can be spent. */
export function QuoteLines({ basket }) {
  const { quote, customer, currency, chosenVouchers, discounts } = basket;
  const { payment = [], tierAfter, unlocks, entries } = quote;
  return html`
    ${chosenVouchers.map(
      ({ id, title }, i) =>
        discounts.off[i] > 0 &&
        html`<p key=${id} class="part off">${t("basket.off", { title, amount: money(discounts.off[i], currency) })}</p>`,
    )}
    ${payment.map((part) => html`<p class="part">${partText(part, currency)}</p>`)}
    ${
      tierAfter &&
      tierAfter.code !== customer.tier?.current.code &&
      html`<p class="gain"><${Icon} name="star" />${t("quote.tier", { tier: tierAfter.name })}</p>`
    }
    ${unlocks.map(
      (each) => html`<p class="gain">
        <${Picture} reward=${each.reward} size=${36} />${t("quote.unlocks", { title: each.reward.title })}
      </p>`,
    )}
    <${Spendable} entries=${entries} wallets=${customer.wallets} />
  `;
}

/** What a purchase earned of each wallet: without what was paid with it. */
export function earned(list, wallets) {
  return wallets.map(({ code }) => ({
    wallet: code,
    amount: list
      .filter((entry) => entry.wallet === code && entry.entryKind !== "SPEND")
      .reduce((sum, entry) => sum + entry.amount, 0),
  }));
}

/* From when what is earned can be spent, where that is not at once: one wallet's may wait while another's
   does not. */
function Spendable({ entries, wallets }) {
  const first = new Map();
  for (const { wallet, availableAt } of entries)
    if (availableAt && !(first.get(wallet) <= availableAt)) first.set(wallet, availableAt);
  return [...first].map(
    ([code, at]) => html`<p class="small quiet">
      ${walletOf(wallets, code)?.name} ${t("spendable.from", { day: dayOf(at, till.programme?.timezone) })}
    </p>`,
  );
}
