/* What becomes of a basket when it is confirmed: a sale alone is kept on the device and sent exactly once; with
   vouchers or a payment it is one act at the server, now or not at all; a voucher alone is accepted. */

import { amount, money } from "/shared/format.js";
import { NoNetwork, newKey } from "/shared/graphql.js";
import { toast } from "/shared/passing.js";
import { isLasting } from "/shared/storage.js";
import { t } from "/shared/words.js";
import { CHECKOUT, RECORD, USE_VOUCHER } from "./queries.js";
import { discard, drain, enqueue, mend, sendNow } from "./queue.js";
import { Scanner } from "./scanner.js";
import { ask, finish, note, say, worth } from "./screens/parts.js";
import { partText } from "./screens/payment.js";
import { earned } from "./screens/quote.js";
import { signal } from "./sounds.js";
import { go, prefer, till } from "./till.js";

const CATEGORIES_KEPT = 40;

/** Record what a basket holds, and show what came of it. */
export async function settle(basket) {
  if (basket.isBusy) return;
  if (!basket.isVoucherAlone && basket.totalFault) {
    basket.faults = { ...basket.faults, total: basket.totalFault };
    basket.changed();
    return;
  }
  if (!basket.isReady) return;
  basket.isBusy = true;
  basket.message = "";
  basket.voucherFaults.clear();
  basket.key ??= newKey();
  basket.changed();
  try {
    await (basket.isVoucherAlone
      ? acceptVouchers(basket)
      : basket.chosenVouchers.length || basket.payWith.length
        ? checkOut(basket)
        : record(basket));
  } finally {
    basket.isBusy = false;
    basket.changed();
  }
}

/* Say what is wrong where the cashier stands; in passing, where they have gone on. */
function refuse(basket, text) {
  signal("bad");
  if (basket.element?.isConnected) basket.message = text;
  else toast(text, "bad");
}

function rememberCategories({ readLines }) {
  if (till.isTraining) return;
  const named = readLines.map((line) => line.category).filter(Boolean);
  prefer("categories", [...new Set([...named, ...(prefer("categories") ?? [])])].slice(0, CATEGORIES_KEPT));
}

/* ---------------------------------------------------------------- a sale alone */
/* Written down first: from here on the purchase is sent exactly once, whatever becomes of page, tablet or
   network. */
async function record(basket) {
  rememberCategories(basket);
  const { purchase } = basket;
  if (till.isTraining) return train(basket, purchase);
  const number = basket.number.replace(/\s/g, "");
  const member = basket.row && number ? { number, name: null } : basket.member;
  const isMended = Boolean(basket.row);
  const kept = isMended ? await mend(basket.row, member, purchase) : await enqueue(member, purchase);
  if (isMended) basket.row = kept;
  const answer = await sendNow(kept);
  if (answer === null) {
    basket.isDone = true;
    return finish(basket.element, {
      kind: "waiting",
      title: t("done.kept"),
      subtitle: t(isLasting() ? "done.kept.hint" : "done.kept.page"),
      name: money(purchase.total, purchase.currency),
      undo: { row: kept },
    });
  }
  if (answer.isRecorded && answer.__typename !== "PurchaseRecorded") {
    // Recorded by an earlier attempt, whose answer was lost: what it earned is in the member's history.
    basket.isDone = true;
    return finish(basket.element, {
      title: t("done.recorded"),
      name: money(purchase.total, purchase.currency),
      undo: undoOf(purchase),
    });
  }
  if (answer.__typename === "PurchaseRecorded") return celebrate(basket, answer);
  // The cashier reads it here and mends it here: it is no purchase of this device any more.
  if (!isMended && basket.element?.isConnected) await discard(kept);
  return refuse(basket, [answer.message, paidBefore(answer)].filter(Boolean).join(" "));
}

async function train(basket, purchase) {
  const input = { ...purchase, member: basket.member.id, idempotencyKey: basket.key };
  const { recordPurchase: answer } = await ask(RECORD, { input });
  return answer.__typename === "PurchaseRecorded"
    ? celebrate(basket, answer)
    : refuse(basket, answer.message);
}

/* ---------------------------------------------------------------- vouchers, payment and purchase */
/* Never kept for later: the member has to be here when it is taken. The same press again sends the same key, so an
   answer that was lost comes back. */
async function checkOut(basket) {
  rememberCategories(basket);
  const { purchase, discounts, payWith, member } = basket;
  const vouchers = basket.chosenVouchers.map(({ id }, i) => {
    const code = basket.chosen.get(id);
    return { ...(code ? { code } : { voucherId: id }), discount: discounts.off[i] };
  });
  const input = {
    ...purchase,
    member: member.visit ?? member.id,
    vouchers,
    payWith,
    idempotencyKey: basket.key,
  };
  let answer;
  try {
    await drain();
    ({ checkout: answer } = await ask(CHECKOUT, { input }));
  } catch (error) {
    const text = say(error);
    return refuse(basket, error instanceof NoNetwork ? t("pay.unsure") : text);
  }
  if (answer.__typename === "CheckedOut") {
    for (const code of basket.chosen.values()) if (code) Scanner.pass(code);
    return celebrate(basket, answer);
  }
  // Another try is another request: what stood in its way may be mended in the same basket.
  basket.key = null;
  if (answer.__typename === "VoucherNotUsable") {
    basket.voucherFaults.set(answer.voucherId, answer.message);
    basket.chosen.delete(answer.voucherId);
    basket.typed();
  }
  return refuse(basket, [answer.message, paidBefore(answer)].filter(Boolean).join(" "));
}

