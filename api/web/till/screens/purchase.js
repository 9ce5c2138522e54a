/* The purchase to record: total, receipt and lines as they are typed, what they would earn and why, and one
   button. */

import { field, fill, h, icon } from "/shared/dom.js";
import { amount, dayOf, money, parseMoney, plainMoney } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { isLasting } from "/shared/storage.js";
import { t } from "/shared/words.js";
import { QUOTE, RECORD } from "../queries.js";
import { drain, enqueue, mend, sendNow } from "../queue.js";
import { prefer, till } from "../till.js";
import { ask, fail, figure, finish, note, notice, picture, reasons, say, walletOf } from "./parts.js";
import { due, Payments, partText, payOffline } from "./payment.js";

const QUOTE_PAUSE_MS = 250;

/** The form of a purchase; with a refused one given as `row`, that one is mended. */
export class PurchaseForm {
  #timer = null;
  #turn = 0;
  #lines = [];
  #row = null;
  #payKey = null;

  constructor({ customer, member, row, canPay = false }) {
    this.customer = customer;
    this.member = member;
    this.#row = row;
    this.currency = row?.purchase.currency ?? till.programme.currency;
    this.total = h("input.big", {
      inputmode: "decimal",
      autocomplete: "off",
      name: "total",
      placeholder: plainMoney(0, this.currency),
      autofocus: !row && matchMedia("(pointer: fine)").matches,
    });
    this.receipt = h("input", {
      name: "receipt",
      autocomplete: "off",
      autocapitalize: "characters",
      spellcheck: "false",
      maxlength: 100,
    });
    this.totalField = field(t("purchase.total", { currency: this.currency }), this.total);
    this.receiptField = field(t("purchase.receipt"), this.receipt);
    this.lineList = h("div.stack.tight");
    this.payments = new Payments({ present: Boolean(member.visit && canPay), currency: this.currency });
    this.quoteBox = h("div.quote", { "aria-live": "polite" });
    this.whyBox = h("div.stack.tight");
    this.message = h("div", { "aria-live": "assertive" });
    this.button = h("button.button.primary.tall.wide", { disabled: true }, t("purchase.confirm"));
    this.element = h(
      "form.card.stack.buying",
      {
        oninput: () => this.changed(),
        onchange: (event) => this.left(event.target),
        onsubmit: (event) => {
          event.preventDefault();
          this.confirm();
        },
      },
      h("h2", {}, t("purchase.title")),
      row && this.#who(),
      this.totalField,
      this.receiptField,
      h(
        "details",
        { open: Boolean(row?.purchase.lines?.length) },
        h("summary", {}, t("purchase.lines")),
        this.lineList,
        h(
          "button.button.plain",
          { type: "button", onclick: () => this.addLine() },
          icon("plus"),
          t("purchase.line.add"),
        ),
      ),
      this.payments.element,
      this.quoteBox,
      this.message,
      this.button,
      this.whyBox,
    );
    if (row) this.#load(row);
  }

