/* What a scanned or typed text is, by its form alone, as domain/model/people/codes.py tells them apart. The
   server has the last word. */

/* Damm's table: the check digit of a membership number. */
const DAMM = [
  "0317598642",
  "7092154863",
  "4206871359",
  "1750983426",
  "6123045978",
  "3674209581",
  "5869720134",
  "8945362017",
  "9438617205",
  "2581436790",
];
// biome-ignore lint/suspicious/noControlCharactersInRegex: scanners send them around a code
const SIGNS = /^[\x00-\x20\x7f-\xa0\ufeff]+|[\x00-\x20\x7f-\xa0\ufeff]+$/g;
const AIM_IDENTIFIER = /^\][A-Za-z][0-9A-Za-z](\\[0-9]{6})?/;

/** Return a text without what scanners put around it: STX, ETX, line ends, an AIM identifier such as `]Q1`. */
export function stripScannerSigns(raw) {
  return raw.replace(SIGNS, "").replace(AIM_IDENTIFIER, "").replace(SIGNS, "");
}

/** Return {kind, text}: voucher, card, number, contact or unknown, with the one spelling of each. */
export function classify(raw) {
  const text = stripScannerSigns(raw);
  // Of the last character two bits count: the others would make 16 spellings of one card.
  if (/^[12][A-Za-z0-9_-]{21}[AQgw]$/.test(text)) return { kind: "card", text };
  const voucher = text.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  if (/^V[0-9A-HJKMNP-TV-Z]{19}$/.test(voucher)) return { kind: "voucher", text: voucher };
  const digits = text.replace(/[\s.-]/g, "");
  if (/^\d{10}$/.test(digits) && isNumber(digits)) return { kind: "number", text: digits };
  if (/^\S+@\S+$/.test(text) || /^\+?[\d\s().-]{6,20}$/.test(text)) return { kind: "contact", text };
  return { kind: "unknown", text };
}

function isNumber(digits) {
  return [...digits].reduce((interim, digit) => DAMM[interim][digit], 0) === "0";
}
