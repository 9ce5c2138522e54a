/* Tables of results, and what stands in their cells. */

import { money } from "/shared/format.js";
import { html, useEffect, useRef } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { desk } from "../console.js";
import { unitsOf } from "./writing.js";

/** A table: `columns` are {head, cell(row), isText}; the first names its row. Where `places` and `codeOf` are given
 * each row has an address. */
export function Table({ label, rows, columns, none, places, codeOf }) {
  if (!rows.length) return html`<p class="card empty quiet">${none}</p>`;
  const [first, ...rest] = columns;
  return html`<div class="daytable whole results" tabindex="0" role="region" aria-label=${label}><table>
    <thead><tr>${columns.map(({ head, isText }) => html`<th key=${head} scope="col" class=${isText ? "wordy" : ""}>${head}</th>`)}</tr></thead>
    <tbody>${rows.map(
      (
        row,
        place,
      ) => html`<tr key=${place} aria-current=${places && codeOf(row) === places.row ? "true" : undefined}>
        <th scope="row">${places ? html`<${RowLink} places=${places} code=${codeOf(row)}>${first.cell(row)}<//>` : first.cell(row)}</th>
        ${rest.map(({ head, cell, isText }) => html`<td key=${head} class=${isText ? "wordy" : "num"}>${cell(row)}</td>`)}</tr>`,
    )}</tbody>
  </table></div>`;
}

/** The address of a row: whoever opens it finds the row in sight, and marked. `places` are {row, hrefOf, choose}. */
export function RowLink({ places, code, children }) {
  const link = useRef(null);
  const isMeant = useRef(places.row === code);
  useEffect(() => {
    if (!isMeant.current) return;
    link.current.focus({ preventScroll: true });
    link.current.scrollIntoView({ block: "center", inline: "nearest" });
  }, []);
  const choose = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    places.choose(code);
  };
  return html`<a class="rowlink" ref=${link} href=${places.hrefOf(code)} onClick=${choose}>${children}</a>`;
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
