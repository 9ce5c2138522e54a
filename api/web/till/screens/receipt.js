/* A row of the shift, opened: what was bought, how it was paid, what it earned, and what can be done about it. */

import { instant, money } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { Notice, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { RECEIPT } from "../queries.js";
import { go, till } from "../till.js";
import { correctSheet } from "./correct.js";
import { ask, say } from "./parts.js";
import { Due } from "./payment.js";
import { Entries } from "./pieces.js";
import { undoSheet } from "./undo.js";
import { findWaitingSale } from "./waiting-sale.js";

/** Open what a row of the shift was about; `undo` as the row has it. */
export function openReceipt(act, undo) {
  return openSheet(t("shift.open", { subject: act.subject }), Receipt, { act, undo });
}

function Receipt({ act, undo, close }) {
  const { subject, customer, at, voucher, actionKind } = act;
  const isReceipt = actionKind !== "VOUCHER_USED" && actionKind !== "VOUCHER_REVERSED";
  const [purchase, setPurchase] = useState(undefined);
  const [fault, setFault] = useState("");
  useEffect(() => {
    if (!isReceipt) return;
    ask(RECEIPT, { externalId: subject })
      .then(async (answer) => setPurchase(answer.purchase ?? (await findWaitingSale(subject))))
      .catch((error) => setFault(say(error)));
  }, [subject]);
  const then = (next) => () => {
    close();
    next();
  };
  return html`<div class="stack">
    <h2>${subject}</h2>
    <p class="quiet">${[customer?.name, instant(at, till.programme?.timezone)].filter(Boolean).join(" · ")}</p>
    <${Notice} kind="bad" icon="cloud" text=${fault} />
    ${purchase === null && html`<${Notice} icon="alert" text=${t("refund.unknown")} />`}
    ${isReceipt && purchase === undefined && !fault && html`<div class="skeleton"></div>`}
    ${purchase?.isWaiting && html`<${Notice} icon="clock" text=${t("refund.waits")} />`}
    ${purchase && html`<${Bought} purchase=${purchase} wallets=${customer?.wallets ?? []} />`}
    ${voucher && html`<p>${t(`voucher.${voucher.voucherState}`)}</p>`}
    ${
      undo &&
      html`<button class="button primary tall wide" type="button" onClick=${then(() => undoSheet(undo))}>
        ${t("undo")}
      </button>`
    }
    ${
      purchase &&
      !purchase.isWaiting &&
      undo?.externalId &&
      html`<button class="button wide" type="button" onClick=${then(() => correctSheet({ ...undo, total: purchase.total }))}>
        ${t("correct")}
      </button>`
    }
    ${
      purchase &&
      purchase.refunded < purchase.total &&
      html`<button class="button wide" type="button" onClick=${then(() => go("refund", { externalId: subject }))}>
        ${t("refund.title")}
      </button>`
    }
  </div>`;
}

function Bought({ purchase, wallets }) {
  const { total, currency, lines, payment = [], paid, refunded, entries = [], vouchers = [] } = purchase;
  return html`
    <p class="due"><span>${t("day.sum")}</span> <strong class="num">${money(total, currency)}</strong></p>
    ${refunded > 0 && html`<${Notice} icon="refund" text=${t("done.refunded", { amount: money(refunded, currency) })} />`}
    ${payment.length > 0 && html`<div><${Due} payment=${payment} paid=${paid} currency=${currency} /></div>`}
    ${vouchers.map(({ title }) => html`<p class="part">${t("done.voucher.with", { title })}</p>`)}
    ${
      lines.length > 0 &&
      html`<ul class="lines">
        ${lines.map(
          (line) => html`<li>
            <span>${line.quantity} × ${line.name ?? line.sku}</span>
            <span class="figure">${money(line.amount, currency)}</span>
          </li>`,
        )}
      </ul>`
    }
    ${
      entries.length > 0 &&
      html`<h3>${t("quote.earns")}</h3>
        <${Entries} list=${entries} wallets=${wallets} />`
    }
  `;
}
