/* What wallets pay of a purchase: the most that each can, chosen by a slider or a field, or in plain words why
   nothing can be paid so. What it comes to is the quote's to say; here stands what is asked for. */

import { listed, money, number, unitsText } from "/shared/format.js";
import { html, useState } from "/shared/preact.js";
import { parseMoney, plainMoney } from "/shared/typed-amounts.js";
import { Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { prefer } from "../till.js";

/** What a wallet pays or gets back, in words: points with what they are worth, money once. */
export function partText({ name, currency, units, worth }, purchaseCurrency) {
  return currency
    ? t("pay.money", { wallet: name, worth: money(worth, purchaseCurrency) })
    : t("pay.points", { wallet: name, units: number(units), worth: money(worth, purchaseCurrency) });
}

/** What is paid with wallets, and beneath it, large, what is left. */
export function Due({ paid, payment, currency }) {
  return html`
    ${payment.map((part) => html`<p class="part">${partText(part, currency)}</p>`)}
    <p class="due"><span>${t("pay.left")}</span> <strong class="num">${money(paid, currency)}</strong></p>
  `;
}

/** Say without a network that no wallet pays, where the programme's do. */
export function PayOffline() {
  const names = prefer("pays") ?? [];
  return names.length > 0 && html`<p class="hint nopay">${t("pay.offline", { wallets: listed(names) })}</p>`;
}

/** The wallets that pay of this basket. */
export function Paying({ basket }) {
  if (basket.isPaidFor) return html`<${Notice} kind="bad" text=${t("pay.over")} />`;
  const payable = basket.quote?.payable ?? [];
  if (!payable.length) return null;
  if (!basket.isPresent) {
    const wallets = listed(payable.map((each) => each.name));
    return html`<p class="hint nopay">${t("pay.absent", { wallets })}</p>`;
  }
  return payable.map((each) =>
    each.units > 0
      ? html`<${Pay} key=${each.wallet} basket=${basket} payable=${each} />`
      : html`<p key=${each.wallet} class="hint nopay">${whyNot(basket, each)}</p>`,
  );
}

function whyNot({ payWith }, { wallet, name, currency, available, terms }) {
  const minimum = unitsText(terms.minimum, currency);
  if (available < terms.minimum)
    return t("pay.toofew", { wallet: name, minimum, available: unitsText(available, currency) });
  if (payWith.some((part) => part.wallet !== wallet)) return t("pay.full", { wallet: name });
  return t("pay.toosmall", { wallet: name, minimum, share: terms.share });
}

/* The units that can be paid nearest below what somebody chose. */
function fitting(units, { units: most, terms: { step, minimum } }) {
  const chosen = Math.min(units, most);
  const whole = chosen - (chosen % step);
  return whole < minimum ? 0 : whole;
}

function Pay({ basket, payable }) {
  const { wallet, name, currency, terms } = payable;
  const units = fitting(basket.units.get(wallet) ?? 0, payable);
  const [typing, setTyping] = useState(null);
  const worth = Math.floor((units * terms.worth) / terms.units);
  const plain = currency ? plainMoney(units, currency) : String(units);
  const most = {
    most: unitsText(payable.units, currency),
    worth: money(payable.worth, basket.currency),
  };
  return html`<fieldset class="pay">
    <legend>${t("pay", { wallet: name })}</legend>
    <div class="row">
      <input
        type="range"
        name=${`pay-${wallet}`}
        min="0"
        max=${payable.units}
        step=${terms.step}
        value=${units}
        aria-label=${t("pay", { wallet: name })}
        aria-valuetext=${unitsText(units, currency)}
        onInput=${(event) => basket.pay(wallet, Number(event.target.value))}
      />
      <input
        name=${`units-${wallet}`}
        inputmode=${currency ? "decimal" : "numeric"}
        autocomplete="off"
        aria-label=${t("pay.units", { wallet: name })}
        value=${typing ?? plain}
        onInput=${(event) => {
          const { value } = event.target;
          setTyping(value);
          basket.pay(wallet, (currency ? parseMoney(value, currency) : digits(value)) ?? 0);
        }}
        onBlur=${() => setTyping(null)}
      />
    </div>
    <p class="hint">${t(currency ? "pay.most.money" : "pay.most", most)}</p>
    <p class="says" aria-live="polite">
      ${units ? partText({ ...payable, units, worth }, basket.currency) : t("pay.nothing")}
    </p>
  </fieldset>`;
}

function digits(text) {
  const plain = text.replace(/[\s.,']/g, "");
  return /^\d{1,10}$/.test(plain) ? Number(plain) : null;
}
