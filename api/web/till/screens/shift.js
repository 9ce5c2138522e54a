/* What this shift did, and what still waits on this device: kept purchases, and those that the server
   refused, to be mended. Each row opens; for ten minutes it can be taken back. */

import { instant, money, number } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html, useEffect, useLayoutEffect, useState } from "/shared/preact.js";
import { Act, Icon, mount, Notice, openSheet } from "/shared/ui.js";
import { has, t } from "/shared/words.js";
import { SHIFT } from "../queries.js";
import { discard, drain, isMine, mayHandle, onQueue, queued, takeOver } from "../queue.js";
import { database, go, session, till } from "../till.js";
import { dayButton } from "./day.js";
import { ask } from "./parts.js";
import { openReceipt } from "./receipt.js";
import { mayUndo, undoSheet } from "./undo.js";
import { REVERSIBLE_MS } from "./voucher.js";

export async function shiftScreen(element) {
  const rows = await queued();
  return mount(html`<${Shift} rows=${rows} />`, element);
}

function Shift({ rows: first }) {
  const [rows, setRows] = useState(first);
  const [acts, setActs] = useState(null);
  useLayoutEffect(() => onQueue(() => queued().then(setRows)), []);
  useEffect(() => {
    readActs().then(setActs);
  }, [rows.length]);
  return html`
    <h1 tabindex="-1">${t("tab.shift")}</h1>
    <section class="stack tight" aria-live="polite"><${Queue} rows=${rows} /></section>
    <section class="stack tight">
      <h2>${t("shift.done")}</h2>
      ${
        acts === null
          ? html`<div class="skeleton"></div>`
          : acts.length
            ? html`<ul class="lines card">
                ${acts.map((act) => html`<${Row} key=${act.id} act=${act} />`)}
              </ul>`
            : html`<p class="quiet">${t("shift.none")}</p>`
      }
    </section>
    ${acts && html`<${dayButton} acts=${acts} rows=${rows} />`}
  `;
}

