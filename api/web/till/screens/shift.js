/* What this shift did, and what still waits on this device: kept purchases, and those that the server
   refused, to be mended. */

import { fill, h, icon, sheet, toast } from "/shared/dom.js";
import { instant, money, number } from "/shared/format.js";
import { has, t } from "/shared/words.js";
import { SHIFT } from "../queries.js";
import { discard, drain, isMine, mayHandle, onQueue, queued, takeOver } from "../queue.js";
import { database, go, session, till } from "../till.js";
import { ask, notice } from "./parts.js";
import { undo } from "./voucher.js";

const UNDO_MS = 15 * 60_000;

export async function shiftScreen(element) {
  const waiting = h("section.stack.tight", { "aria-live": "polite" });
  const done = h("section.stack.tight", {}, h("h2", {}, t("shift.done")), h("div.skeleton"));
  element.append(h("h1", { tabindex: -1 }, t("tab.shift")), waiting, done);
  const stop = onQueue(() => drawQueue(waiting));
  await drawQueue(waiting);
  drawActions(done);
  return stop;
}

async function drawQueue(place) {
  const rows = await queued();
  if (!rows.length) return fill(place, notice(t("queue.empty"), "good", "check"));
  fill(
    place,
    h("h2", {}, t("queue.title")),
    h(
      "ul.stack.tight",
      {},
      rows.map((row) =>
        h(
          `li.card.queued.${row.state}`,
          { "data-state": row.state },
          h(
            "div.row.spread",
            {},
            h("strong", {}, row.purchase.externalId),
            h("strong.num", {}, money(row.purchase.total, row.purchase.currency)),
          ),
          h(
            "p.small.quiet",
            {},
            [
              row.member.name ?? row.member.number ?? t("queue.card"),
              instant(row.purchase.occurredAt ?? row.at, till.programme?.timezone),
              row.cashier,
            ].join(" · "),
          ),
          row.state === "refused" && notice(row.problem.message, "bad", "close"),
          isMine(row)
            ? row.state === "waiting" && h("p.chip", {}, icon("clock"), t("queue.state"))
            : h("p.chip", {}, icon("person"), t("queue.theirs", { cashier: row.cashier })),
          mayHandle(row) && acts(row),
        ),
      ),
    ),
    rows.some(waitsForMe) && h("button.button.wide", { onclick: sendAll }, t("queue.send")),
  );
}

function waitsForMe(row) {
  return row.state === "waiting" && isMine(row);
}

async function sendAll() {
  await drain();
  if ((await queued()).some(waitsForMe)) toast(t("fault.network"));
}

/* What can be done with a row by who may: one's own that waits goes out by itself. */
function acts(row) {
  if (row.state === "refused")
    return h(
      "div.row.wrap",
      {},
      h("button.button.primary", { onclick: () => go("customer", { row }) }, t("queue.mend")),
      h("button.button", { onclick: () => confirmDiscard(row) }, t("queue.discard")),
    );
  return (
    !isMine(row) &&
    h(
      "div.row.wrap",
      {},
      h("button.button.primary", { onclick: () => confirmTakingOver(row) }, t("queue.take")),
      h("button.button", { onclick: () => confirmDiscard(row) }, t("queue.discard")),
    )
  );
}

/* A manager answers for what they send: they see who made it, and for whom. */
function confirmTakingOver(row) {
  return sheet(t("queue.take"), t("close"), (close) =>
    h(
      "div.stack",
      {},
      h("h2", {}, t("queue.take")),
      h(
        "p",
        {},
        [
          row.purchase.externalId,
          money(row.purchase.total, row.purchase.currency),
          row.member.name ?? row.member.number ?? t("queue.card"),
        ].join(" · "),
      ),
      h("p", {}, t("queue.take.sure", { cashier: row.cashier })),
      h(
        "button.button.primary.wide",
        {
          onclick: async () => {
            await takeOver(row);
            close();
            await sendAll();
          },
        },
        t("queue.take"),
      ),
      h("button.button.wide", { onclick: () => close() }, t("cancel")),
    ),
  );
}

function confirmDiscard(row) {
  return sheet(t("queue.discard"), t("close"), (close) =>
    h(
      "div.stack",
      {},
      h("h2", {}, t("queue.discard")),
      h("p", {}, t("queue.discard.sure", { receipt: row.purchase.externalId })),
      h(
        "button.button.primary.wide",
        {
          onclick: async () => {
            await discard(row);
            close();
          },
        },
        t("queue.discard"),
      ),
      h("button.button.wide", { onclick: () => close() }, t("cancel")),
    ),
  );
}

/* The server's own list where it keeps one; what this device noted where not, or where there is no
   network. */
async function drawActions(place) {
  let actions = null;
  try {
    actions = (await ask(SHIFT, {})).shiftActions;
  } catch {
    // Without the server's list the device's own is shown.
  }
  actions ??= (await (await database).all("log"))
    .filter((row) => row.staff === till.staff?.id && row.at >= session.tokens.about.since)
    .reverse()
    .map((row) => ({
      ...row,
      customer: { name: row.name },
      voucher: row.voucherId && { id: row.voucherId, voucherState: "USED", usedAt: row.at },
    }));
  if (!actions.length) return fill(place, h("h2", {}, t("shift.done")), h("p.quiet", {}, t("shift.none")));
  fill(
    place,
    h("h2", {}, t("shift.done")),
    h(
      "ul.lines.card",
      {},
      actions.map((action) =>
        h(
          "li",
          {},
          h(
            "div.grow",
            {},
            h("strong", {}, kind(action.actionKind)),
            " ",
            action.subject,
            h(
              "small.why",
              {},
              [action.customer?.name, instant(action.at, till.programme?.timezone)]
                .filter(Boolean)
                .join(" · "),
            ),
          ),
          action.amount
            ? h(
                "span.figure",
                {},
                action.currency ? money(action.amount, action.currency) : number(action.amount),
              )
            : "",
          undoable(action)
            ? h(
                "button.button",
                { onclick: () => undo({ id: action.voucher.id, title: action.subject }) },
                t("undo"),
              )
            : "",
        ),
      ),
    ),
  );
}

/* A server may know of more than this page does. */
function kind(actionKind) {
  return t(has(`action.${actionKind}`) ? `action.${actionKind}` : "action.OTHER");
}

function undoable({ actionKind, voucher }) {
  return (
    till.manager &&
    actionKind === "VOUCHER_USED" &&
    voucher?.voucherState === "USED" &&
    session.now() - Date.parse(voucher.usedAt) < UNDO_MS
  );
}
