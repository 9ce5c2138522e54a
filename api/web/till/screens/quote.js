/* What a purchase would earn, shown before it is recorded: what is left to pay, each wallet's gain, the tier and
   rewards that it reaches, and from when it can be spent. */

import { h, icon } from "/shared/dom.js";
import { dayOf } from "/shared/format.js";
import { t } from "/shared/words.js";
import { till } from "../till.js";
import { figure, picture, walletOf } from "./parts.js";
import { due } from "./payment.js";

/** The lines of a quote for a customer, in the currency of the purchase. */
export function quoteLines({ entries, payment = [], paid, tierAfter, unlocks }, { wallets, tier }, currency) {
  const totals = earned(entries, wallets).filter((each) => each.amount !== 0);
  return [
    payment.length ? due({ payment, paid, currency }) : null,
    h(
      "div.earns",
      {},
      h("span", {}, t("quote.earns")),
      totals.length
        ? totals.map((each) =>
            h(
              "strong.num",
              {},
              figure(each.amount, walletOf(wallets, each.wallet)),
              " ",
              walletOf(wallets, each.wallet)?.name,
            ),
          )
        : h("strong", {}, t("quote.nothing")),
    ),
    tierAfter &&
      tierAfter.code !== tier?.current.code &&
      h("p.gain", {}, icon("star"), t("quote.tier", { tier: tierAfter.name })),
    unlocks.map((each) =>
      h("p.gain", {}, picture(each.reward, 36), t("quote.unlocks", { title: each.reward.title })),
    ),
    spendable(entries, wallets),
  ];
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
function spendable(list, wallets) {
  const first = new Map();
  for (const { wallet, availableAt } of list)
    if (availableAt && !(first.get(wallet) <= availableAt)) first.set(wallet, availableAt);
  return [...first].map(([code, at]) =>
    h(
      "p.small.quiet",
      {},
      walletOf(wallets, code)?.name,
      " ",
      t("spendable.from", { day: dayOf(at, till.programme?.timezone) }),
    ),
  );
}
