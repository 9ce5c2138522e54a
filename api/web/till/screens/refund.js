/* A receipt comes back: all that is left, an amount, or lines; what it takes back is seen before it is
   confirmed. Needs the network. */

import { busy, field, fill, h } from "/shared/dom.js";
import { instant, money, parseMoney, plainMoney } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { t } from "/shared/words.js";
import { FIND_PURCHASE, QUOTE_REFUND, REFUND } from "../queries.js";
import { till } from "../till.js";
import { ask, fail, figure, finish, note, notice, say } from "./parts.js";
import { partText } from "./payment.js";

const QUOTE_PAUSE_MS = 250;

export function refundScreen(element) {
  const receipt = h("input", {
    name: "receipt",
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    autofocus: true,
  });
  const receiptField = field(t("purchase.receipt"), receipt);
  const found = h("div", { "aria-live": "polite" });
  const button = h("button.button.primary", {}, t("refund.find"));
  element.append(
    h("h1", { tabindex: -1 }, t("refund.title")),
    h(
      "form.card.row",
      {
        onsubmit: (event) => {
          event.preventDefault();
          const externalId = receipt.value.trim();
          receiptField.fault(externalId ? "" : t("purchase.receipt.bad"));
          if (externalId) busy(button, () => look(found, externalId));
        },
      },
      h("div.grow", {}, receiptField),
      button,
    ),
    found,
  );
}

async function look(found, externalId) {
  try {
    const { purchase } = await ask(FIND_PURCHASE, { externalId });
    fill(found, purchase ? new Refund(purchase).element : notice(t("refund.unknown"), "bad", "close"));
  } catch (error) {
    fill(found, notice(say(error), "bad", "cloud"));
  }
}

class Refund {
  #timer = null;
  #turn = 0;
  #way = "all";
  #key = newKey();
  #refundId = newKey();

  constructor(purchase) {
    this.purchase = purchase;
    this.left = purchase.total - purchase.refunded;
    const isOpen = this.left > 0 || purchase.lines.some((line) => line.quantity > line.refundedQuantity);
    const { currency } = purchase;
    this.amount = h("input", {
      inputmode: "decimal",
      autocomplete: "off",
      name: "amount",
      value: plainMoney(this.left, currency),
    });
    this.amountField = field(t("refund.amount", { currency }), this.amount);
    this.counts = purchase.lines.map((line) =>
      h("input", {
        inputmode: "numeric",
        name: `line-${line.line}`,
        value: 0,
        "aria-label": `${line.name ?? line.sku}: ${t("line.quantity")}`,
      }),
    );
    this.lineList = h(
      "ul.lines",
      {},
      purchase.lines.map((line, i) =>
        h(
          "li",
          {},
          h(
            "span.grow",
            {},
            line.name ?? line.sku,
            h(
              "small.why",
              {},
              t("refund.line", {
                left: line.quantity - line.refundedQuantity,
                of: line.quantity,
                amount: money(line.amount - line.refundedAmount, currency),
              }),
            ),
          ),
          this.counts[i],
        ),
      ),
    );
    this.reason = h("input", { name: "reason", autocomplete: "off", maxlength: 100 });
    this.reasonField = field(t("refund.reason"), this.reason);
    this.quoteBox = h("div.quote", { "aria-live": "polite" });
    this.message = h("div", { "aria-live": "assertive" });
    this.button = h("button.button.primary.tall.wide", { disabled: true }, t("refund.confirm"));
    this.ways = h("div.segments", { role: "group", "aria-label": t("refund.title") });
    this.element = h(
      "form.card.stack",
      {
        oninput: (event) => {
          if (event.target === this.reason)
            this.#key = newKey(); // another request, but the same refund
          else this.changed();
        },
        onsubmit: (event) => {
          event.preventDefault();
          this.confirm();
        },
      },
      h(
        "div.row.spread.wrap",
        {},
        h("h2", {}, purchase.externalId),
        h("span.quiet", {}, instant(purchase.occurredAt, till.programme?.timezone)),
      ),
      h(
        "p",
        {},
        t("refund.left", { left: money(this.left, currency), total: money(purchase.total, currency) }),
      ),
      purchase.payment?.length
        ? h(
            "p.small.quiet",
            {},
            t("refund.paid", {
              parts: purchase.payment.map((part) => partText(part, currency)).join(", "),
              money: money(purchase.paid, currency),
            }),
          )
        : "",
      ...(isOpen
        ? [
            this.ways,
            this.amountField,
            this.lineList,
            this.quoteBox,
            this.reasonField,
            this.message,
            this.button,
          ]
        : [notice(t("refund.none"))]),
    );
    this.choose("all");
  }