function celebrate(basket, answer) {
  const { customer, entries: list, unlocked, earnedBadges, tierChange, vouchers = [] } = answer;
  const { payment = [], paid, total, currency, externalId } = answer.purchase;
  basket.isDone = true;
  note("PURCHASE", externalId, { amount: total, currency, name: customer.name });
  finish(basket.element, {
    title: t("done.recorded"),
    name: customer.name,
    due: payment.length || vouchers.length ? { payment, paid: paid ?? total, currency } : null,
    back: vouchers.map(({ title }) => t("done.voucher.with", { title })),
    totals: earned(list, customer.wallets),
    wallets: customer.wallets,
    list,
    unlocked,
    badges: earnedBadges,
    cards: (customer.badges ?? []).filter((each) => each.badge.every),
    tier: tierChange && customer.tier?.current.name,
    subtitle: balance(customer.wallets[0]),
    undo: undoOf({ externalId, total, currency }, vouchers),
  });
}

/* What the success screen needs to take a purchase back. */
function undoOf({ externalId, total, currency }, vouchers = []) {
  return { externalId, total, currency, vouchers: vouchers.map(({ id, title }) => ({ id, title })) };
}

/* What there is to spend now, and what is on its way where something is. */
function balance(wallet) {
  const words = t("done.balance", { amount: amount(wallet.available, wallet), wallet: wallet.name });
  return wallet.pending
    ? t("done.balance.pending", { balance: words, pending: amount(wallet.pending, wallet) })
    : words;
}

/* What wallets paid of a receipt that was recorded before, and what was left to pay: its answer may have been
   lost. */
function paidBefore({ sameMember, claimed }) {
  if (!sameMember || !claimed?.payment?.length) return "";
  const { payment, paid, currency } = claimed;
  const parts = payment.map((part) => partText(part, currency)).join(", ");
  return t("pay.before", { parts, left: money(paid, currency) });
}

/* ---------------------------------------------------------------- a voucher alone */
async function acceptVouchers(basket) {
  for (const voucher of basket.chosenVouchers) {
    const code = basket.chosen.get(voucher.id);
    try {
      const { useVoucher: answer } = await ask(USE_VOUCHER, {
        input: { code, purchase: basket.receipt.trim() || null, idempotencyKey: keyOf(basket, voucher) },
      });
      if (!isAccepted(basket, voucher, answer, code)) return;
      note("VOUCHER_USED", answer.voucher.title, { name: answer.customer.name, voucherId: voucher.id });
      Scanner.pass(code);
    } catch (error) {
      return refuse(basket, say(error));
    }
  }
  basket.isDone = true;
  const titles = basket.chosenVouchers.map(({ title }) => title).join(", ");
  finish(basket.element, {
    title: t("done.voucher"),
    name: `${titles} · ${basket.customer.name}`,
    subtitle: basket.chosenVouchers
      .map(({ value }) => worth(value))
      .filter(Boolean)
      .join(", "),
    undo: { vouchers: basket.chosenVouchers.map(({ id, title }) => ({ id, title })) },
  });
}

/* One key for each voucher of a press: pressed again after a cut, the same yes comes back. */
function keyOf(basket, { id }) {
  return basket.chosenVouchers.length > 1 ? `${basket.key}-${id}`.slice(0, 128) : basket.key;
}

/* A voucher that was good a moment ago and is no longer: the whole screen says so. */
function isAccepted(basket, voucher, answer, code) {
  const { customer } = basket;
  const show = (params) => {
    basket.isDone = true;
    go("voucher", { customer, usable: false, code, ...params });
  };
  // The answer to a repeated press is the voucher as it is by now: a manager may have taken the use back since.
  if (answer.__typename === "VoucherAccepted") {
    if (answer.voucher.voucherState === "USED") return true;
    if (basket.element?.isConnected)
      show({ voucher: answer.voucher, takenBack: answer.voucher.voucherState === "ISSUED" });
    else refuse(basket, t("voucher.takenBack"));
    return false;
  }
  const { message, voucherState = voucher.voucherState, usedAt = null, usedIn = null } = answer;
  if (basket.element?.isConnected && voucherState !== "ISSUED")
    show({ voucher: { ...voucher, voucherState, usedAt, usedIn }, reason: message });
  else {
    basket.voucherFaults.set(voucher.id, message);
    refuse(basket, message);
  }
  return false;
}
