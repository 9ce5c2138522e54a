/* The period of the overview, and its other filters, as an address has them. */

const DAY_MS = 86_400_000;
/* Periods that are chosen by a word: so many days through today, or whole months. */
const DAYS = { "7": 7, "30": 30, "90": 90, "365": 365 };
export const PERIODS = [...Object.keys(DAYS), "month", "last-month", "own"];

const text = (at) => new Date(at).toISOString().slice(0, 10);

function today(now, timeZone) {
  return new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(new Date(now));
}

/** Return {period, from, to, store, tier} of the text behind the question mark. */
export function readFilters(filters, now, timeZone) {
  const given = new URLSearchParams(filters);
  const period = PERIODS.includes(given.get("period")) ? given.get("period") : "30";
  const own = { from: day(given.get("from")), to: day(given.get("to")) };
  const place = { store: given.get("store") ?? "", tier: given.get("tier") ?? "" };
  if (period === "own" && own.from && own.to) return { period, ...own, ...place };
  return { period: period === "own" ? "30" : period, ...spanOf(period, today(now, timeZone)), ...place };
}

function day(written) {
  return /^\d{4}-\d\d-\d\d$/.test(written ?? "") && !Number.isNaN(Date.parse(written)) ? written : "";
}

function spanOf(period, to) {
  const at = Date.parse(to);
  const [year, month] = to.split("-").map(Number);
  if (period === "month") return { from: `${to.slice(0, 8)}01`, to };
  if (period === "last-month")
    return { from: text(Date.UTC(year, month - 2, 1)), to: text(Date.UTC(year, month - 1, 0)) };
  return { from: text(at - ((DAYS[period] ?? 30) - 1) * DAY_MS), to };
}

/** Return the span that another period has. */
export function spanFor(period, now, timeZone) {
  return spanOf(period, today(now, timeZone));
}

/** Write filters as an address has them; what is usual is left out. */
export function writeFilters({ period, from, to, store, tier }) {
  const all = { period: period === "30" ? "" : period, store, tier };
  if (period === "own") Object.assign(all, { from, to });
  return new URLSearchParams(Object.entries(all).filter(([, value]) => value)).toString();
}

/** Return filters with words of the page's own behind them, such as a row; what is empty is left out. */
export function withOwn(filters, own) {
  const all = new URLSearchParams(filters);
  for (const [name, value] of Object.entries(own)) if (value) all.set(name, value);
  return all.toString();
}

/** Every day from one through another, so that days on which nothing happened are drawn as well. */
export function daysBetween(from, to) {
  const days = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY_MS) days.push(text(at));
  return days;
}
