/* A mistake put right in two taps: what was done is taken back for ten minutes, with what that means said before.
   A purchase is refunded whole; a voucher is made usable again by a manager; what still waits here is let go. */

import { money } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { html, useEffect, useRef, useState } from "/shared/preact.js";
import { Act, Field, Notice, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { QUOTE_REFUND, REFUND, REVERSE_VOUCHER } from "../queries.js";
import { takeBack } from "../queue.js";
import { signal } from "../sounds.js";
import { session, till } from "../till.js";
import { ask, finish, note, say } from "./parts.js";
import { partText } from "./payment.js";
import { Totals } from "./pieces.js";

export const UNDO_MS = 10 * 60_000;

/** Whether there is something that this cashier may take back. */
export function mayUndo({ row, externalId, vouchers = [], at = null }) {
  if (at && session.now() - Date.parse(at) > UNDO_MS) return false;
  return Boolean(row || externalId || (vouchers.length && till.manager));
}

/** Take back what was done; `undo` as the success screen has it. */
export function undoSheet(undo) {
  return openSheet(t("undo"), Undo, { undo });
}

function Undo({ undo, close }) {
  const [isSent, setSent] = useState(false);
  const { vouchers = [], name } = undo;
  // What waited here and was sent meanwhile is a receipt like any other.
  const row = isSent ? null : undo.row;
  const { externalId, total, currency } = isSent ? undo.row.purchase : undo;
  const [quote, setQuote] = useState(null);
  // The amount may have been corrected, or returned in part, since it was noted.
  const left = quote?.refundable ?? total;
  const [fault, setFault] = useState("");
  const [reason, setReason] = useState("");
  const [isLacking, setLacking] = useState(false);
  const keys = useRef({ refund: newKey(), refundId: newKey(), voucher: newKey() });
  const box = useRef(null);
  const needsReason = !row && !externalId;

  useEffect(() => {
    if (!externalId) return;
    ask(QUOTE_REFUND, { input: { externalId } })
      .then(({ quoteRefund }) => setQuote(quoteRefund))
      .catch((error) => setFault(say(error)));
  }, [externalId]);

  async function act() {
    setFault("");
    if (needsReason && !reason.trim()) return setLacking(true);
    try {
      const problem = row ? await letGo() : externalId ? await refund() : await giveBack(reason.trim());
      if (!problem) return undefined;
      signal("bad");
      return setFault(problem);
    } catch (error) {
      signal("bad");
      return setFault(say(error));
    }
  }

  async function letGo() {
    if (!(await takeBack(row))) {
      setSent(true);
      return t("undo.sent");
    }
    finish(box.current, { title: t("undone"), name: money(row.purchase.total, row.purchase.currency) });
    return close();
  }

  async function refund() {
    const { refundPurchase: answer } = await ask(REFUND, {
      input: {
        externalId,
        reason: t("undo.reason"),
        idempotencyKey: keys.current.refund,
        refundId: keys.current.refundId,
      },
    });
    if (!["PurchaseRefunded", "ParkedSaleRefunded"].includes(answer.__typename)) return answer.message;
    note("REFUND", externalId, { amount: left, currency });
    const problem = till.manager && vouchers.length ? await giveBack(t("undo.reason")) : "";
    if (problem) return problem;
    const parts = answer.back?.wallets ?? [];
    finish(box.current, {
      title: t("undone"),
      name: [name, money(left, currency)].filter(Boolean).join(" · "),
      back: parts.map((part) => t("done.returned", { part: partText(part, currency) })),
      subtitle: vouchers.length && !till.manager ? t("undo.vouchers") : null,
    });
    return close();
  }

  async function giveBack(why) {
    for (const [i, { id, title }] of vouchers.entries()) {
      const { reverseVoucherUse: answer } = await ask(REVERSE_VOUCHER, {
        input: { voucherId: id, reason: why, idempotencyKey: `${keys.current.voucher}-${i}` },
      });
      if (answer.__typename !== "VoucherUseReversed") return answer.message;
      note("VOUCHER_REVERSED", title, { voucherId: id });
    }
    if (externalId) return "";
    finish(box.current, { title: t("done.undone"), name: vouchers.map(({ title }) => title).join(", ") });
    return close();
  }

  const totals = (quote?.totals ?? []).filter((each) => each.amount !== 0);
  return html`<form
    class="stack"
    ref=${box}
    onSubmit=${(event) => {
      event.preventDefault();
      box.current.querySelector(".primary").click();
    }}
  >
    <h2>${t("undo")}</h2>
    <p>
      ${[name, externalId ?? row?.purchase.externalId, ...(externalId ? [] : vouchers.map(({ title }) => title))].filter(Boolean).join(" · ")}
    </p>
    ${
      (externalId || row) &&
      html`<p class="due">
        <span>${t("undo.money")}</span>
        <strong class="num">${money(quote?.back?.money ?? left ?? row.purchase.total, currency ?? row.purchase.currency)}</strong>
      </p>`
    }
    ${
      totals.length > 0 &&
      html`<h3>${t("refund.takes")}</h3>
        <${Totals} list=${totals} />`
    }
    ${externalId && vouchers.length > 0 && !till.manager && html`<p class="hint">${t("undo.vouchers")}</p>`}
    ${
      needsReason &&
      html`<${Field}
        label=${t("reason")}
        name="reason"
        maxlength="500"
        fault=${isLacking && !reason.trim() ? t("reason.bad") : ""}
        value=${reason}
        onInput=${(event) => setReason(event.target.value)}
      />`
    }
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <${Act} class="button primary tall wide" act=${act}>${t("undo.confirm")}<//>
  </form>`;
}
