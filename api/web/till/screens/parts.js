/* Pieces that several screens show: amounts, reasons, rewards, and what to say when something fails. */

import { fill, h, icon, kindIcon, toast } from "/shared/dom.js";
import { amount, anyOf, countText, day, dayOf, money, percent, signed } from "/shared/format.js";
import { NoNetwork, SignedOut, SomebodyElse } from "/shared/graphql.js";
import { has, t } from "/shared/words.js";
import { signal } from "../sounds.js";
import { database, go, network, session, till } from "../till.js";

/** Return the wallet of a code as the customer has it, so that an amount is written as money or points. */
export function walletOf(wallets, code) {
  return wallets?.find((wallet) => wallet.code === code);
}

export function figure(value, wallet) {
  return h(`span.figure${value > 0 ? ".plus" : value < 0 ? ".minus" : ".off"}`, {}, signed(value, wallet));
}

/** What a wallet gained or lost, large, with the wallet's name. */
export function total(value, wallet) {
  return h("p.total.num", {}, signed(value, wallet), " ", h("span.unit", {}, wallet?.name ?? ""));
}

/** Each rule that counted; folded beneath, each that did not, with its reason. A rule that nobody gave a
 * title tells people nothing. */
export function reasons(all, wallets) {
  const outcomes = all.filter((outcome) => outcome.title !== outcome.rule || outcome.amount);
  const line = (outcome) =>
    h(
      outcome.applied ? "li" : "li.off",
      {},
      h("span", {}, outcome.title, outcome.reason && h("small.why", {}, why(outcome.reason))),
      outcome.applied && outcome.amount !== 0
        ? figure(outcome.amount, walletOf(wallets, outcome.wallet))
        : h("span.figure.off", {}, outcome.applied ? icon("check") : "\u2013"),
    );
  const [counted, others] = [
    outcomes.filter((outcome) => outcome.applied),
    outcomes.filter((outcome) => !outcome.applied),
  ];
  return [
    counted.length ? h("ul.lines.reasons", {}, counted.map(line)) : null,
    others.length
      ? h(
          "details",
          {},
          h("summary", {}, t("reasons.others", { count: others.length })),
          h("ul.lines.reasons", {}, others.map(line)),
        )
      : null,
  ];
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

/** What a quote or a refund does to each wallet, with the day on which it becomes spendable. */
export function entries(list, wallets) {
  return h(
    "ul.lines",
    {},
    list.map((entry) =>
      h(
        "li",
        {},
        h(
          "span",
          {},
          entry.title,
          entry.availableAt &&
            h(
              "small.why",
              {},
              t("spendable.from", { day: dayOf(entry.availableAt, till.programme?.timezone) }),
            ),
        ),
        figure(entry.amount, walletOf(wallets, entry.wallet)),
      ),
    ),
  );
}

/** A reward's picture, or the drawing of its kind where it has none. */
export function picture(reward, size = 64) {
  if (reward.image) return h("img.picture", { src: reward.image, alt: "", width: size, height: size });
  return h(
    "span.picture.sign",
    { "aria-hidden": "true", style: { "--size": `${size}px` } },
    kindIcon(reward.rewardKind),
  );
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

export function tierChip(tier) {
  if (!tier) return null;
  return h(
    "span.chip.gold",
    {},
    h("span.dot", { style: { background: tier.current.colour ?? "currentcolor" } }),
    tier.current.name,
  );
}

/** What each of several counts, such as nights or spend, misses for the next tier: any one is enough. */
export function tierWay(tier) {
  const leading = tier?.next ? (tier.counts ?? []).filter((count) => count.toNext !== null) : [];
  if (!leading.length) return null;
  const counts = anyOf(leading.map((count) => countText(count.toNext, count)));
  return h("p.small.quiet", {}, t("tier.way", { tier: tier.next.name, counts }));
}

export function notice(text, kind = "", picture = "clock") {
  return h(
    `p.notice${kind ? `.${kind}` : ""}`,
    { role: kind === "bad" ? "alert" : null },
    icon(picture),
    h("span", {}, text),
  );
}

/** Tell what went wrong where it was asked for; in passing, where the cashier has gone on to something else. */
export function fail(place, text, image = "close") {
  signal("bad");
  if (place.isConnected) fill(place, notice(text, "bad", image));
  else toast(text, "bad");
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
  const data = await session.ask(document, variables);
  network(true);
  return data;
}

/** Note what this device did, for the list of the shift. */
export async function note(actionKind, subject, more = {}) {
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
