/* What several screens need: words for what was done or failed, and the way to ask. */

import { amount, day, dayOf, money, percent } from "/shared/format.js";
import { NoNetwork, SignedOut, SomebodyElse } from "/shared/graphql.js";
import { toast } from "/shared/passing.js";
import { has, t } from "/shared/words.js";
import { signal } from "../sounds.js";
import { database, go, network, session, till } from "../till.js";

/** Return the wallet of a code as the customer has it, so that an amount is written as money or points. */
export function walletOf(wallets, code) {
  return wallets?.find((wallet) => wallet.code === code);
}

/** A reason's fixed word in the cashier's language; one that the server added since is shown as it came. */
export function why(reason) {
  const [word, ...rest] = reason.split(":");
  if (!has(`why.${word}`)) return reason;
  const value = rest.join(":");
  return t(`why.${word}`, {
    value: word === "later" && value ? dayOf(value, till.programme?.timezone) : value,
  });
}

export function worth(value) {
  if (!value) return null;
  const least = value.minimum
    ? t("worth.minimum", { minimum: money(value.minimum, value.currency ?? till.programme.currency) })
    : "";
  const what =
    value.amount !== null
      ? money(value.amount, value.currency ?? till.programme.currency)
      : value.percent !== null
        ? percent(value.percent)
        : "";
  return [what, least].filter(Boolean).join(" · ") || null;
}

/** Show what was done as a screen of its own; in passing, where the cashier has gone on from `origin`, an element
 * of the screen or sheet on which it was asked for. */
export function finish(origin, outcome) {
  if (origin.isConnected) return go("success", outcome);
  signal("good");
  return toast([outcome.title, outcome.name].filter(Boolean).join(" \u00b7 "));
}

/** What to tell a cashier about a failure: a network's, a session's, or the server's own sentence. */
export function say(error) {
  if (error instanceof NoNetwork) {
    network(false);
    return t("fault.network");
  }
  if (error instanceof SignedOut || error instanceof SomebodyElse) return t("fault.signedout");
  if (error.code === "RATE_LIMITED") return t("fault.often", { seconds: error.retryAfter ?? 5 });
  if (error.code === "BUSY") return t("fault.busy", { seconds: error.retryAfter ?? 5 });
  if (error.code === "NOT_FOUND") return t("fault.notfound");
  if (error.code === "FORBIDDEN")
    return has(`fault.reason.${error.reason}`) ? t(`fault.reason.${error.reason}`) : t("fault.forbidden");
  if (error.code !== "BAD_INPUT" || !error.field) return t("fault.internal");
  // The server's own sentence is for programmers, in English: here stands ours about the field that it names.
  const [field] = error.field?.match(/[A-Za-z]+$/) ?? [];
  return has(`fault.field.${field}`) ? t(`fault.field.${field}`) : t("fault.input");
}

/** Ask the API, and know the network by it. */
export async function ask(document, variables) {
  if (till.isTraining) return (await import("../training.js")).answerInTraining(document, variables);
  const data = await session.ask(document, variables);
  network(true);
  return data;
}

/** Note what this device did, for the list of the shift. */
export async function note(actionKind, subject, more = {}) {
  if (till.isTraining) return;
  const db = await database;
  await db.put("log", {
    at: new Date().toISOString(),
    staff: till.staff.id,
    store: till.staff.store.code,
    actionKind,
    subject,
    ...more,
  });
  const all = await db.all("log");
  for (const old of all.slice(0, Math.max(0, all.length - 200))) await db.remove("log", old.id);
}

export function expiry(wallet) {
  const [soonest] = wallet.expiring ?? [];
  return soonest ? t("expires", { amount: amount(soonest.amount, wallet), day: day(soonest.on) }) : null;
}
