// How amounts are written: a wallet of money in its currency, points with their name. Texts are the app's own; figures
// and units are the API's.

export interface Unit {
  name: string;
  kind: "POINTS" | "MONEY";
  currency: string | null;
}

export function amount(units: number, unit: Unit | null, locale = "en"): string {
  if (unit?.kind === "MONEY" && unit.currency) return money(units, unit.currency, locale);
  const count = new Intl.NumberFormat(locale).format(units);
  return unit ? `${count} ${unit.name}` : count;
}

/** Write minor units as the currency counts them: 2 digits for most, 0 for some. */
export function money(minorUnits: number, currency: string, locale = "en"): string {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency });
  return format.format(minorUnits / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
