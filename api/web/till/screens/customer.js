/* A member stands here: who they are, what they have, and the purchase to record, with its reasons before it
   is confirmed. Without a network the purchase is kept on the device; with an old one given as `row`, that
   one is mended. */

import { h, icon } from "/shared/dom.js";
import { amount } from "/shared/format.js";
import { t } from "/shared/words.js";
import { Scanner } from "../scanner.js";
import { go, session, till } from "../till.js";
import { attributes } from "./attributes.js";
import { collecting } from "./collecting.js";
import { managing } from "./manager.js";
import { expiry, notice, picture, tierChip, tierWay, walletOf } from "./parts.js";
import { PurchaseForm } from "./purchase.js";

export function customerScreen(
  element,
  { customer = null, visit = null, visitExpiresAt = null, canPay = false, offline = null, row = null },
) {
  const member =
    row?.member ?? (offline ? { ...offline, name: null } : { visit, id: customer.id, name: customer.name });
  const frozen = customer?.status === "FROZEN";
  const form = new PurchaseForm({ customer, member, row, canPay });
  element.append(
    h(
      "div.row.spread",
      {},
      h("button.button.round.plain", { "aria-label": t("back"), onclick: () => go("scan") }, icon("back")),
      customer &&
        till.manager &&
        managing(
          customer,
          (now) => element.isConnected && go("customer", { customer: now, visit, visitExpiresAt, canPay }),
        ),
    ),
    customer ? face(customer) : stranger(member, row),
    frozen ? notice(t("customer.frozen"), "bad", "lock") : form.element,
    customer && !frozen ? collecting(customer) : "",
    customer && !frozen ? rewards(customer) : "",
    customer ? attributes(customer) : "",
  );
  const ends =
    visitExpiresAt &&
    setTimeout(
      () => form.visitOver(t("customer.visit.over")),
      Math.max(0, Date.parse(visitExpiresAt) - session.now()),
    );
  return () => {
    clearTimeout(ends);
    form.close();
    Scanner.forget();
  };
}

function face(customer) {
  return h(
    "div.lift",
    {},
    h(
      "div.stamp.face",
      {},
      h("div.row.spread.wrap", {}, h("h1", { tabindex: -1 }, customer.name), tierChip(customer.tier)),
      h("p.small.quiet.code", {}, customer.number),
      tierWay(customer.tier),
      till.manager && customer.segments?.length
        ? h(
            "ul.chips",
            { "aria-label": t("customer.segments") },
            customer.segments.map((segment) => h("li.chip", {}, segment.name)),
          )
        : null,
      h(
        "ul.wallets",
        {},
        customer.wallets.map((wallet) =>
          h(
            "li",
            {},
            h("strong.num", {}, amount(wallet.available, wallet)),
            h("span", {}, wallet.name),
            h(
              "small.quiet",
              {},
              [
                wallet.pending && t("wallet.pending", { amount: amount(wallet.pending, wallet) }),
                wallet.debt && t("wallet.debt", { amount: amount(wallet.debt, wallet) }),
                expiry(wallet),
              ]
                .filter(Boolean)
                .join(" · "),
            ),
          ),
        ),
      ),
    ),
  );
}

function stranger(member, row) {
  return h(
    "div.lift",
    {},
    h(
      "div.stamp.face",
      {},
      h("h1", { tabindex: -1 }, member.name ?? t(row ? "customer.mend" : "customer.offline")),
      h("p.code", {}, member.number ?? ""),
      row?.problem && notice(row.problem.message, "bad", "close"),
      !row && h("p.quiet", {}, t("customer.offline.hint")),
    ),
  );
}

function rewards(customer) {
  const list = customer.rewards.edges.map((edge) => edge.node.reward);
  if (!list.length) return "";
  return h(
    "section.stack.tight",
    {},
    h("h2", {}, t("customer.redeemable")),
    h(
      "ul.shelf",
      {},
      list.map((reward) =>
        h(
          "li",
          {},
          picture(reward, 44),
          h("span.grow", {}, reward.title),
          reward.cost && h("span.figure.num", {}, cost(reward.cost, customer.wallets)),
        ),
      ),
    ),
    h("p.small.quiet", {}, t("customer.redeemable.hint")),
  );
}

/* What a reward costs: points with their wallet's name, since a programme may have several. */
function cost({ wallet: code, amount: value }, wallets) {
  const wallet = walletOf(wallets, code);
  return wallet?.walletKind === "MONEY"
    ? amount(value, wallet)
    : t("cost", { amount: amount(value, wallet), wallet: wallet?.name ?? code });
}
