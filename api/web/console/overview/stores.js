/* Stores beside each other: what each sold and took back, and when it last sold anything. */

import { day, number } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { inMoney, Table } from "./table.js";
import { written } from "./writing.js";

const DAY = { day: "numeric", month: "short", year: "numeric" };

/** What a store is called; a store that was never opened here has its code as its name. */
export function storeName(places, code) {
  return places.stores.find((each) => each.code === code)?.name ?? code;
}

/** The table of stores; nothing where there is one alone, which the other figures are of. */
export function Stores({ stores, places }) {
  if (places.stores.length < 2 || !stores.length) return null;
  const columns = [
    { head: t("store.one"), cell: ({ store }) => storeName(places, store) },
    { head: t("stores.receipts"), cell: ({ receipts }) => number(receipts) },
    { head: t("stores.revenue"), cell: ({ revenue }) => inMoney(revenue) },
    { head: t("stores.returned"), cell: ({ returned }) => inMoney(returned) },
    { head: t("stores.share"), cell: ({ returnedShare }) => written({ kind: "RATE" }, returnedShare) },
    {
      head: t("stores.last"),
      cell: ({ lastReceiptOn }) =>
        html`<span class="sum">${lastReceiptOn ? day(lastReceiptOn, DAY) : t("stores.never")}</span>`,
    },
  ];
  return html`<section class="card stack tight">
    <h2>${t("stores.title")}</h2>
    <p class="quiet small">${t("bystore.hint")}</p>
    <${Table} label=${t("stores.title")} rows=${stores} columns=${columns} none="" />
  </section>`;
}
