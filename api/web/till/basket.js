/* One basket: whom it is for, what was typed, the vouchers and payment that were chosen, and what it would earn.
   Its screen draws it anew whenever it says `change`. What becomes of it is in settling.js. */

import { NoNetwork } from "/shared/graphql.js";
import { parseMoney, plainMoney } from "/shared/typed-amounts.js";
import { t } from "/shared/words.js";
import { discounts, paidLines } from "./discounts.js";
import { QUOTE } from "./queries.js";
import { takeReceipt } from "./receipts.js";
import { ask, say } from "./screens/parts.js";
import { prefer, session, till } from "./till.js";

const QUOTE_PAUSE_MS = 250;

export class Basket extends EventTarget {
  total = "";
  receipt = "";
  number = "";
  lines = [];
  /* The vouchers that are shown, and of each that is chosen its code, or null for one known by its id. */
  vouchers = [];
  chosen = new Map();
  voucherFaults = new Map();
  units = new Map();
  quote = null;
  /* none, coming, here, offline, or fault with its `quoteFault`. */
  quoteState = "none";
  quoteFault = "";
  faults = {};
  message = "";
  isBusy = false;
  isDone = false;
  isPaidFor = false;
  /* Set by who sends it, and gone with every change: the same request has the same key. */
  key = null;
  element = null;
  #timer = null;
  #visit = null;
  #turn = 0;
  #ownReceipt = null;

  constructor({
    customer = null,
    visit = null,
    visitExpiresAt = null,
    canPay = false,
    offline = null,
    row = null,
    scanned = null,
  }) {
    super();
    this.visitExpiresAt = visitExpiresAt;
    this.customer = customer;
    this.row = row;
    this.member =
      row?.member ?? (offline ? { ...offline, name: null } : { visit, id: customer.id, name: customer.name });
    /* Whether the member's card was scanned for this visit: a number proves nobody's presence. */
    this.isPresent = Boolean(visit && canPay);
    this.currency = row?.purchase.currency ?? till.programme.currency;
    this.#listVouchers();
    if (scanned) this.#take(scanned);
    if (row) this.#load(row);
  }

