/* Purchases on their way: each is written to the device before it is sent and removed when the server has it.
   Sent in the order they were made, by one tab at a time; a key each, so that sending twice counts once. What
   the server refuses stays, to be mended. */

import { NoNetwork, newKey, ServerError, SignedOut } from "/shared/graphql.js";
import { RECORD, SCAN } from "./queries.js";
import { say } from "./screens/parts.js";
import { database, network, onNetwork, session, till } from "./till.js";

const RETRY_MS = 15_000;
/* Errors that pass by themselves: the purchase waits. Any other is for a person to mend. */
const PASSING = ["RATE_LIMITED", "BUSY", "INTERNAL", "NOT_AVAILABLE", "UNAUTHENTICATED"];
const bus = new EventTarget();

/** Told whenever the queue changes; what is returned ends it. */
export function onQueue(act) {
  bus.addEventListener("change", act);
  return () => bus.removeEventListener("change", act);
}

const changed = () => bus.dispatchEvent(new Event("change"));

/** Return what waits or was refused, oldest first; of this till's own store unless all are wanted. */
export async function queued(everywhere = false) {
  const rows = await (await database).all("queue");
  return rows.filter((row) => everywhere || !till.staff || row.store === till.staff.store.code);
}

/** Keep a purchase on the device. `member` is {visit | id | number | card, name}; a card is scanned when
 * there is a network. */
export async function enqueue(member, purchase) {
  const row = {
    store: till.staff.store.code,
    cashier: till.staff.name,
    at: new Date().toISOString(),
    member,
    state: "waiting",
    problem: null,
    scan: member.card ? { code: member.card, occurredAt: member.scannedAt, idempotencyKey: newKey() } : null,
    purchase: { occurredAt: new Date().toISOString(), idempotencyKey: newKey(), ...purchase },
  };
  row.id = await (await database).put("queue", row);
  changed();
  return row;
}

/** Put a mended purchase back in line: another key, since what it says is another thing now. */
export async function mend(row, member, purchase) {
  const scan =
    member.card && member.card !== row.member.card
      ? { code: member.card, occurredAt: member.scannedAt, idempotencyKey: newKey() }
      : row.scan;
  const next = { ...row, member, scan: member.card ? scan : null, state: "waiting", problem: null };
  next.purchase = { ...row.purchase, ...purchase, idempotencyKey: newKey() };
  await (await database).put("queue", next);
  changed();
  return next;
}

export async function discard(row) {
  await (await database).remove("queue", row.id);
  changed();
}

/** Send one purchase now, after those before it. Returns the server's answer, or null where it has to
 * wait. */
export async function sendNow(row) {
  answers.set(row.id, null);
  await drain();
  const answer = answers.get(row.id);
  answers.delete(row.id);
  return answer;
}

/* What a screen waits for, while it or another call sends the line. */
const answers = new Map();

/** Send all that waits, in order, until the network or the server says later. */
export function drain() {
  return navigator.locks.request("selo-till-queue", async () => {
    for (const row of await queued()) {
      if (row.state !== "waiting" || !till.staff) continue;
      if ((await send(row)) === "later") return;
    }
  });
}

async function send(row) {
  try {
    const answer = await attempt(row);
    network(true);
    if (answers.has(row.id)) answers.set(row.id, answer);
    if (answer.__typename === "PurchaseRecorded") await (await database).remove("queue", row.id);
    else
      await (await database).put("queue", {
        ...row,
        state: "refused",
        problem: { type: answer.__typename, message: answer.message },
      });
    changed();
    return "done";
  } catch (error) {
    if (error instanceof NoNetwork) network(false);
    if (error instanceof NoNetwork || error instanceof SignedOut || PASSING.includes(error.code))
      return "later";
    if (!(error instanceof ServerError)) throw error;
    const message = say(error);
    if (answers.has(row.id)) answers.set(row.id, { __typename: "ServerError", message });
    await (await database).put("queue", { ...row, state: "refused", problem: { type: error.code, message } });
    changed();
    return "done";
  }
}

async function attempt(row) {
  let member = row.member.visit ?? row.member.id ?? row.member.number;
  if (row.scan) {
    const { scan } = await session.ask(SCAN, { input: row.scan });
    if (scan.__typename !== "CustomerScan") return scan;
    member = scan.visit;
  }
  const { recordPurchase } = await session.ask(RECORD, { input: { ...row.purchase, member } });
  return recordPurchase;
}

/** Begin to send whenever there is hope: at the start, when the network returns, and now and then while
 * something waits. */
export function keepSending() {
  const attemptAll = () => {
    if (session.open) drain().catch(() => {});
  };
  addEventListener("online", attemptAll);
  onNetwork(() => {
    if (till.online) attemptAll();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) attemptAll();
  });
  setInterval(async () => {
    if ((await queued()).some((row) => row.state === "waiting")) attemptAll();
  }, RETRY_MS);
  attemptAll();
}
