/* What wallets pay of a purchase: the most that each can, chosen by a slider or a field, or in plain words why
   nothing can be paid so. What it comes to is the quote's to say; here stands what is asked for. */

import { fill, h } from "/shared/dom.js";
import { listed, money, number, parseMoney, plainMoney, unitsText } from "/shared/format.js";
import { t } from "/shared/words.js";
import { prefer } from "../till.js";
import { notice } from "./parts.js";

/** What a wallet pays or gets back, in words: points with what they are worth, money once. */
export function partText({ name, currency, units, worth }, purchaseCurrency) {
  return currency
    ? t("pay.money", { wallet: name, worth: money(worth, purchaseCurrency) })
    : t("pay.points", { wallet: name, units: number(units), worth: money(worth, purchaseCurrency) });
}

/** What is paid with wallets, and beneath it, large, what is left. */
export function due({ paid, payment, currency }) {
  return [
    payment.map((part) => h("p.part", {}, partText(part, currency))),
    h("p.due", {}, h("span", {}, t("pay.left")), " ", h("strong.num", {}, money(paid, currency))),
  ];
}

/** Say without a network that no wallet pays, where the programme's do. */
export function payOffline() {
  const names = prefer("pays") ?? [];
  return names.length ? h("p.hint.nopay", {}, t("pay.offline", { wallets: listed(names) })) : "";
}

export class Payments {
  #controls = new Map();
  #units = new Map();

  /** `present` tells whether a card was scanned for this visit: a number proves nobody's presence. */
  constructor({ present, currency }) {
    this.present = present;
    this.currency = currency;
    this.element = h("div.paying");
  }

  /** What is asked for, as `payWith` of a quote or a purchase. */
  get payWith() {
    return [...this.#units].filter(([, units]) => units > 0).map(([wallet, units]) => ({ wallet, units }));
  }

  clear() {
    this.#units.clear();
    this.#controls.clear();
    fill(this.element);
  }

  /** Take what a quote says can be paid. What was asked for beyond it is brought down to it. */
  show(payable = []) {
    prefer(
      "pays",
      payable.map((each) => each.name),
    );
    if (!payable.length) return this.clear();
    if (!this.present)
      return fill(
        this.element,
        h("p.hint.nopay", {}, t("pay.absent", { wallets: listed(payable.map((each) => each.name)) })),
      );
    for (const each of payable) this.#fit(each);
    const parts = payable.map((each) =>
      each.units > 0 ? this.#control(each).element : h("p.hint.nopay", {}, this.#whyNot(each)),
    );
    // The same elements are left in their places: a slider that is being dragged must not be taken away.
    if (parts.some((part, i) => part !== this.element.children[i])) fill(this.element, parts);
    return undefined;
  }

  /** The visit is over: what was chosen could no longer be paid. */
  end() {
    if (!this.#controls.size) return;
    this.present = false;
    this.clear();
    fill(this.element, notice(t("pay.over"), "bad", "clock"));
  }

  #whyNot({ wallet, name, currency, available, terms }) {
    const minimum = unitsText(terms.minimum, currency);
    if (available < terms.minimum)
      return t("pay.toofew", { wallet: name, minimum, available: unitsText(available, currency) });
    if (this.payWith.some((part) => part.wallet !== wallet)) return t("pay.full", { wallet: name });
    return t("pay.toosmall", { wallet: name, minimum, share: terms.share });
  }

  /* The units that can be paid nearest below what somebody chose. */
  #fit({ wallet, units: most, terms: { step, minimum } }) {
    const chosen = Math.min(this.#units.get(wallet) ?? 0, most);
    const whole = chosen - (chosen % step);
    const units = whole < minimum ? 0 : whole;
    this.#units.set(wallet, units);
    return units;
  }

  #control(payable) {
    const known = this.#controls.get(payable.wallet);
    const control = known ?? this.#makeControl(payable);
    control.update(payable);
    return control;
  }

  #makeControl({ wallet, name, currency }) {
    let payable;
    const slider = h("input", {
      type: "range",
      name: `pay-${wallet}`,
      min: 0,
      "aria-label": t("pay", { wallet: name }),
    });
    const typed = h("input", {
      name: `units-${wallet}`,
      inputmode: currency ? "decimal" : "numeric",
      autocomplete: "off",
      "aria-label": t("pay.units", { wallet: name }),
    });
    const says = h("p.says", { "aria-live": "polite" });
    const most = h("p.hint", {});
    const draw = (isTyping = false) => {
      const units = this.#fit(payable);
      slider.value = units;
      slider.setAttribute("aria-valuetext", unitsText(units, currency));
      if (!isTyping) typed.value = currency ? plainMoney(units, currency) : units;
      const worth = Math.floor((units * payable.terms.worth) / payable.terms.units);
      fill(says, units ? partText({ ...payable, units, worth }, this.currency) : t("pay.nothing"));
    };
    slider.addEventListener("input", () => {
      this.#units.set(wallet, Number(slider.value));
      draw();
    });
    typed.addEventListener("input", () => {
      this.#units.set(wallet, (currency ? parseMoney(typed.value, currency) : digits(typed.value)) ?? 0);
      draw(true);
    });
    typed.addEventListener("change", () => draw());
    const control = {
      element: h(
        "fieldset.pay",
        {},
        h("legend", {}, t("pay", { wallet: name })),
        h("div.row", {}, slider, typed),
        most,
        says,
      ),
      update: (next) => {
        payable = next;
        slider.max = payable.units;
        slider.step = payable.terms.step;
        fill(
          most,
          t(currency ? "pay.most.money" : "pay.most", {
            most: unitsText(payable.units, currency),
            worth: money(payable.worth, this.currency),
          }),
        );
        draw(document.activeElement === typed);
      },
    };
    this.#controls.set(wallet, control);
    return control;
  }
}

function digits(text) {
  const plain = text.replace(/[\s.,']/g, "");
  return /^\d{1,10}$/.test(plain) ? Number(plain) : null;
}
