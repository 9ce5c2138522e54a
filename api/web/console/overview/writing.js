/* Figures as people write them. */

import { currencyStyle, digitsOf } from "/shared/currencies.js";
import { money, number } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { has, speech, t } from "/shared/words.js";
import { desk } from "../console.js";

/* Where less is better than more. */
const LESS_IS_BETTER = ["churn", "liability", "outstanding", "breakage", "breakage_cohort"];
/* Shares of a wallet's units. */
const OF_UNITS = ["redemption_points", "burn", "breakage", "breakage_cohort"];

export function walletOf(code) {
  return desk.programme?.wallets.find((each) => each.code === code);
}

/** Units of a wallet, as its kind is written, with its name where it is no money. */
export function unitsOf(code, amount) {
  const wallet = walletOf(code);
  return wallet?.kind === "MONEY"
    ? money(amount, wallet.currency)
    : `${number(amount)} ${wallet?.name ?? code}`;
}

/** The same beneath a heading that names the wallet. */
export function bareUnits(code, amount) {
  const wallet = walletOf(code);
  return wallet?.kind === "MONEY" ? money(amount, wallet.currency) : number(amount);
}

/** A figure's value as people write it: of a rate percent, of money its currency. */
export function written(each, value) {
  if (value === null) return t("figure.unknown");
  if (each.kind === "RATE")
    return new Intl.NumberFormat(speech.locale, { style: "percent", maximumFractionDigits: 1 }).format(value);
  if (each.kind === "MONEY") return money(Math.round(value), desk.programme.currency);
  const wallet = each.kind === "UNITS" && walletOf(each.subject);
  if (wallet && wallet.kind === "MONEY") return money(Math.round(value), wallet.currency);
  const digits = each.kind === "AVERAGE" || each.kind === "SCORE" ? 2 : 0;
  return new Intl.NumberFormat(speech.locale, { maximumFractionDigits: digits }).format(value);
}

/** What a figure is called. */
export function nameOf({ code, subject, subjectTitle }) {
  const name = has(`figure.${code}`) ? t(`figure.${code}`) : code;
  if (!subject) return name;
  const [wallet, month] = code === "breakage_cohort" ? subject.split(" ") : [subject];
  const named = walletOf(wallet)?.name ?? subjectTitle ?? wallet;
  return t("figure.subject", { name, subject: month ? `${named}, ${monthOf(`${month}-01`)}` : named });
}

/** A month by its first day, as people write it. */
export function monthOf(first) {
  const formatted = new Intl.DateTimeFormat(speech.locale, {
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  return formatted.format(new Date(`${first}T00:00:00Z`));
}

/** The change against the period before: in points of a rate or a score, else in percent of what was. */
export function Change({ each }) {
  const { value, before, kind, code } = each;
  if (value === null || before === null) return html`<span class="quiet small">${t("change.none")}</span>`;
  const isInPoints = kind === "RATE" || kind === "SCORE";
  const change = isInPoints
    ? (value - before) * (kind === "RATE" ? 100 : 1)
    : before === 0
      ? null
      : ((value - before) / Math.abs(before)) * 100;
  if (change === null)
    return html`<span class="quiet small">${t("change.from", { before: written(each, before) })}</span>`;
  const rounded = Math.round(change * 10) / 10;
  const isGood = LESS_IS_BETTER.includes(code) ? rounded < 0 : rounded > 0;
  const amount = new Intl.NumberFormat(speech.locale, {
    signDisplay: "exceptZero",
    maximumFractionDigits: 1,
  }).format(rounded);
  return html`<span class=${`small change ${rounded === 0 ? "quiet" : isGood ? "plus" : "minus"}`}>
    <strong>${t(isInPoints ? "change.points" : "change.percent", { change: amount })}</strong>
    <span class="quiet">${t("change.from", { before: written(each, before) })}</span>
  </span>`;
}

/* What one unit counts for in a liability, which is often less than a minor unit: four digits after those of money. */
function unitWorth(denominator) {
  const { currency } = desk.programme;
  const digits = digitsOf(currency);
  const style = { ...currencyStyle(currency), maximumFractionDigits: digits + 4 };
  return new Intl.NumberFormat(speech.locale, style).format(1 / denominator / 10 ** digits);
}

/** A plain sentence on what a figure counts, at what price, and where one sees when it lapses; nothing for others. */
export function Meaning({ each: { code, subject, numerator, denominator } }) {
  if (!has(`meaning.${code}`)) return null;
  const places = { page: t("page.results"), part: t("results.standing") };
  if (code !== "liability") return html`<small class="under quiet">${t(`meaning.${code}`, places)}</small>`;
  if (numerator === null) return html`<small class="under quiet">${t("meaning.unpriced")}</small>`;
  const words = { held: unitsOf(subject, Math.round(numerator)), ...places };
  return html`<small class="under quiet">${denominator === null ? t("meaning.lapsing", words) : t("meaning.liability", { ...words, price: unitWorth(denominator) })}</small>`;
}

/** What a share or an average is divided by; where that is no share of it, the two counts. */
export function Parts({ each: { kind, code, subject, value, numerator, denominator } }) {
  const isMean = code === "average_ticket";
  if (denominator === null || !(kind === "RATE" || kind === "AVERAGE" || isMean)) return null;
  const wallet = OF_UNITS.includes(code) && walletOf(subject.split(" ")[0]);
  const write = (amount, currency) =>
    currency ? money(Math.round(amount), currency) : number(Math.round(amount));
  const currency = wallet?.kind === "MONEY" ? wallet.currency : null;
  const parts = {
    numerator: write(numerator, isMean ? desk.programme.currency : currency),
    denominator: write(denominator, currency),
  };
  return html`<small class="quiet">${t(value === null && numerator > 0 ? "figure.against" : "figure.parts", parts)}</small>`;
}

/** Minor units with their sign. */
export function signedMoney(minor) {
  const { currency } = desk.programme;
  const signs = { signDisplay: "exceptZero", ...currencyStyle(currency) };
  return new Intl.NumberFormat(speech.locale, signs).format(Math.round(minor) / 10 ** digitsOf(currency));
}

/** A difference of two shares with its sign, in percentage points. */
export function signedPoints(share) {
  const signs = { signDisplay: "exceptZero", maximumFractionDigits: 1 };
  return t("variant.points", { points: new Intl.NumberFormat(speech.locale, signs).format(share * 100) });
}
