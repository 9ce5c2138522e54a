/* Amounts, days and instants as the reader's language writes them. Money is integer minor units, points are
   whole. */

import { currencyStyle, digitsOf } from "./currencies.js";
import { speech } from "./words.js";

export function money(minor, currency) {
  const style = { ...currencyStyle(currency), useGrouping: "always" };
  return new Intl.NumberFormat(speech.locale, style).format(minor / 10 ** digitsOf(currency));
}

/* Thousands are always parted, as in the texts that the server writes. */
export function number(value) {
  return new Intl.NumberFormat(speech.locale, { useGrouping: "always" }).format(value);
}

export function percent(value) {
  return new Intl.NumberFormat(speech.locale, { style: "percent", maximumFractionDigits: 2 }).format(
    value / 100,
  );
}

/** An amount of a wallet: money where the wallet is money, a plain number else. */
export function amount(value, wallet) {
  return wallet?.walletKind === "MONEY" && wallet.currency ? money(value, wallet.currency) : number(value);
}

/** Units of a wallet that is known by its currency alone, as parts of a payment name it: money where it has one. */
export function unitsText(value, currency) {
  return currency ? money(value, currency) : number(value);
}

/** An amount of one of a programme's counts toward tiers: money where it has a currency, short where it is
 * whole, and a plain number else. */
export function counted(value, count) {
  if (!count.currency) return number(value);
  return new Intl.NumberFormat(speech.locale, {
    ...currencyStyle(count.currency),
    useGrouping: "always",
    trailingZeroDisplay: "stripIfInteger",
  }).format(value / 10 ** digitsOf(count.currency));
}

/** The same beneath its title: "Nights 6". */
export function countText(value, count) {
  return `${count.title} ${counted(value, count)}`;
}

/** Several things of which any one is enough, as the language joins them. */
export function anyOf(things) {
  return new Intl.ListFormat(speech.locale, { type: "disjunction" }).format(things);
}

/** Several things in one sentence, as the language joins them. */
export function listed(things) {
  return new Intl.ListFormat(speech.locale).format(things);
}

export function signed(value, wallet) {
  return (value > 0 ? "+" : value < 0 ? "\u2212" : "") + amount(Math.abs(value), wallet);
}

/** A calendar day of the programme; it is no instant, so no zone may move it. */
export function day(iso, style = { day: "numeric", month: "long", year: "numeric" }) {
  return new Intl.DateTimeFormat(speech.locale, { ...style, timeZone: "UTC" }).format(
    new Date(`${iso}T00:00:00Z`),
  );
}

/** An instant in the programme's zone, or the device's where none is named; with its year where that is not
 * the present one. */
export function instant(
  iso,
  timeZone,
  style = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
) {
  const at = new Date(iso);
  const year = !("year" in style) && at.getFullYear() !== new Date().getFullYear() ? { year: "numeric" } : {};
  return new Intl.DateTimeFormat(speech.locale, { ...style, ...year, timeZone }).format(at);
}

/** The clock alone. */
export function clock(iso, timeZone) {
  return new Intl.DateTimeFormat(speech.locale, { hour: "2-digit", minute: "2-digit", timeZone }).format(
    new Date(iso),
  );
}

export function dayOf(iso, timeZone) {
  return instant(iso, timeZone, { day: "numeric", month: "long", year: "numeric" });
}

/** How long something holds: through a whole day where it ends with one, else to the minute. */
export function ending(iso, timeZone) {
  const midnight =
    new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone }).format(
      new Date(iso),
    ) === "00:00";
  return midnight
    ? dayOf(new Date(Date.parse(iso) - 1).toISOString(), timeZone)
    : `${dayOf(iso, timeZone)}, ${clock(iso, timeZone)}`;
}
