/* What the whole phone page knows: the session, the member as last read, and how to get from screen to
   screen. */

import { NoNetwork, Session } from "/shared/graphql.js";
import { keep, openDatabase, recall as recallKept } from "/shared/storage.js";
import { HOME, PROGRAMME } from "./queries.js";

export const session = new Session("selo-phone");

/** The device's own database: the card's key, and the last answer for a start without a network. */
export const database = openDatabase("selo-phone", 1, { facts: {} });

/* `live` is whether the socket listens, null until it was tried; `trouble` why nothing could be read yet, in
   words; `linkedCode` the code of the address, as the picture on a package opens it (/phone/?c=CODE), until it
   was offered; `install` the browser's offer to put the page on the home screen; `openedAt` when this page was opened, as the server counts it: what happened before was missed. */
export const phone = {
  me: null,
  programme: null,
  online: navigator.onLine,
  live: null,
  readAt: null,
  trouble: null,
  install: null,
  linkedCode: new URLSearchParams(location.search).get("c") ?? "",
  openedAt: session.now(),
};

/** What the server says with the page itself: whether sign-in codes stand on its console. */
export const hints = document.documentElement.dataset;

/** What the programme is called to members: by its brand where it has one. */
export function programmeName() {
  return phone.programme?.brand?.name ?? phone.programme?.name ?? hints.name ?? "";
}

const bus = new EventTarget();

export function go(screen, params = {}) {
  bus.dispatchEvent(new CustomEvent("go", { detail: { screen, params } }));
}

export function onGo(act) {
  bus.addEventListener("go", (event) => act(event.detail));
}

/** Told whenever the member was read afresh. */
export function onChange(act) {
  bus.addEventListener("change", act);
  return () => bus.removeEventListener("change", act);
}

export function changed() {
  bus.dispatchEvent(new Event("change"));
}

/** Told whenever a message came in. */
export function onMessage(act) {
  bus.addEventListener("message", act);
  return () => bus.removeEventListener("message", act);
}

export function messageCame() {
  bus.dispatchEvent(new Event("message"));
}

export function prefer(key, value) {
  if (value !== undefined) keep(`selo-phone-${key}`, value);
  return recallKept(`selo-phone-${key}`);
}

/** A name for this browser that stays: the server knows a device by it. */
export function installationId() {
  return prefer("installation") ?? prefer("installation", crypto.randomUUID());
}

/** What a sign-in on this browser brings: the token by which the server knows the browser again, and that of a
 * membership that was applied for here and has not begun. */
export function signInTokens() {
  return { deviceToken: prefer("device"), enrolmentToken: prefer("enrolment") };
}

export async function ask(document, variables) {
  const data = await session.ask(document, variables);
  phone.online = true;
  return data;
}

export async function readProgramme() {
  phone.programme = (await session.askPublic(PROGRAMME)).programme;
  await (await database).put("facts", phone.programme, "programme");
}

/** Something that this device keeps of the member until they sign out; undefined where it keeps nothing. */
export async function keptFact(key) {
  return (await database).get("facts", key);
}

export async function keepFact(key, value) {
  await (await database).put("facts", value, key);
}

/** Take what this device kept of the programme and the member, until they are read afresh. */
export async function recall() {
  const db = await database;
  phone.programme ??= (await db.get("facts", "programme")) ?? null;
  if (!phone.me && session.open) Object.assign(phone, (await db.get("facts", "home")) ?? {});
}

let reading = 0;

/** Read the member afresh, or what was read last where there is no network. Of several readings the one begun
 * last counts. `meet` is given the member's language, and waited for, before anything of them is drawn. */
export async function readHome(meet = async () => {}) {
  const db = await database;
  const turn = ++reading;
  try {
    const { viewer: me } = await ask(HOME, {});
    await meet(me.locale);
    if (turn !== reading || !session.open) return;
    Object.assign(phone, { me: tidy(me), readAt: Date.now(), trouble: null });
    await db.put("facts", { me: phone.me, readAt: phone.readAt }, "home");
    if (phone.programme) await db.put("facts", phone.programme, "programme");
  } catch (error) {
    if (!(error instanceof NoNetwork)) throw error;
    phone.online = false;
    await recall();
    if (!phone.me) throw error;
  }
  changed();
}

/* Connections as plain lists; what this server lacks as empty ones. */
function tidy(me) {
  const list = (connection) => connection?.edges.map((edge) => edge.node) ?? [];
  return {
    ...me,
    rewards: list(me.rewards),
    rewardsMore: me.rewards.pageInfo,
    history: list(me.pointHistory),
    historyMore: me.pointHistory.pageInfo,
    vouchers: list(me.vouchers),
    hasVouchers: Boolean(me.vouchers),
    unread: me.messages?.unread ?? 0,
    hasMessages: Boolean(me.messages),
    wallets: me.wallets.map((wallet) => ({ ...wallet, arriving: wallet.arriving ?? [] })),
  };
}

/** Forget the member on this device, and what is still being read of them. */
export async function forget() {
  reading++;
  Object.assign(phone, { me: null, readAt: null });
  await (await database).clear("facts");
}

export function walletOf(code) {
  return phone.me?.wallets.find((wallet) => wallet.code === code);
}

/** The day of an instant in the programme's zone, as `YYYY-MM-DD`. */
export function dayAt(iso) {
  const timeZone = phone.programme?.timezone;
  return new Intl.DateTimeFormat("en-CA", { dateStyle: "short", timeZone }).format(new Date(iso));
}
