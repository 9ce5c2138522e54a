/* Stores beside each other: what each sold and took back, and when it last sold anything. */

import { day, number } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { ask } from "../console.js";
import { Reading, useReading } from "../reading.js";
import { STORES } from "./queries.js";
import { inMoney, Table } from "./table.js";
import { written } from "./writing.js";

const DAY = { day: "numeric", month: "short", year: "numeric" };

/** What a store is called; a store that was never opened here has its code as its name. */
export function storeName(places, code) {
  return places.stores.find((each) => each.code === code)?.name ?? code;
}

/** The table of stores, read anew with the figures that it stands `of`: beside others it would not add up. */
export function Stores({ of, chosen, places }) {
  const { from, to, tier } = chosen;
  const ofStores = async () => (await ask(STORES, { from, to, tier: tier || null })).figures.stores;
  const { answer, ...reading } = useReading(async () => ({ of, stores: await ofStores() }), [of]);
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
  return html`<${Reading} reading=${{ ...reading, answer: answer?.of === of ? answer : null }}>${({
    stores,
  }) =>
    stores.length > 0 &&
    html`<section class="card stack tight">
      <h2>${t("stores.title")}</h2>
      <p class="quiet small">${t("bystore.hint")}</p>
      <${Table} label=${t("stores.title")} rows=${stores} columns=${columns} none="" />
    </section>`}<//>`;
}
