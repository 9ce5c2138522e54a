/* Training: the same screens on a member who is nobody. What the page asks is answered here, from the programme's
   own names; nothing is sent, nothing is kept, and points are made up: one for each whole unit of money. */

import { newKey } from "/shared/graphql.js";
import { t } from "/shared/words.js";
import { TRAINING } from "./queries.js";
import { session, till } from "./till.js";

const NUMBER = "0000000000";
const VISIT_MS = 5 * 60_000;
const POINTS = 240;

let shop = null;

/** Begin anew, as if nothing had ever been done. */
export async function beginTraining() {
  const { programme } = await session.askPublic(TRAINING);
  shop = {
    programme,
    points: POINTS,
    receipts: new Map(),
    acts: [],
    vouchers: new Map(),
    replies: new Map(),
  };
  for (const reward of programme.rewards.filter(({ value }) => value?.amount).slice(0, 1))
    giveVoucher(reward);
}

export function endTraining() {
  shop = null;
}

/** Answer what a screen asks, as the server would. */
export async function answerInTraining(document, variables) {
  const [, name] = document.match(/^\s*(?:query|mutation) Till(\w+)/) ?? [];
  const answer = ANSWERS[name];
  if (!answer || !shop) return refusal(document);
  const { input = variables } = variables;
  // The same key again gets the first answer.
  const key = input.idempotencyKey && `${name}:${input.idempotencyKey}`;
  if (key && shop.replies.has(key)) return shop.replies.get(key);
  const reply = answer(input);
  if (key) shop.replies.set(key, reply);
  return reply;
}

