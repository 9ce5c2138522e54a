/* Tables of results, and what stands in their cells. */

import { money } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { desk } from "../console.js";
import { unitsOf } from "./writing.js";

/** A table: `columns` are {head, cell(row), isText}; the first names its row. */
export function Table({ label, rows, columns, none }) {
  if (!rows.length) return html`<p class="card empty quiet">${none}</p>`;
  const [first, ...rest] = columns;
  return html`<div class="daytable whole results" tabindex="0" role="region" aria-label=${label}><table>
    <thead><tr>${columns.map(({ head, isText }) => html`<th key=${head} scope="col" class=${isText ? "wordy" : ""}>${head}</th>`)}</tr></thead>
    <tbody>${rows.map(
      (row, place) => html`<tr key=${place}><th scope="row">${first.cell(row)}</th>
        ${rest.map(({ head, cell, isText }) => html`<td key=${head} class=${isText ? "wordy" : "num"}>${cell(row)}</td>`)}</tr>`,
    )}</tbody>
  </table></div>`;
}

/** Amounts by wallet. */
export function Sums({ sums }) {
  if (!sums.length) return t("figure.unknown");
  return sums.map(
    ({ wallet, amount }) => html`<span key=${wallet} class="sum">${unitsOf(wallet, amount)}</span>`,
  );
}

/** A fraction of minor units, rounded. */
export function inMoney(minor) {
  return money(Math.round(minor), desk.programme.currency);
}

/** What people call a part of the programme, above its code. */
export function Named({ title, code }) {
  return html`<span class=${title ? "" : "code small"}>${title ?? code}</span>${title && html`<small class="under quiet code">${code}</small>`}`;
}