  /* A refused purchase may name the wrong member: a membership number may be typed in the place of what was
     scanned. */
  #who() {
    this.number = h("input", {
      name: "member",
      inputmode: "numeric",
      autocomplete: "off",
      value: this.member.number ?? "",
    });
    return field(t("purchase.member"), this.number, this.member.number ? "" : t("purchase.member.hint"));
  }

  #load({ purchase }) {
    this.total.value = plainMoney(purchase.total, this.currency);
    this.receipt.value = purchase.externalId;
    for (const line of purchase.lines ?? []) this.addLine(line);
    this.changed();
  }

  addLine(given = {}) {
    const make = (name, attributes) =>
      h("input", {
        name,
        autocomplete: "off",
        "aria-label": t(`line.${name}`),
        placeholder: t(`line.${name}`),
        ...attributes,
      });
    const line = {
      sku: make("sku", { value: given.sku ?? "" }),
      category: make("category", { value: given.category ?? "", list: "categories" }),
      quantity: make("quantity", { inputmode: "numeric", value: given.quantity ?? 1 }),
      amount: make("amount", {
        inputmode: "decimal",
        value: given.amount === undefined ? "" : plainMoney(given.amount, this.currency),
      }),
    };
    line.element = h(
      "div.line",
      {},
      line.sku,
      line.category,
      line.quantity,
      line.amount,
      h(
        "button.button.round.plain",
        { type: "button", "aria-label": t("line.remove"), onclick: () => this.removeLine(line) },
        icon("close"),
      ),
    );
    if (!document.getElementById("categories"))
      this.lineList.append(
        h(
          "datalist",
          { id: "categories" },
          (prefer("categories") ?? []).map((value) => h("option", { value })),
        ),
      );
    this.#lines.push(line);
    this.lineList.append(line.element);
    if (given.sku === undefined) line.sku.focus();
  }

  removeLine(line) {
    this.#lines = this.#lines.filter((each) => each !== line);
    line.element.remove();
    this.changed();
  }

  /** Return the purchase as typed, or null with each fault shown at its field; the receipt's only where it is
   * asked for. */
  read(showFaults, receiptToo = showFaults) {
    const total = parseMoney(this.total.value, this.currency);
    const externalId = this.receipt.value.trim();
    const lines = this.#lines.map((line) => ({
      sku: line.sku.value.trim(),
      category: line.category.value.trim() || null,
      quantity: Number(line.quantity.value),
      amount: parseMoney(line.amount.value, this.currency),
    }));
    const badLine = lines.some(
      (line) => !line.sku || !Number.isInteger(line.quantity) || line.quantity < 1 || line.amount === null,
    );
    const tooMuch = lines.reduce((sum, line) => sum + (line.amount ?? 0), 0) > (total ?? 0);
    if (showFaults) {
      this.totalField.fault(
        total === null
          ? t("purchase.total.bad")
          : badLine
            ? t("line.bad")
            : tooMuch && lines.length
              ? t("line.toomuch")
              : "",
      );
      if (receiptToo) this.receiptField.fault(externalId ? "" : t("purchase.receipt.bad"));
    }
    if (total === null || badLine || (lines.length && tooMuch)) return null;
    return { externalId, currency: this.currency, total, lines };
  }

  /* What cannot be right is told where it was typed, once the field is left: while it is typed it is only not
     finished. */
  left(input) {
    if (input === this.receipt)
      this.receiptField.fault(this.receipt.value.trim() ? "" : t("purchase.receipt.bad"));
    else if (input === this.total || input.name === "amount") this.read(true, false);
  }

  changed() {
    clearTimeout(this.#timer);
    const purchase = this.read(false);
    this.button.disabled = true;
    this.#payKey = null;
    const turn = ++this.#turn;
    fill(this.whyBox);
    if (!purchase) {
      this.#payNothing();
      return fill(this.quoteBox);
    }
    if (!this.customer) {
      this.button.disabled = !purchase.externalId;
      return fill(this.quoteBox, this.#row ? "" : [h("p.hint", {}, t("quote.offline")), payOffline()]);
    }
    this.#timer = setTimeout(() => this.quote(purchase, turn), QUOTE_PAUSE_MS);
  }

  async quote({ externalId, ...purchase }, turn) {
    const { wallets } = this.customer;
    try {
      const quotePurchase = await this.#askQuote({
        ...purchase,
        member: this.member.visit ?? this.member.id,
      });
      if (turn !== this.#turn) return;
      const { payable, payment = [], paid } = quotePurchase;
      this.payments.show(payable);
      fill(
        this.button,
        payment.length ? t("pay.confirm", { left: money(paid, this.currency) }) : t("purchase.confirm"),
      );
      const totals = earned(quotePurchase.entries, wallets).filter((each) => each.amount !== 0);
      fill(
        this.quoteBox,
        payment.length ? due({ payment, paid, currency: this.currency }) : null,
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
        quotePurchase.tierAfter &&
          quotePurchase.tierAfter.code !== this.customer.tier?.current.code &&
          h("p.gain", {}, icon("star"), t("quote.tier", { tier: quotePurchase.tierAfter.name })),
        quotePurchase.unlocks.map((each) =>
          h("p.gain", {}, picture(each.reward, 36), t("quote.unlocks", { title: each.reward.title })),
        ),
        spendable(quotePurchase.entries, wallets),
      );
      fill(this.whyBox, h("h3.unseen", {}, t("quote.why")), reasons(quotePurchase.explanation, wallets));
    } catch (error) {
      if (turn !== this.#turn) return;
      const text = say(error);
      const isOffline = error.constructor.name === "NoNetwork";
      this.#payNothing();
      fill(
        this.quoteBox,
        notice(isOffline ? t("quote.offline") : text, "bad", "cloud"),
        isOffline && payOffline(),
      );
      if (!isOffline) return;
    }
    this.button.disabled = !externalId;
    this.totalField.fault("");
    // What is being typed in stays in sight, whatever was drawn above it.
    if (this.element.contains(document.activeElement))
      document.activeElement.scrollIntoView({ block: "nearest" });
    if (externalId) this.receiptField.fault("");
    else if (![this.total, this.receipt].includes(document.activeElement))
      this.receiptField.fault(t("purchase.receipt.bad"));
  }

  /* What was chosen to be paid with wallets may be more than fits what was typed since: then it is brought down
     to what does. */
  async #askQuote(input) {
    const { payWith } = this.payments;
    try {
      return (await ask(QUOTE, { input: payWith.length ? { ...input, payWith } : input })).quotePurchase;
    } catch (error) {
      if (!payWith.length || !error.field?.startsWith("payWith")) throw error;
    }
    const { quotePurchase } = await ask(QUOTE, { input });
    this.payments.show(quotePurchase.payable);
    const fitting = this.payments.payWith;
    if (!fitting.length) return quotePurchase;
    return (await ask(QUOTE, { input: { ...input, payWith: fitting } })).quotePurchase;
  }

  /* What wallets pay is never kept for later: the member has to be here when it is taken. The same press again
     sends the same key, so an answer that was lost comes back. */
  async #pay(purchase) {
    this.#payKey ??= newKey();
    try {
      await drain();
      const input = { ...purchase, member: this.member.visit, idempotencyKey: this.#payKey };
      return (await ask(RECORD, { input })).recordPurchase;
    } catch (error) {
      const text = say(error);
      return { message: error.constructor.name === "NoNetwork" ? t("pay.unsure") : text };
    }
  }

  #payNothing() {
    this.payments.clear();
    fill(this.button, t("purchase.confirm"));
  }

  /** The visit is over: nothing can be paid with wallets any more. */
  visitOver(text) {
    this.say(text, "bad");
    if (!this.payments.payWith.length) return this.payments.end();
    this.payments.end();
    fill(this.quoteBox);
    return fill(this.button, t("purchase.confirm"));
  }

  say(text, kind) {
    fill(this.message, text && notice(text, kind, "close"));
  }

  async confirm() {
    const purchase = this.read(true);
    if (!purchase || !purchase.externalId || this.button.disabled) return;
    this.button.disabled = true;
    this.button.setAttribute("aria-busy", "true");
    this.say("");
    prefer(
      "categories",
      [
        ...new Set([
          ...purchase.lines.map((line) => line.category).filter(Boolean),
          ...(prefer("categories") ?? []),
        ]),
      ].slice(0, 40),
    );
    const { payWith } = this.payments;
    if (payWith.length) return this.settle(await this.#pay({ ...purchase, payWith }), purchase);
    // Written down first: from here on the purchase is sent exactly once, whatever becomes of page, tablet or
    // network.
    const typed = this.number?.value.trim();
    const member = typed ? { number: typed.replace(/\s/g, ""), name: null } : this.member;
    const kept = this.#row ? await mend(this.#row, member, purchase) : await enqueue(member, purchase);
    this.#row = kept;
    const answer = await sendNow(kept);
    this.settle(answer, purchase);
  }

  settle(answer, purchase) {
    this.button.removeAttribute("aria-busy");
    if (answer === null)
      return finish(this.element, {
        kind: "waiting",
        title: t("done.kept"),
        subtitle: t(isLasting() ? "done.kept.hint" : "done.kept.page"),
        name: money(purchase.total, this.currency),
      });
    // Recorded by an earlier attempt, whose answer was lost: what it earned is in the member's history.
    if (answer.isRecorded && answer.__typename !== "PurchaseRecorded")
      return finish(this.element, { title: t("done.recorded"), name: money(purchase.total, this.currency) });
    if (answer.__typename !== "PurchaseRecorded") {
      this.button.disabled = false;
      return fail(this.message, [answer.message, paidBefore(answer)].filter(Boolean).join(" "));
    }
    const { customer, entries: list, unlocked, earnedBadges, tierChange } = answer;
    const { payment = [], paid, currency } = answer.purchase;
    const totals = earned(list, customer.wallets);
    note("PURCHASE", purchase.externalId, {
      amount: purchase.total,
      currency: this.currency,
      name: customer.name,
    });
    finish(this.element, {
      title: t("done.recorded"),
      name: customer.name,
      due: payment.length ? { payment, paid, currency } : null,
      totals,
      wallets: customer.wallets,
      list,
      unlocked,
      badges: earnedBadges,
      cards: (customer.badges ?? []).filter((each) => each.badge.every),
      tier: tierChange && customer.tier?.current.name,
      subtitle: balance(customer.wallets[0]),
    });
  }

  close() {
    clearTimeout(this.#timer);
    this.#turn++;
  }
}

/* What there is to spend now, and what is on its way where something is. */
function balance(wallet) {
  const words = t("done.balance", { amount: amount(wallet.available, wallet), wallet: wallet.name });
  return wallet.pending
    ? t("done.balance.pending", { balance: words, pending: amount(wallet.pending, wallet) })
    : words;
}

/* What a purchase earned of each wallet: without what was paid with it. */
function earned(list, wallets) {
  return wallets.map(({ code }) => ({
    wallet: code,
    amount: list
      .filter((entry) => entry.wallet === code && entry.entryKind !== "SPEND")
      .reduce((sum, entry) => sum + entry.amount, 0),
  }));
}

/* What wallets paid of a receipt that was recorded before, and what was left to pay: its answer may have been
   lost. */
function paidBefore({ sameMember, claimed }) {
  if (!sameMember || !claimed?.payment?.length) return "";
  const { payment, paid, currency } = claimed;
  const parts = payment.map((part) => partText(part, currency)).join(", ");
  return t("pay.before", { parts, left: money(paid, currency) });
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