/* What there is no training for says so where it was asked. */
function refusal(document) {
  const [, alias, field] = document.match(/\{\s*(?:(\w+):\s*)?(\w+)\(/);
  return { [alias ?? field]: { __typename: "NotAllowed", message: t("training.not") } };
}

const now = () => new Date(session.now()).toISOString();

function wallets() {
  return shop.programme.wallets.map(({ code, name, kind, currency }, i) => ({
    id: code,
    code,
    name,
    walletKind: kind,
    currency,
    available: i === 0 ? shop.points : 0,
    pending: 0,
    debt: 0,
    expiring: [],
  }));
}

function member() {
  const [tier] = shop.programme.tiers;
  return {
    id: "training",
    number: NUMBER,
    name: t("training.member"),
    status: "ACTIVE",
    wallets: wallets(),
    tier: tier ? { id: "tier", current: tier, next: null, toNext: null, counts: [] } : null,
    segments: [],
    badges: [],
    attributes: [],
    rewards: {
      edges: shop.programme.rewards
        .filter(({ cost }) => cost?.wallet === shop.programme.wallets[0]?.code && cost.amount <= shop.points)
        .map((reward) => ({ node: { id: reward.id, reward } })),
    },
    vouchers: { edges: [...shop.vouchers.values()].map((node) => ({ node })) },
  };
}

function giveVoucher(reward) {
  const voucher = {
    id: newKey(),
    title: reward.title,
    voucherState: "ISSUED",
    issuedAt: now(),
    expiresAt: null,
    usedAt: null,
    usedIn: null,
    value: reward.value,
    stores: [],
    reward,
  };
  shop.vouchers.set(voucher.id, voucher);
  return voucher;
}

function usable() {
  return [...shop.vouchers.values()].find(({ voucherState }) => voucherState === "ISSUED");
}

function act(actionKind, subject, more = {}) {
  shop.acts.unshift({
    id: newKey(),
    at: now(),
    actionKind,
    subject,
    amount: 0,
    wallet: null,
    currency: null,
    customer: member(),
    voucher: null,
    ...more,
  });
}

function award(total) {
  const [wallet] = shop.programme.wallets;
  const amount = Math.floor(total / 100);
  const entry = {
    wallet: wallet.code,
    entryKind: "AWARD",
    amount,
    title: t("training.rule"),
    availableAt: null,
  };
  return wallet && amount ? [entry] : [];
}

function outcome(entries) {
  return entries.map(({ wallet, amount, title }) => ({
    rule: "training",
    title,
    applied: true,
    wallet,
    amount,
    reason: null,
  }));
}

function record({ externalId, total, currency, lines = [], vouchers = [] }) {
  if (shop.receipts.has(externalId))
    return { __typename: "PurchaseClaimed", message: t("training.claimed"), sameMember: true, claimed: null };
  const used = vouchers.map(({ voucherId }) => shop.vouchers.get(voucherId) ?? usable()).filter(Boolean);
  const goods = total + vouchers.reduce((sum, { discount }) => sum + (discount ?? 0), 0);
  const low = used.find(({ value }) => value?.minimum > goods);
  if (low)
    return {
      __typename: "VoucherNotUsable",
      message: t("training.minimum"),
      voucherId: low.id,
      voucherState: "ISSUED",
    };
  for (const voucher of used) Object.assign(voucher, { voucherState: "USED", usedAt: now() });
  const entries = award(total);
  for (const { amount } of entries) shop.points += amount;
  const purchase = {
    id: newKey(),
    externalId,
    occurredAt: now(),
    currency,
    total,
    refunded: 0,
    payment: [],
    paid: total,
    back: { money: 0 },
    lines: lines.map((line, i) => ({
      line: i + 1,
      name: null,
      refundedQuantity: 0,
      refundedAmount: 0,
      ...line,
    })),
    entries,
    vouchers: used,
  };
  shop.receipts.set(externalId, purchase);
  act("PURCHASE", externalId, { amount: total, currency });
  for (const voucher of used) act("VOUCHER_USED", voucher.title, { voucher });
  return {
    __typename: vouchers.length ? "CheckedOut" : "PurchaseRecorded",
    purchase,
    customer: member(),
    entries,
    explanation: outcome(entries),
    unlocked: [],
    earnedBadges: [],
    tierChange: null,
    vouchers: used,
  };
}

/* What goes back of a receipt, and the points with it. */
function part({ externalId, amount, lines }) {
  const purchase = shop.receipts.get(externalId);
  const left = purchase.total - purchase.refunded;
  const ofLines = (lines ?? []).reduce((sum, { line, quantity }) => {
    const bought = purchase.lines[line - 1];
    return sum + Math.floor((bought.amount * quantity) / bought.quantity);
  }, 0);
  const money = Math.min(left, amount ?? (lines ? ofLines : left));
  const points = Math.floor(purchase.total / 100) - Math.floor((purchase.total - money) / 100);
  const [{ code, name, currency }] = shop.programme.wallets;
  return { purchase, money, totals: [{ wallet: code, name, currency, amount: -points }] };
}

function refund(input) {
  const { purchase, money, totals } = part(input);
  purchase.refunded += money;
  purchase.back.money += money;
  shop.points += totals[0].amount;
  act("REFUND", purchase.externalId, { amount: money, currency: purchase.currency });
  const entries = totals.map(({ wallet, amount }) => ({
    wallet,
    entryKind: "CLAWBACK",
    amount,
    title: t("training.rule"),
    availableAt: null,
  }));
  return {
    __typename: "PurchaseRefunded",
    purchase,
    entries,
    wallets: wallets(),
    back: { money, wallets: [] },
  };
}

function found() {
  return {
    customer: member(),
    visit: "training",
    visitExpiresAt: new Date(session.now() + VISIT_MS).toISOString(),
    canPay: true,
  };
}

function scan({ code }) {
  const voucher = usable();
  if (!code.startsWith("V") || !voucher) return { __typename: "CustomerScan", ...found() };
  return { __typename: "VoucherScan", voucher, customer: member(), usable: true, reason: null };
}

function reverse({ voucherId }) {
  const voucher = shop.vouchers.get(voucherId);
  Object.assign(voucher, { voucherState: "ISSUED", usedAt: null });
  act("VOUCHER_REVERSED", voucher.title, { voucher });
  return { __typename: "VoucherUseReversed", voucher };
}

function redeem({ rewardId }) {
  const reward = shop.programme.rewards.find(({ id }) => id === rewardId);
  const voucher = giveVoucher(reward);
  shop.points -= reward.cost.amount;
  act("REWARD_REDEEMED", reward.title, { voucher });
  return { __typename: "RedeemedForCustomer", voucher, ...found() };
}

function correct({ externalId, total }) {
  const purchase = shop.receipts.get(externalId);
  const [{ code }] = shop.programme.wallets;
  const amount = Math.floor(total / 100) - Math.floor(purchase.total / 100);
  shop.points += amount;
  purchase.total = total;
  purchase.paid = total;
  act("PURCHASE_CORRECTED", externalId);
  return {
    __typename: "PurchaseCorrected",
    changed: true,
    purchase,
    totals: [{ wallet: code, amount }],
    wallets: wallets(),
  };
}

function quote({ total }) {
  const entries = award(total);
  return {
    entries,
    totals: [],
    explanation: outcome(entries),
    unlocks: [],
    tierAfter: null,
    payable: [],
    payment: [],
    paid: total,
  };
}

function useVoucher() {
  const voucher = usable();
  if (!voucher) return { __typename: "NotAllowed", message: t("training.not") };
  Object.assign(voucher, { voucherState: "USED", usedAt: now() });
  act("VOUCHER_USED", voucher.title, { voucher });
  return { __typename: "VoucherAccepted", voucher, customer: member() };
}

const ANSWERS = {
  Scan: (input) => ({ scan: scan(input) }),
  Find: () => ({ findCustomer: member() }),
  FindMany: () => ({
    findCustomers: [{ id: "training", name: t("training.member"), numberHint: NUMBER, contacts: [] }],
  }),
  Member: () => ({ node: member() }),
  Quote: (input) => ({ quotePurchase: quote(input) }),
  Record: (input) => ({ recordPurchase: record(input) }),
  Checkout: (input) => ({ checkout: record(input) }),
  UseVoucher: () => ({ useVoucher: useVoucher() }),
  ReverseVoucher: (input) => ({ reverseVoucherUse: reverse(input) }),
  Purchase: ({ externalId }) => ({ purchase: shop.receipts.get(externalId) ?? null }),
  Receipt: ({ externalId }) => ({ purchase: shop.receipts.get(externalId) ?? null }),
  Day: (numbers) =>
    Object.fromEntries(
      Object.entries(numbers).map(([name, number]) => [name, shop.receipts.get(number) ?? null]),
    ),
  QuoteRefund: (input) => {
    const { money, totals } = part(input);
    return { quoteRefund: { refundable: money, totals, back: { money, wallets: [] } } };
  },
  Correct: (input) => ({ correctPurchase: correct(input) }),
  Refund: (input) => ({ refundPurchase: refund(input) }),
  RedemptionCode: () => ({
    requestRedemptionCode: {
      __typename: "RedemptionCodeSent",
      challenge: "training",
      codeSentTo: t("training.contact"),
      expiresAt: now(),
    },
  }),
  // A code would be worth points to whoever enters it, and an invitation would reach somebody.
  Guest: () => ({ recordGuestPurchase: { __typename: "NotAllowed", message: t("training.guest") } }),
  RedeemHere: (input) => ({ redeemForCustomer: redeem(input) }),
  Shift: ({ after }) => ({ staff: till.staff, shiftActions: after ? [] : [...shop.acts] }),
};
