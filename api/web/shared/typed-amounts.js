/* Amounts as somebody types them: read into minor units, and shown in a field. */

import { digitsOf } from "./currencies.js";
import { speech } from "./words.js";

/** Return minor units of what somebody typed ("12,50", "1 234.5"), null where it is no amount. */
export function parseMoney(text, currency) {
  const digits = digitsOf(currency);
  const match = text
    .trim()
    .replace(/[\s\u00a0']/g, "")
    .match(/^(\d{1,9})(?:[.,](\d*))?$/);
  if (!match || (match[2] ?? "").length > digits) return null;
  return Number(match[1]) * 10 ** digits + Number((match[2] ?? "").padEnd(digits, "0") || 0);
}

/** The same with a sign before it, in units of a wallet; null where it is no amount, and for zero. */
export function parseSigned(text, wallet) {
  const [, sign, rest] = text.trim().match(/^([+\-\u2212]?)\s*(.*)$/);
  const whole = /^\d{1,9}$/.test(rest) ? Number(rest) : null;
  const value = wallet.walletKind === "MONEY" ? parseMoney(rest, wallet.currency) : whole;
  return value ? (sign === "" || sign === "+" ? value : -value) : null;
}

/** Minor units as a field shows them for editing. */
export function plainMoney(minor, currency) {
  const digits = digitsOf(currency);
  return (minor / 10 ** digits).toLocaleString(speech.locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: false,
  });
}
