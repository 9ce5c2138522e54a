/* A receipt comes back: all that is left, an amount, or lines; what it takes back is seen before it is
   confirmed. Needs the network. */

import { instant, money } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { toast } from "/shared/passing.js";
import { html, useEffect, useLayoutEffect, useMemo, useReducer, useState } from "/shared/preact.js";
import { parseMoney, plainMoney } from "/shared/typed-amounts.js";
import { Act, Field, mount, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { FIND_PURCHASE, QUOTE_REFUND, REFUND } from "../queries.js";
import { signal } from "../sounds.js";
import { till } from "../till.js";
import { ask, finish, note, say } from "./parts.js";
import { partText } from "./payment.js";
import { Totals } from "./pieces.js";
import { findWaitingSale } from "./waiting-sale.js";

const QUOTE_PAUSE_MS = 250;

export function refundScreen(element, { externalId = "" } = {}) {
  return mount(html`<${Refunding} externalId=${externalId} />`, element);
}

function Refunding({ externalId }) {
  const [receipt, setReceipt] = useState(externalId);
  const [isAsked, setAsked] = useState(false);
  const [found, setFound] = useState({ purchase: null, fault: "", turn: 0 });
  const look = async () => {
    const number = receipt.trim();
    setAsked(true);
    if (!number) return;
    try {
      const answer = await ask(FIND_PURCHASE, { externalId: number });
      const purchase = answer.purchase ?? (await findWaitingSale(number));
      setFound(({ turn }) => ({ purchase, fault: purchase ? "" : t("refund.unknown"), turn: turn + 1 }));
    } catch (error) {
      setFound(({ turn }) => ({ purchase: null, fault: say(error), turn: turn + 1 }));
    }
  };
  useEffect(() => {
    if (externalId) look();
  }, []);
  return html`
    <h1 tabindex="-1">${t("refund.title")}</h1>
    <form
      class="card row"
      onSubmit=${(event) => {
        event.preventDefault();
        event.target.querySelector(".primary").click();
      }}
    >
      <div class="grow">
        <${Field}
          label=${t("purchase.receipt")}
          name="receipt"
          autocapitalize="characters"
          spellcheck="false"
          autofocus
          fault=${isAsked && !receipt.trim() ? t("purchase.receipt.bad") : ""}
          value=${receipt}
          onInput=${(event) => setReceipt(event.target.value)}
        />
      </div>
      <${Act} class="button primary" act=${look}>${t("refund.find")}<//>
    </form>
    <div aria-live="polite">
      <${Notice} kind="bad" icon="close" text=${found.fault} />
      ${found.purchase && html`<${RefundForm} key=${found.turn} purchase=${found.purchase} />`}
    </div>
  `;
}

/* ---------------------------------------------------------------- what is asked for */
class Refund extends EventTarget {
  way = "all";
  reason = "";
  quote = null;
  fault = "";
  message = "";
  isBusy = false;
  isAsked = false;
  element = null;
  #timer = null;
  #turn = 0;
  #key = newKey();
  #refundId = newKey();

  constructor(purchase) {
    super();
    this.purchase = purchase;
    this.left = purchase.total - purchase.refunded;
    this.isOpen =
      this.left > 0 || purchase.lines.some(({ quantity, refundedQuantity }) => quantity > refundedQuantity);
    this.amount = plainMoney(this.left, purchase.currency);
    this.counts = purchase.lines.map(() => "0");
  }

  draw() {
    this.dispatchEvent(new Event("change"));
  }

  set(name, value) {
    this[name] = value;
    if (name !== "reason") return this.changed();
    this.#key = newKey(); // another request, but the same refund
    return this.draw();
  }

  count(at, value) {
    this.counts = this.counts.map((each, i) => (i === at ? value : each));
    this.changed();
  }

  get isTooMuch() {
    const input = this.read();
    return this.way === "amount" && input !== null && input.amount > this.left;
  }

  read() {
    const input = { externalId: this.purchase.externalId };
    if (this.way === "amount") input.amount = parseMoney(this.amount, this.purchase.currency);
    if (this.way === "lines")
      input.lines = this.purchase.lines
        .map(({ line }, i) => ({ line, quantity: Number(this.counts[i]) }))
        .filter(({ quantity }) => quantity > 0);
    const isUsable =
      input.amount !== null &&
      input.amount !== 0 &&
      (input.lines === undefined ||
        (input.lines.length > 0 && input.lines.every(({ quantity }) => Number.isInteger(quantity))));
    return isUsable ? input : null;
  }

  changed() {
    clearTimeout(this.#timer);
    this.#key = newKey();
    this.#refundId = newKey();
    this.quote = null;
    this.fault = "";
    const input = this.read();
    const turn = ++this.#turn;
    if (input && !this.isTooMuch) this.#timer = setTimeout(() => this.#ask(input, turn), QUOTE_PAUSE_MS);
    this.draw();
  }

  async #ask(input, turn) {
    try {
      const { quoteRefund } = await ask(QUOTE_REFUND, { input });
      if (turn !== this.#turn) return;
      this.quote = quoteRefund;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.fault = say(error);
    }
    this.draw();
  }

  async confirm() {
    const input = this.read();
    const reason = this.reason.trim();
    this.isAsked = true;
    this.draw();
    if (!input || !this.quote || this.isBusy) return;
    if (!reason) {
      this.element.querySelector("[name=reason]").focus();
      return;
    }
    this.isBusy = true;
    this.message = "";
    this.draw();
    try {
      const { refundPurchase: answer } = await ask(REFUND, {
        input: { ...input, reason, idempotencyKey: this.#key, refundId: this.#refundId },
      });
      if (answer.__typename === "PurchaseRefunded") this.#done(answer);
      else if (answer.__typename === "ParkedSaleRefunded") this.#returned(answer);
      else this.#refuse(answer.message);
    } catch (error) {
      this.#refuse(say(error));
    } finally {
      this.isBusy = false;
      this.draw();
    }
  }

  #refuse(text) {
    signal("bad");
    if (this.element?.isConnected) this.message = text;
    else toast(text, "bad");
  }

  #done({ purchase, entries: list, wallets, back }) {
    const { currency, externalId } = purchase;
    const refunded = purchase.refunded - this.purchase.refunded;
    const parts = back?.wallets ?? [];
    const sums = wallets.map(({ code }) => ({
      wallet: code,
      amount: list.filter((entry) => entry.wallet === code).reduce((sum, entry) => sum + entry.amount, 0),
    }));
    note("REFUND", externalId, { amount: refunded, currency });
    finish(this.element, {
      title: parts.length
        ? t("done.back", { amount: money(back.money, currency) })
        : t("done.refunded", { amount: money(refunded, currency) }),
      name: externalId,
      back: parts.map((part) => t("done.returned", { part: partText(part, currency) })),
      totals: lost(sums, back),
      wallets,
      list,
    });
  }

  /* Nobody had it yet: there is nothing to take back of anybody. */
  #returned({ externalId, refunded }) {
    const { currency } = this.purchase;
    note("REFUND", externalId, { amount: refunded, currency });
    finish(this.element, {
      title: t("done.refunded", { amount: money(refunded, currency) }),
      name: externalId,
    });
  }

  close() {
    clearTimeout(this.#timer);
    this.#turn++;
  }
}

/* What each wallet loses by the refund, without what comes back of a payment: that is said apart. */
function lost(totals, back) {
  return totals.map((each) => {
    const part = back?.wallets.find(({ wallet }) => wallet === each.wallet);
    return { ...each, amount: each.amount - (part?.units ?? 0) };
  });
}

/* ---------------------------------------------------------------- as it is drawn */
function RefundForm({ purchase }) {
  const refund = useMemo(() => new Refund(purchase), [purchase]);
  const [, draw] = useReducer((count) => count + 1, 0);
  useLayoutEffect(() => {
    refund.addEventListener("change", draw);
    refund.changed();
    return () => {
      refund.removeEventListener("change", draw);
      refund.close();
    };
  }, [refund]);
  const { currency, externalId, occurredAt, total, payment, paid, isWaiting } = purchase;
  return html`<form
    class="card stack"
    ref=${(form) => {
      if (form) refund.element = form;
    }}
    onSubmit=${(event) => {
      event.preventDefault();
      refund.confirm();
    }}
  >
    <div class="row spread wrap">
      <h2>${externalId}</h2>
      ${occurredAt && html`<span class="quiet">${instant(occurredAt, till.programme?.timezone)}</span>`}
    </div>
    ${isWaiting && html`<${Notice} icon="clock" text=${t("refund.waits")} />`}
    <p>${t("refund.left", { left: money(refund.left, currency), total: money(total, currency) })}</p>
    ${
      payment?.length > 0 &&
      html`<p class="small quiet">
        ${t("refund.paid", {
          parts: payment.map((part) => partText(part, currency)).join(", "),
          money: money(paid, currency),
        })}
      </p>`
    }
    ${refund.isOpen ? html`<${Choosing} refund=${refund} />` : html`<${Notice} text=${t("refund.none")} />`}
  </form>`;
}

function Choosing({ refund }) {
  const { purchase, way, left, quote, fault, message, isBusy, isAsked, reason } = refund;
  const { currency, lines } = purchase;
  const ways = lines.length ? ["all", "amount", "lines"] : ["all", "amount"];
  return html`
    <div class="segments" role="group" aria-label=${t("refund.title")}>
      ${ways.map(
        (each) => html`<button
          type="button"
          aria-pressed=${String(each === way)}
          onClick=${() => refund.set("way", each)}
        >
          ${t(`refund.${each}`)}
        </button>`,
      )}
    </div>
    ${
      way === "amount" &&
      html`<${Field}
        label=${t("refund.amount", { currency })}
        name="amount"
        inputmode="decimal"
        fault=${refund.isTooMuch ? t("refund.toomuch", { left: money(left, currency) }) : ""}
        value=${refund.amount}
        onInput=${(event) => refund.set("amount", event.target.value)}
      />`
    }
    ${way === "lines" && html`<${Lines} refund=${refund} />`}
    <div class="quote" aria-live="polite">
      ${fault ? html`<${Notice} kind="bad" icon="close" text=${fault} />` : quote && html`<${Takes} quote=${quote} currency=${currency} />`}
    </div>
    <${Field}
      label=${t("refund.reason")}
      name="reason"
      maxlength="500"
      fault=${isAsked && !reason.trim() ? t("reason.bad") : ""}
      value=${reason}
      onInput=${(event) => refund.set("reason", event.target.value)}
    />
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${message} /></div>
    <button
      class="button primary tall wide"
      disabled=${!quote || isBusy}
      aria-busy=${isBusy ? "true" : undefined}
    >
      ${t("refund.confirm")}
    </button>
  `;
}

function Lines({ refund }) {
  const { purchase, counts } = refund;
  return html`<ul class="lines">
    ${purchase.lines.map((line, i) => {
      const left = {
        left: line.quantity - line.refundedQuantity,
        of: line.quantity,
        amount: money(line.amount - line.refundedAmount, purchase.currency),
      };
      return html`<li key=${line.line}>
        <span class="grow">${line.name ?? line.sku}<small class="why">${t("refund.line", left)}</small></span>
        <input
          inputmode="numeric"
          name=${`line-${line.line}`}
          aria-label=${`${line.name ?? line.sku}: ${t("line.quantity")}`}
          value=${counts[i]}
          onInput=${(event) => refund.count(i, event.target.value)}
        />
      </li>`;
    })}
  </ul>`;
}

/* What the customer gets: money over the counter, and what had paid to its wallet; and what each wallet would lose,
   as money where it is money. */
function Takes({ quote, currency }) {
  const { totals: all, back } = quote;
  const totals = lost(all, back).filter((each) => each.amount !== 0);
  return html`
    ${
      back?.wallets.length > 0 &&
      html`<h3>${t("refund.gives")}</h3>
        <p class="due">
          <span>${t("refund.money")}</span> <strong class="num">${money(back.money, currency)}</strong>
        </p>
        ${back.wallets.map((part) => html`<p class="part">${t("done.returned", { part: partText(part, currency) })}</p>`)}`
    }
    <h3>${t("refund.takes")}</h3>
    ${totals.length ? html`<${Totals} list=${totals} />` : html`<p>${t("refund.takes.nothing")}</p>`}
  `;
}
