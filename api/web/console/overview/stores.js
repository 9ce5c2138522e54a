/* Stores beside each other: what each sold and took back, and when it last sold anything. */

import { day, number } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask } from "../console.js";
import { say } from "../faults.js";
import { STORES } from "./queries.js";
import { inMoney, Table } from "./table.js";
import { written } from "./writing.js";

const DAY = { day: "numeric", month: "short", year: "numeric" };

/** What a store is called; a store that was never opened here has its code as its name. */
export function storeName(places, code) {
  return places.stores.find((each) => each.code === code)?.name ?? code;
}

/** The table of stores, read anew with the figures that it stands `of`; nothing where there is one alone, which these
    are of. */
export function Stores({ of, chosen, places }) {
  const [stores, setStores] = useState([]);
  const [fault, setFault] = useState("");
  const isShown = places.stores.length > 1;
  useEffect(() => {
    if (!isShown) return;
    let isGone = false;
    const { from, to, tier } = chosen;
    setFault("");
    ask(STORES, { from, to, tier: tier || null }).then(
      (answer) => !isGone && setStores(answer.figures.stores),
      (error) => !isGone && setFault(say(error)),
    );
    return () => {
      isGone = true;
    };
  }, [of, isShown]);
  if (!isShown || (!stores.length && !fault)) return null;
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
    <div aria-live="polite"><${Notice} kind="bad" icon="cloud" text=${fault} /></div>
    <${Table} label=${t("stores.title")} rows=${stores} columns=${columns} none="" />
  </section>`;
}
