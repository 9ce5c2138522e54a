/* What vouchers take off a basket, in minor units, by what each is worth: as
   domain/model/ledger/fiscal/discounts.py reckons. */

const WHOLE = 100;

/** What one voucher takes off goods that are left to pay: never more than they cost, half a cent rounded up. */
export function discountOff(value, left) {
  if (!value) return 0;
  if (value.amount !== null) return Math.min(value.amount, left);
  return Math.floor((2 * left * (value.percent ?? 0) + WHOLE) / (2 * WHOLE));
}

/** What each of several takes off, one after the other, and what is then left. */
export function discounts(vouchers, goods) {
  let left = goods;
  const off = vouchers.map(({ value }) => {
    const each = discountOff(value, left);
    left -= each;
    return each;
  });
  return { off, left };
}

/** The lines of a basket as they are paid: what vouchers took off it is taken off each by its share. */
export function paidLines(lines, goods, left) {
  if (left === goods || goods === 0) return lines;
  return lines.map((line) => ({ ...line, amount: Math.floor((line.amount * left) / goods) }));
}