  #load({ member, purchase }) {
    this.number = member.number ?? "";
    this.total = plainMoney(purchase.total, this.currency);
    this.receipt = purchase.externalId;
    this.lines = (purchase.lines ?? []).map((line, id) => ({
      id,
      sku: line.sku,
      category: line.category ?? "",
      quantity: String(line.quantity),
      amount: plainMoney(line.amount, this.currency),
    }));
  }

  #listVouchers() {
    const store = till.staff?.store.code;
    const usable = (this.customer?.vouchers?.edges ?? [])
      .map((edge) => edge.node)
      .filter(({ voucherState, stores }) => {
        return voucherState === "ISSUED" && (!stores.length || stores.some(({ code }) => code === store));
      });
    const here = new Set(usable.map(({ id }) => id));
    this.vouchers = [...this.vouchers.filter(({ id }) => this.chosen.get(id) && !here.has(id)), ...usable];
  }

  #take({ voucher, code }) {
    if (!this.vouchers.some(({ id }) => id === voucher.id)) this.vouchers = [voucher, ...this.vouchers];
    this.chosen.set(voucher.id, code);
    this.voucherFaults.delete(voucher.id);
  }

  /** Tell the screen that something is another now. */
  changed() {
    this.dispatchEvent(new Event("change"));
  }

  /* ---------------------------------------------------------------- what was scanned since */
  /** Put a voucher of this member into the basket. */
  addVoucher(scanned) {
    this.#take(scanned);
    this.typed();
  }

  /** The member's card was scanned now, or they confirmed that they are here. */
  arrived({ customer, visit, visitExpiresAt, canPay = true }) {
    this.visitExpiresAt = visitExpiresAt;
    this.watchVisit();
    this.isPaidFor = false;
    this.customer = customer;
    this.member = { visit, id: customer.id, name: customer.name };
    this.isPresent = Boolean(visit && canPay);
    this.message = "";
    this.#listVouchers();
    this.typed();
  }

  /** Know when the visit is over, by the server's clock. */
  watchVisit() {
    clearTimeout(this.#visit);
    if (!this.visitExpiresAt) return;
    const left = Date.parse(this.visitExpiresAt) - session.now();
    this.#visit = setTimeout(() => this.#visitOver(), Math.max(0, left));
  }

  /* Nothing can be paid with wallets any more, nor a voucher used that was not scanned. */
  #visitOver() {
    this.member = { ...this.member, visit: null };
    this.isPaidFor = this.units.size > 0;
    this.isPresent = false;
    this.units.clear();
    for (const [id, code] of this.chosen) if (!code) this.chosen.delete(id);
    this.visitExpiresAt = null;
    this.message = t("customer.visit.over");
    this.typed(true);
  }

  /* ---------------------------------------------------------------- what is typed and chosen */
  set(name, value) {
    this[name] = value;
    if (name === "total" && this.goods !== null) this.faults = { ...this.faults, total: "" };
    this.typed();
  }

  toggle(id, isOn, code = null) {
    if (isOn) this.chosen.set(id, this.chosen.get(id) ?? code);
    else this.chosen.delete(id);
    this.voucherFaults.delete(id);
    this.typed();
  }

  pay(wallet, units) {
    this.units.set(wallet, units);
    this.typed();
  }

  setLine(id, name, value) {
    this.lines = this.lines.map((line) => (line.id === id ? { ...line, [name]: value } : line));
    this.typed();
  }

  addLine() {
    const id = Math.max(0, ...this.lines.map((line) => line.id)) + 1;
    this.lines = [...this.lines, { id, sku: "", category: "", quantity: "1", amount: "" }];
    this.changed();
  }

  removeLine(id) {
    this.lines = this.lines.filter((line) => line.id !== id);
    this.typed();
  }

  /** Something is another: what it comes to is asked anew. */
  typed(isMessageKept = false) {
    clearTimeout(this.#timer);
    this.key = null;
    this.#turn += 1;
    if (!isMessageKept) this.message = "";
    if (this.goods === null) this.#forgetQuote("none");
    else if (!this.customer) this.#forgetQuote(this.row ? "none" : "offline");
    else {
      this.quoteState = "coming";
      const turn = this.#turn;
      this.#timer = setTimeout(() => this.#ask(turn), QUOTE_PAUSE_MS);
    }
    this.changed();
  }

  /* ---------------------------------------------------------------- what it comes to */
  get readLines() {
    return this.lines.map((line) => ({
      sku: line.sku.trim(),
      category: line.category.trim() || null,
      quantity: Number(line.quantity),
      amount: parseMoney(line.amount, this.currency),
    }));
  }

  /** What is wrong with the amount or its articles, in words. */
  get totalFault() {
    const goods = parseMoney(this.total, this.currency);
    const isBad = this.readLines.some(
      ({ sku, quantity, amount }) => !sku || !Number.isInteger(quantity) || quantity < 1 || amount === null,
    );
    const sum = this.readLines.reduce((all, { amount }) => all + (amount ?? 0), 0);
    if (goods === null) return t("purchase.total.bad");
    if (isBad) return t("line.bad");
    return sum > goods ? t("line.toomuch") : "";
  }

  /** What the goods cost before vouchers, in minor units; null where what was typed is no amount yet. */
  get goods() {
    return this.totalFault ? null : parseMoney(this.total, this.currency);
  }

  get chosenVouchers() {
    return this.vouchers.filter(({ id }) => this.chosen.has(id));
  }

  /** What each chosen voucher takes off, and what is then left. */
  get discounts() {
    return discounts(this.chosenVouchers, this.goods ?? 0);
  }

  get payWith() {
    return [...this.units].filter(([, units]) => units > 0).map(([wallet, units]) => ({ wallet, units }));
  }

  /** What is left to pay otherwise; null where nothing was taken off. */
  get due() {
    const { left } = this.discounts;
    if (this.goods === null || (left === this.goods && !this.quote?.payment?.length)) return null;
    return this.quote?.payment?.length ? this.quote.paid : left;
  }

  /** The purchase as it is paid: after what vouchers take off. */
  get purchase() {
    const { left } = this.discounts;
    const lines = paidLines(this.readLines, this.goods, left);
    return { externalId: this.externalId, currency: this.currency, total: left, lines };
  }

  /** The receipt's number: what was typed or scanned, else one of this till's own, the same until it counts. */
  get externalId() {
    const typed = this.receipt.trim();
    if (!typed) this.#ownReceipt ??= takeReceipt();
    return typed || this.#ownReceipt;
  }

  /** Only a voucher is to be accepted: nothing was typed to be bought. */
  get isVoucherAlone() {
    return !this.total.trim() && this.chosenVouchers.length > 0 && [...this.chosen.values()].every(Boolean);
  }

  /** Whether it can be recorded as it stands. */
  get isReady() {
    if (this.isBusy) return false;
    if (this.isVoucherAlone) return true;
    return this.goods !== null && !(this.quoteState === "coming" && this.payWith.length);
  }

  #forgetQuote(state) {
    this.quoteState = state;
    this.quote = null;
    if (state !== "none") this.units.clear();
  }

  async #ask(turn) {
    try {
      const quote = await this.#quote();
      if (turn !== this.#turn) return;
      this.#fit(quote.payable);
      Object.assign(this, { quote, quoteState: "here", quoteFault: "" });
      this.faults = { ...this.faults, total: "" };
    } catch (error) {
      if (turn !== this.#turn) return;
      this.quoteFault = say(error);
      this.#forgetQuote(error instanceof NoNetwork ? "offline" : "fault");
    }
    this.changed();
  }

  /* What was chosen to be paid with wallets may be more than fits what was typed since: then it is brought down
     to what does. */
  async #quote() {
    const { total, currency, lines } = this.#asked();
    const input = { total, currency, lines, member: this.member.visit ?? this.member.id };
    const { payWith } = this;
    try {
      return (await ask(QUOTE, { input: payWith.length ? { ...input, payWith } : input })).quotePurchase;
    } catch (error) {
      if (!payWith.length || !error.field?.startsWith("payWith")) throw error;
    }
    const { quotePurchase } = await ask(QUOTE, { input });
    this.#fit(quotePurchase.payable);
    const fitting = this.payWith;
    if (!fitting.length) return quotePurchase;
    return (await ask(QUOTE, { input: { ...input, payWith: fitting } })).quotePurchase;
  }

  #asked() {
    const { left } = this.discounts;
    return { total: left, currency: this.currency, lines: paidLines(this.readLines, this.goods, left) };
  }

  /* The units that can be paid nearest below what somebody chose. */
  #fit(payable = []) {
    const names = payable.map((each) => each.name);
    if (!till.isTraining) prefer("pays", names);
    if (!payable.length || !this.isPresent) return this.units.clear();
    for (const { wallet, units: most, terms } of payable) {
      const chosen = Math.min(this.units.get(wallet) ?? 0, most);
      const whole = chosen - (chosen % terms.step);
      this.units.set(wallet, whole < terms.minimum ? 0 : whole);
    }
    return undefined;
  }

  /** What cannot be right is told where it was typed, once the field is left: while it is typed it is only not
   * finished. */
  left() {
    if (this.total.trim()) this.faults = { ...this.faults, total: this.totalFault };
    this.changed();
  }

  /** Its screen is left. */
  close() {
    clearTimeout(this.#timer);
    clearTimeout(this.#visit);
    this.#turn += 1;
  }
}
