/* How many decimals a currency's amounts have, where it is not two. Browsers do not agree on it and some count
   coins: of forints Chromium knows no decimals, where shops and the server have two. An amount must be read and
   written as the server does (Babel's table; tests/browser/test_currencies.py holds this one to it). */

const BY_DIGITS = {
  0: "ADP AFN ALL BIF BYR CLP DJF ESP GNF IQD IRR ISK ITL JPY KMF KPW KRW LAK LBP LUF MGA MGF MMK MRO PYG RSD RWF SLL SOS STD SYP TMM TRL UGX UYI VND VUV XAF XOF XPF YER ZMK ZWD",
  3: "BHD JOD KWD LYD OMR TND",
  4: "CLF UYW",
};

export function digitsOf(currency) {
  const [digits] = Object.entries(BY_DIGITS).find(([, codes]) => codes.includes(currency)) ?? [2];
  return Number(digits);
}

/** What a number of this currency is written by. */
export function currencyStyle(currency) {
  const digits = digitsOf(currency);
  return { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
}