/* ---------------------------------------------------------------- what waits here */
function Queue({ rows }) {
  if (!rows.length) return html`<${Notice} kind="good" icon="check" text=${t("queue.empty")} />`;
  return html`
    <h2>${t("queue.title")}</h2>
    <ul class="stack tight">
      ${rows.map((row) => html`<${Kept} key=${row.id} row=${row} />`)}
    </ul>
    ${rows.some(waitsForMe) && html`<${Act} class="button wide" act=${sendAll}>${t("queue.send")}<//>`}
  `;
}

function Kept({ row }) {
  const { state, purchase, member, problem, cashier, at } = row;
  return html`<li class=${`card queued ${state}`} data-state=${state}>
    <div class="row spread">
      <strong>${purchase.externalId}</strong>
      <strong class="num">${money(purchase.total, purchase.currency)}</strong>
    </div>
    <p class="small quiet">
      ${[who(member), instant(purchase.occurredAt ?? at, till.programme?.timezone), cashier].join(" · ")}
    </p>
    ${state === "refused" && html`<${Notice} kind="bad" icon="close" text=${problem.message} />`}
    ${
      isMine(row)
        ? state === "waiting" && html`<p class="chip"><${Icon} name="clock" />${t("queue.state")}</p>`
        : html`<${Notice} icon="person" text=${t("queue.theirs", { cashier })} />`
    }
    ${mayHandle(row) && html`<${Acts} row=${row} />`}
  </li>`;
}

function who(member) {
  return member.name ?? member.number ?? t("queue.card");
}

function waitsForMe(row) {
  return row.state === "waiting" && isMine(row);
}

async function sendAll() {
  await drain();
  if ((await queued()).some(waitsForMe)) toast(t("fault.network"));
}

/* What can be done with a row by who may: one's own that waits goes out by itself. */
function Acts({ row }) {
  const drop = html`<button class="button" type="button" onClick=${() => openSheet(t("queue.discard"), Discarding, { row })}>
    ${t("queue.discard")}
  </button>`;
  if (row.state === "refused")
    return html`<div class="row wrap">
      <button class="button primary" type="button" onClick=${() => go("customer", { row })}>${t("queue.mend")}</button>
      ${drop}
    </div>`;
  if (isMine(row)) return null;
  return html`<div class="row wrap">
    <button class="button primary" type="button" onClick=${() => openSheet(t("queue.take"), TakingOver, { row })}>
      ${t("queue.take")}
    </button>
    ${drop}
  </div>`;
}

/* A manager answers for what they send: they see who made it, and for whom. */
function TakingOver({ row, close }) {
  const { purchase, member, cashier } = row;
  const act = async () => {
    await takeOver(row);
    close();
    await sendAll();
  };
  return html`<div class="stack">
    <h2>${t("queue.take")}</h2>
    <p>${[purchase.externalId, money(purchase.total, purchase.currency), who(member)].join(" · ")}</p>
    <p>${t("queue.take.sure", { cashier })}</p>
    <${Act} class="button primary wide" act=${act}>${t("queue.take")}<//>
    <button class="button wide" type="button" onClick=${() => close()}>${t("cancel")}</button>
  </div>`;
}

function Discarding({ row, close }) {
  const act = async () => {
    await discard(row);
    close();
  };
  return html`<div class="stack">
    <h2>${t("queue.discard")}</h2>
    <p>${t("queue.discard.sure", { receipt: row.purchase.externalId })}</p>
    <${Act} class="button primary wide" act=${act}>${t("queue.discard")}<//>
    <button class="button wide" type="button" onClick=${() => close()}>${t("cancel")}</button>
  </div>`;
}

/* ---------------------------------------------------------------- what was done */
/* The server's own list where it keeps one; what this device noted where not, or where there is no
   network. */
async function readActs() {
  try {
    const { shiftActions } = await ask(SHIFT, {});
    if (shiftActions) return shiftActions;
  } catch {
    // Without the server's list the device's own is shown.
  }
  const log = await (await database).all("log");
  return log
    .filter((row) => row.staff === till.staff?.id && row.at >= session.tokens.about.since)
    .reverse()
    .map((row) => ({
      ...row,
      customer: { name: row.name },
      voucher: row.voucherId && { id: row.voucherId, voucherState: "USED", usedAt: row.at },
    }));
}

function Row({ act }) {
  const { actionKind, subject, amount, currency, customer, at, voucher } = act;
  const isReceipt =
    ["PURCHASE", "REFUND", "PURCHASE_CORRECTED"].includes(actionKind) ||
    (actionKind === "MEMBER_INVITED" && Boolean(subject));
  const undo = undoOf(act);
  return html`<li class="act">
    <div class="grow">
      <strong>${kind(actionKind)}</strong> ${subject}
      <small class="why">
        ${[customer?.name, instant(at, till.programme?.timezone)].filter(Boolean).join(" · ")}
      </small>
    </div>
    ${amount ? html`<span class="figure">${currency ? money(amount, currency) : number(amount)}</span>` : ""}
    ${undo && html`<button class="button" type="button" onClick=${() => undoSheet(undo)}>${t("undo")}</button>`}
    ${
      (isReceipt || voucher) &&
      html`<button
        class="button round plain"
        type="button"
        aria-label=${t("shift.open", { subject })}
        onClick=${() => openReceipt(act, undo)}
      >
        <${Icon} name="forward" />
      </button>`
    }
  </li>`;
}

/* What it takes to take a row back, null where that is over or not this cashier's to do. */
function undoOf({ actionKind, subject, amount, currency, customer, at, voucher }) {
  const name = customer?.name;
  if (actionKind === "PURCHASE") {
    const undo = { externalId: subject, total: amount, currency, name, at };
    return mayUndo(undo) ? undo : null;
  }
  const isReversible =
    actionKind === "VOUCHER_USED" &&
    voucher?.voucherState === "USED" &&
    till.manager &&
    session.now() - Date.parse(voucher.usedAt) < REVERSIBLE_MS;
  return isReversible ? { vouchers: [{ id: voucher.id, title: subject }], name } : null;
}

/** What was done, in the cashier's language: a server may know of more than this page does. */
export function kind(actionKind) {
  return t(has(`action.${actionKind}`) ? `action.${actionKind}` : "action.OTHER");
}
