/* The fields of a sale that waits for somebody who is no member yet, and what it will bring them. */

import { newKey } from "/shared/graphql.js";
import { html, useRef, useState } from "/shared/preact.js";
import { parseMoney } from "/shared/typed-amounts.js";
import { Act, Field, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { QUOTE_REFUND } from "../queries.js";
import { takeReceipt } from "../receipts.js";
import { till } from "../till.js";
import { ask } from "./parts.js";

/** The sale as it is typed: `total` is null where it is no amount and undefined where none stands there. The same
 * words typed again, with `more` beside them, are the same request; others are another. */
export function useSale(more = "") {
  const { currency } = till.programme;
  const [typed, setTyped] = useState("");
  const [receipt, setReceipt] = useState("");
  const [isLeft, setLeft] = useState(false);
  const kept = useRef({ words: null, key: null, receipt: null });
  const words = [more.trim(), typed, receipt.trim()].join("\n");
  if (kept.current.words !== words) kept.current = { words, key: newKey(), receipt: kept.current.receipt };
  const total = typed.trim() ? parseMoney(typed, currency) : undefined;
  return {
    typed,
    setTyped,
    receipt,
    setReceipt,
    isLeft,
    leave: () => setLeft(true),
    total,
    key: () => kept.current.key,
    take: () => {
      if (total === undefined) return null;
      kept.current.receipt ??= takeReceipt();
      return { externalId: receipt.trim() || kept.current.receipt, currency, total };
    },
  };
}

/** The form around the fields of a sale: `act` is what its button does, `isNeeded` whether there must be a sale. */
export function SaleForm({ box, sale, fault, act, button, hint, isNeeded = false, children }) {
  const { currency } = till.programme;
  const isLacking = sale.total === null || (isNeeded && sale.total === undefined);
  return html`<form
    class="stack"
    ref=${box}
    onSubmit=${(event) => {
      event.preventDefault();
      box.current.querySelector(".primary").click();
    }}
  >
    <p>${hint}</p>
    ${children}
    <div class="amount">
      <${Field}
        label=${isNeeded ? t("purchase.total", { currency }) : t("join.total", { currency })}
        name="amount"
        inputmode="decimal"
        fault=${sale.isLeft && isLacking ? t("purchase.total.bad") : ""}
        value=${sale.typed}
        onInput=${(event) => sale.setTyped(event.target.value)}
      />
      <${Field}
        label=${t("purchase.receipt")}
        name="number"
        placeholder=${t("purchase.receipt.own")}
        maxlength="100"
        value=${sale.receipt}
        onInput=${(event) => sale.setReceipt(event.target.value)}
      />
    </div>
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <${Act} class="button primary tall wide" act=${act}>${button}<//>
  </form>`;
}

/** What the success screen shows of a sale that waits: its figures, and how it is taken back. */
export function waitingFigures(parked, currency) {
  if (!parked) return {};
  return {
    totals: parked.totals.filter(({ amount }) => amount > 0),
    wallets: parked.totals.map(({ wallet, name, currency: of }) => ({
      code: wallet,
      name,
      currency: of,
      walletKind: of ? "MONEY" : "POINTS",
    })),
    undo: { externalId: parked.externalId, total: parked.total, currency, isWaiting: true },
  };
}

/** What is left of a sale that waits: it is no purchase yet, and can be returned like one. Null where there is no
 * such sale. */
export async function findWaitingSale(externalId) {
  try {
    const { quoteRefund } = await ask(QUOTE_REFUND, { input: { externalId } });
    const { currency } = till.programme;
    return { externalId, currency, total: quoteRefund.refundable, refunded: 0, lines: [], isWaiting: true };
  } catch (error) {
    if (error.code === "NOT_FOUND") return null;
    throw error;
  }
}
