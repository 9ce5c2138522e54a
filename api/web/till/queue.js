/* Purchases on their way: each is written to the device before it is sent and removed when the server has it.
   Sent in the order they were made, by one tab at a time; a key each, so that sending twice counts once. What
   the server refuses stays, to be mended.

   Each belongs to whoever made it: it is sent under their own sign-in, or waits for them, or for a manager who
   takes it over by name. Never does a sign-in send what a colleague made. */

import { NoNetwork, newKey, ServerError, SignedOut, SomebodyElse } from "/shared/graphql.js";
import { alone } from "/shared/storage.js";
import { RECORD, SCAN } from "./queries.js";
import { say } from "./screens/parts.js";
import { database, network, onNetwork, session, till } from "./till.js";

const RETRY_MS = 15_000;
/* What is sent at once says no time: it is now by the server's clock. Later its own time is told. */
const LATE_MS = 2 * 60_000;
/* A visit of an older purchase is over; the member is then named by id. */
const VISIT_MS = 24 * 3_600_000;
/* Errors that pass by themselves: the purchase waits. Any other is for a person to mend. */
const PASSING = ["RATE_LIMITED", "BUSY", "INTERNAL", "NOT_AVAILABLE", "UNAUTHENTICATED"];
/* Who sends or takes back does so alone, in all tabs. */
const TURN = "selo-till-queue";
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

/** Whether a kept purchase is the one's who is signed in. */
export function isMine(row) {
  const { staff } = till;
  if (!staff || row.store !== staff.store.code) return false;
  // Rows from before they named their maker: of this very sign-in.
  return row.staff
    ? row.staff === staff.id
    : row.cashier === staff.name && row.at >= session.tokens.about.since;
}

/** Whether who is signed in may deal with a kept purchase: their own, or any of the store for a manager. */
export function mayHandle(row) {
  return isMine(row) || (till.manager && row.store === till.staff.store.code);
}

/** Keep a purchase on the device. `member` is {visit | id | number | card, name}; a card is scanned when
 * there is a network. */
export async function enqueue(member, purchase) {
  const at = new Date(session.now()).toISOString();
  const row = {
    store: till.staff.store.code,
    staff: till.staff.id,
    cashier: till.staff.name,
    at,
    member,
    state: "waiting",
    problem: null,
    scan: member.card ? { code: member.card, occurredAt: member.scannedAt, idempotencyKey: newKey() } : null,
    purchase: { ...(till.online ? {} : { occurredAt: at }), idempotencyKey: newKey(), ...purchase },
  };
  row.id = await (await database).put("queue", row);
  changed();
  return row;
}

/** Let a manager send a colleague's purchase in their own name; it stays known who made it. */
export async function takeOver(row) {
  const next = { ...row, staff: till.staff.id };
  await (await database).put("queue", next);
  changed();
  return next;
}

/** Put a mended purchase back in line: another key, since what it says is another thing now. It belongs to who
 * mended it. */
export async function mend(row, member, purchase) {
  const scan =
    member.card && member.card !== row.member.card
      ? { code: member.card, occurredAt: member.scannedAt, idempotencyKey: newKey() }
      : row.scan;
  const next = { ...row, member, scan: member.card ? scan : null, state: "waiting", problem: null };
  next.staff = till.staff.id;
  next.purchase = { ...row.purchase, ...purchase, idempotencyKey: newKey() };
  await (await database).put("queue", next);
  changed();
  return next;
}

export async function discard(row) {
  await (await database).remove("queue", row.id);
  changed();
}

/** Take back a purchase that waits; says false where it was sent meanwhile, or may have been. */
export function takeBack({ id }) {
  return alone(TURN, async () => {
    const row = (await queued(true)).find((each) => each.id === id);
    if (!row || row.isUnsure) return false;
    await discard(row);
    return true;
  });
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
  return alone(TURN, async () => {
    for (const row of await queued()) {
      if (row.state !== "waiting" || !isMine(row)) continue;
      if ((await send({ ...row, staff: till.staff.id })) === "later") return;
    }
  });
}

async function send(kept) {
  let row = kept;
  // What a device without any network sends goes nowhere.
  const mayArrive = navigator.onLine;
  try {
    row = await withItsTime(row);
    const answer = await attempt(row);
    network(true);
    const isRecorded = answer.__typename === "PurchaseRecorded" || isOurs(row, answer);
    if (answers.has(row.id)) answers.set(row.id, isRecorded ? { ...answer, isRecorded } : answer);
    if (isRecorded) await (await database).remove("queue", row.id);
    else await refuse(row, answer.__typename, answer.message);
    changed();
    return "done";
  } catch (error) {
    if (error instanceof NoNetwork) {
      network(false);
      // It may be recorded all the same.
      if (mayArrive && !row.isUnsure) await (await database).put("queue", { ...row, isUnsure: true });
    }
    const isForLater = [NoNetwork, SignedOut, SomebodyElse].some((kind) => error instanceof kind);
    if (isForLater || PASSING.includes(error.code)) return "later";
    if (!(error instanceof ServerError)) throw error;
    const message = say(error);
    if (answers.has(row.id)) answers.set(row.id, { __typename: "ServerError", message });
    await refuse(row, error.code, message);
    changed();
    return "done";
  }
}

async function refuse(row, type, message) {
  const problem = { type, message };
  await (await database).put("queue", { ...row, state: "refused", problem, isUnsure: false });
}

/* Sent late, a purchase tells its own time: another request than the one that told none, so with another key. */
async function withItsTime(row) {
  if (row.purchase.occurredAt || session.now() - Date.parse(row.at) < LATE_MS) return row;
  const purchase = { ...row.purchase, occurredAt: row.at, idempotencyKey: newKey() };
  const next = { ...row, purchase };
  await (await database).put("queue", next);
  return next;
}

/* Whether the receipt was recorded by an earlier attempt of this very purchase, whose answer was lost. */
function isOurs({ isUnsure, purchase }, { __typename, sameMember, claimed }) {
  return isUnsure && __typename === "PurchaseClaimed" && sameMember && claimed?.total === purchase.total;
}

async function attempt(row) {
  const ask = (document, input) =>
    session.ask(document, { input }, ({ staff }) => staff.id === row.staff && staff.store.code === row.store);
  const { visit, id, number } = row.member;
  const isOver = session.now() - Date.parse(row.at) > VISIT_MS;
  let member = (isOver && id) || (visit ?? id ?? number);
  if (row.scan) {
    const { scan } = await ask(SCAN, row.scan);
    if (scan.__typename !== "CustomerScan") return scan;
    member = scan.visit;
  }
  return (await ask(RECORD, { ...row.purchase, member })).recordPurchase;
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
    if ((await queued()).some((row) => row.state === "waiting" && isMine(row))) attemptAll();
  }, RETRY_MS);
  attemptAll();
}