  choose(way) {
    this.#way = way;
    const ways = this.purchase.lines.length ? ["all", "amount", "lines"] : ["all", "amount"];
    fill(
      this.ways,
      ways.map((each) =>
        h(
          "button",
          { type: "button", "aria-pressed": String(each === way), onclick: () => this.choose(each) },
          t(`refund.${each}`),
        ),
      ),
    );
    this.amountField.hidden = way !== "amount";
    this.lineList.hidden = way !== "lines";
    this.changed();
  }

  read() {
    const input = { externalId: this.purchase.externalId };
    if (this.#way === "amount") input.amount = parseMoney(this.amount.value, this.purchase.currency);
    if (this.#way === "lines")
      input.lines = this.purchase.lines
        .map(({ line }, i) => ({ line, quantity: Number(this.counts[i].value) }))
        .filter(({ quantity }) => quantity > 0);
    const usable =
      input.amount !== null &&
      input.amount !== 0 &&
      (input.lines === undefined ||
        (input.lines.length > 0 && input.lines.every(({ quantity }) => Number.isInteger(quantity))));
    return usable ? input : null;
  }

  changed() {
    clearTimeout(this.#timer);
    this.#key = newKey();
    this.#refundId = newKey();
    this.button.disabled = true;
    const input = this.read();
    const turn = ++this.#turn;
    fill(this.quoteBox);
    const tooMuch = this.#way === "amount" && input && input.amount > this.left;
    this.amountField.fault(
      tooMuch ? t("refund.toomuch", { left: money(this.left, this.purchase.currency) }) : "",
    );
    if (input && !tooMuch) this.#timer = setTimeout(() => this.quote(input, turn), QUOTE_PAUSE_MS);
  }

  async quote(input, turn) {
    try {
      const { quoteRefund } = await ask(QUOTE_REFUND, { input });
      if (turn !== this.#turn) return;
      const { currency } = this.purchase;
      const totals = lost(quoteRefund.totals, quoteRefund.back).filter((each) => each.amount !== 0);
      fill(
        this.quoteBox,
        quoteRefund.back?.wallets.length ? givesBack(quoteRefund.back, currency) : null,
        h("h3", {}, t("refund.takes")),
        totals.length ? takes(totals) : h("p", {}, t("refund.takes.nothing")),
      );
      this.button.disabled = false;
    } catch (error) {
      if (turn === this.#turn) fill(this.quoteBox, notice(say(error), "bad", "close"));
    }
  }

  async confirm() {
    const input = this.read();
    const reason = this.reason.value.trim();
    this.reasonField.fault(reason ? "" : t("adjust.reason.bad"));
    if (!input || !reason) return this.reason.focus();
    this.button.disabled = true;
    this.button.setAttribute("aria-busy", "true");
    try {
      const { refundPurchase } = await ask(REFUND, {
        input: { ...input, reason, idempotencyKey: this.#key, refundId: this.#refundId },
      });
      if (refundPurchase.__typename !== "PurchaseRefunded") return fail(this.message, refundPurchase.message);
      const { purchase, entries: list, wallets, back } = refundPurchase;
      const refunded = purchase.refunded - this.purchase.refunded;
      const { currency } = purchase;
      const parts = back?.wallets ?? [];
      note("REFUND", purchase.externalId, { amount: refunded, currency });
      finish(this.element, {
        title: parts.length
          ? t("done.back", { amount: money(back.money, currency) })
          : t("done.refunded", { amount: money(refunded, currency) }),
        name: purchase.externalId,
        back: parts.map((part) => t("done.returned", { part: partText(part, currency) })),
        totals: lost(
          wallets.map(({ code }) => ({
            wallet: code,
            amount: list
              .filter((entry) => entry.wallet === code)
              .reduce((sum, entry) => sum + entry.amount, 0),
          })),
          back,
        ),
        wallets,
        list,
      });
    } catch (error) {
      fail(this.message, say(error), "cloud");
      this.button.disabled = false;
    } finally {
      this.button.removeAttribute("aria-busy");
    }
  }
}

/* What each wallet loses by the refund, without what comes back of a payment: that is said apart. */
function lost(totals, back) {
  return totals.map((each) => {
    const part = back?.wallets.find(({ wallet }) => wallet === each.wallet);
    return { ...each, amount: each.amount - (part?.units ?? 0) };
  });
}

/* What the customer gets: money over the counter, and what had paid to its wallet. */
function givesBack({ money: minor, wallets }, currency) {
  return [
    h("h3", {}, t("refund.gives")),
    h("p.due", {}, h("span", {}, t("refund.money")), " ", h("strong.num", {}, money(minor, currency))),
    wallets.map((part) => h("p.part", {}, t("done.returned", { part: partText(part, currency) }))),
  ];
}

/* What each wallet would lose or get back, as money where it is money. */
function takes(totals) {
  return h(
    "ul.lines",
    {},
    totals.map((each) =>
      h(
        "li",
        {},
        h("span", {}, each.name),
        figure(each.amount, { ...each, walletKind: each.currency ? "MONEY" : "POINTS" }),
      ),
    ),
  );
}
