/* What a scanned or typed text is, by its form alone, as domain/model/people/codes.py tells them apart. The
   server has the last word. */

/** Return {kind, text}: voucher, card, number, contact or unknown, with the one spelling of each. */
export function classify(raw) {
  const text = raw.trim();
  if (/^[12][A-Za-z0-9_-]{22}$/.test(text)) return { kind: "card", text };
  const voucher = text.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  if (/^V[0-9A-HJKMNP-TV-Z]{19}$/.test(voucher)) return { kind: "voucher", text: voucher };
  const digits = text.replace(/[\s.-]/g, "");
  if (/^\d{10}$/.test(digits)) return { kind: "number", text: digits };
  if (/^\S+@\S+$/.test(text) || /^\+?[\d\s().-]{6,20}$/.test(text)) return { kind: "contact", text };
  return { kind: "unknown", text };
}
