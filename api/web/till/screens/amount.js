/* The amount of a basket: a large field, and a keypad beside it, so that no keyboard of the device covers the
   rest. The receipt's number is scanned, typed, or counted by the till itself. */

import { html, useRef } from "/shared/preact.js";
import { parseMoney, plainMoney } from "/shared/typed-amounts.js";
import { Field, Icon } from "/shared/ui.js";
import { locale, t } from "/shared/words.js";
import { prefer } from "../till.js";

const ROWS = [
  ["1", "2", "3"],
  ["4", "5", "6"],
  ["7", "8", "9"],
  [",", "0", "back"],
];
const touched = () => matchMedia("(pointer: coarse)").matches;

function separator() {
  return (1.1).toLocaleString(locale).at(1);
}

/** Return what a field holds after a key of the keypad; what could be no amount is not taken. */
export function pressed(text, key, currency) {
  if (key === "back") return text.slice(0, -1);
  const next = text + (key === "," ? separator() : key);
  if (key === ",") return text && !/[.,]/.test(text) ? next : text;
  return parseMoney(next, currency) === null ? text : next;
}

export function Amount({ basket }) {
  const form = useRef(null);
  const press = (key) => basket.set("total", pressed(basket.total, key, basket.currency));
  return html`<div class="amount" ref=${form}>
    <${Field}
      label=${t("purchase.total", { currency: basket.currency })}
      name="total"
      class="big"
      fault=${basket.faults.total}
      inputmode=${touched() ? "none" : "decimal"}
      placeholder=${plainMoney(0, basket.currency)}
      value=${basket.total}
      autofocus=${!basket.row}
      onInput=${(event) => basket.set("total", event.target.value)}
      onChange=${() => basket.left()}
    />
    <${Field}
      kind="receipt"
      label=${t("purchase.receipt")}
      name="receipt"
      placeholder=${t("purchase.receipt.own")}
      autocapitalize="characters"
      spellcheck="false"
      maxlength="100"
      value=${basket.receipt}
      onInput=${(event) => basket.set("receipt", event.target.value)}
    />
    <div class="keypad" role="group" aria-label=${t("keypad")}>
      ${ROWS.flat().map(
        (key) => html`<button
          type="button"
          tabindex="-1"
          aria-label=${key === "back" ? t("keypad.back") : undefined}
          onPointerDown=${(event) => event.preventDefault()}
          onMouseDown=${(event) => event.preventDefault()}
          onClick=${() => press(key)}
        >
          ${key === "back" ? html`<${Icon} name="erase" />` : key === "," ? separator() : key}
        </button>`,
      )}
    </div>
  </div>`;
}

/** The articles of a basket, where rules ask about them. */
export function Articles({ basket }) {
  const fields = [
    ["sku", {}],
    ["category", { list: "categories" }],
    ["quantity", { inputmode: "numeric" }],
    ["amount", { inputmode: "decimal" }],
  ];
  return html`<details open=${Boolean(basket.row?.purchase.lines?.length)}>
    <summary>${t("purchase.lines")}</summary>
    <div class="stack tight">
      <datalist id="categories">
        ${(prefer("categories") ?? []).map((value) => html`<option value=${value}></option>`)}
      </datalist>
      ${basket.lines.map(
        (line) => html`<div class="line" key=${line.id}>
          ${fields.map(
            ([name, more]) => html`<input
              name=${name}
              autocomplete="off"
              aria-label=${t(`line.${name}`)}
              placeholder=${t(`line.${name}`)}
              value=${line[name]}
              ...${more}
              onInput=${(event) => basket.setLine(line.id, name, event.target.value)}
              onChange=${() => name === "amount" && basket.left()}
            />`,
          )}
          <button
            class="button round plain"
            type="button"
            aria-label=${t("line.remove")}
            onClick=${() => basket.removeLine(line.id)}
          >
            <${Icon} name="close" />
          </button>
        </div>`,
      )}
    </div>
    <button class="button plain" type="button" onClick=${() => basket.addLine()}>
      <${Icon} name="plus" />${t("purchase.line.add")}
    </button>
  </details>`;
}
