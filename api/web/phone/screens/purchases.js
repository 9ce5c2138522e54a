/* A history as people remember it: purchases, each with all that it brought, and what else happened between them. */

import { amount, day, dayOf, instant, listed, money, number, unitsText } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { sheet } from "../dialogs.js";
import { say } from "../faults.js";
import { ask, phone, session, walletOf } from "../phone.js";
import { ENTRY_REASONS, PURCHASE } from "../queries.js";
import { addressOf } from "../route.js";
import { Fact, Notice } from "../ui.js";
import { Figure, Reasons } from "./parts.js";

/* What comes back after a purchase is a line of its own, on the day it came. */
const BACK = ["CLAWBACK", "RETURN"];
const WHOLE = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" };

/** Entries as lines {key, entries, purchase, isBack}: those of one purchase are one line, where its newest stands. */
export function grouped(entries) {
  const lines = new Map();
  for (const entry of entries) {
    const isBack = BACK.includes(entry.entryKind);
    const key = entry.purchase ? `${entry.purchase.id}${isBack ? entry.occurredAt : ""}` : entry.id;
    if (lines.has(key)) lines.get(key).entries.push(entry);
    else lines.set(key, { key, entries: [entry], purchase: entry.purchase ?? null, isBack });
  }
  return [...lines.values()];
}

/** What a line says: its title, what stands beneath it, and its figures, wallet by wallet. */
export function telling({ entries, purchase, isBack }) {
  const [first] = entries;
  const zone = phone.programme?.timezone;
  const pending = entries.find(({ availableAt }) => availableAt && Date.parse(availableAt) > session.now());
  const place = purchase && (purchase.store?.name ?? t("purchase"));
  return {
    title: !purchase ? first.title : isBack ? t("purchase.back", { place }) : place,
    beneath: [
      dayOf(first.occurredAt, zone),
      purchase && !isBack && money(purchase.total, purchase.currency),
      pending && t("entry.pending", { day: dayOf(pending.availableAt, zone) }),
    ]
      .filter(Boolean)
      .join(" · "),
    figures: figuresOf(entries),
    isPending: Boolean(pending),
  };
}

/** What entries come to, wallet by wallet. */
export function figuresOf(entries) {
  const sums = new Map();
  for (const { wallet, amount: moved } of entries) sums.set(wallet, (sums.get(wallet) ?? 0) + moved);
  return [...sums].map(([code, value]) => ({ wallet: walletOf(code), code, value }));
}

/** Open a line: a purchase with its goods, payment and reasons, or one entry. */
export function openLine(line) {
  const { title } = telling(line);
  const [first] = line.entries;
  if (!line.purchase) return sheet(title, Entry, { entry: first, address: addressOf("history", first.id) });
  return openPurchase(line.purchase.id, title);
}

export function openPurchase(id, title = t("purchase")) {
  return sheet(title, Purchase, { id, title, address: addressOf("history", id) });
}

/* Ask once, and say so where it fails. */
function useAnswer(document, id) {
  const [answer, setAnswer] = useState({});
  useEffect(() => {
    ask(document, { id }).then(
      ({ node }) => setAnswer({ node }),
      (error) => setAnswer({ fault: say(error) }),
    );
  }, [id]);
  return answer;
}

function Waiting({ fault }) {
  return fault ? html`<${Notice} kind="bad" icon="cloud">${fault}<//>` : html`<div class="skeleton"></div>`;
}

function Entry({ entry }) {
  const { node, fault } = useAnswer(ENTRY_REASONS, entry.id);
  const wallet = walletOf(entry.wallet);
  const zone = phone.programme?.timezone;
  return html`<div class="stack">
    <h2>${entry.title}</h2>
    <p class="sum"><${Figure} value=${entry.amount} wallet=${wallet} />${" "}<span class="unit">${wallet?.name}</span></p>
    <ul class="lines card facts">
      <${Fact} name=${t("entry.when")}>${instant(entry.occurredAt, zone, WHOLE)}<//>
      <${Fact} name=${t("entry.kind")}>${t(`kind.${entry.entryKind}`)}<//>
      ${entry.availableAt && html`<${Fact} name=${t("entry.available")}>${dayOf(entry.availableAt, zone)}<//>`}
      ${entry.expiresOn && html`<${Fact} name=${t("entry.expires")}>${day(entry.expiresOn)}<//>`}
      <${Fact} name=${t("entry.balance")}>${amount(entry.balanceAfter, wallet)}<//>
    </ul>
    <div class="stack tight" aria-live="polite">
      ${
        node
          ? html`${node.event && html`<p>${node.event}</p>`}
              ${node.explanation.length > 0 && html`<h3>${t("entry.why")}</h3><${Reasons} all=${node.explanation} />`}`
          : html`<${Waiting} fault=${fault} />`
      }
    </div>
  </div>`;
}

function Purchase({ id, title }) {
  const { node, fault } = useAnswer(PURCHASE, id);
  if (!node)
    return html`<div class="stack" aria-live="polite"><h2>${title}</h2><${Waiting} fault=${fault} /></div>`;
  const zone = phone.programme?.timezone;
  const { currency, entries = [], lines = [], vouchers = [], explanation = [] } = node;
  return html`<div class="stack">
    <h2>${node.store?.name ?? title}</h2>
    <p class="sum purchasesum">
      ${figuresOf(entries).map(({ code, value, wallet }) => html`<span key=${code}><${Figure} value=${value} wallet=${wallet} />${" "}<span class="unit">${wallet?.name}</span></span>`)}
    </p>
    <ul class="lines card facts">
      <${Fact} name=${t("entry.when")}>${instant(node.occurredAt, zone, WHOLE)}<//>
      <${Fact} name=${t("purchase.receipt")}>${node.externalId}<//>
      <${Fact} name=${t("purchase.total")}>${money(node.total, currency)}<//>
      ${node.refunded > 0 && html`<${Fact} name=${t("purchase.refunded")}>${money(node.refunded, currency)}<//>`}
      ${vouchers.length > 0 && html`<${Fact} name=${t("purchase.vouchers")}>${listed(vouchers.map((each) => each.title))}<//>`}
    </ul>
    <${Goods} lines=${lines} currency=${currency} />
    <${PaidWith} purchase=${node} />
    ${
      entries.length > 0 &&
      html`<h3>${t("purchase.brought")}</h3>
        <ul class="lines card">
          ${entries.map(
            (entry) => html`<li key=${entry.id}>
              <span class="grow">${entry.title}<small class="why">${beneath(entry, zone)}</small></span>
              <${Figure} value=${entry.amount} wallet=${walletOf(entry.wallet)} />
            </li>`,
          )}
        </ul>`
    }
    ${explanation.length > 0 && html`<h3>${t("entry.why")}</h3><${Reasons} all=${explanation} />`}
  </div>`;
}

function beneath(entry, zone) {
  const pending = entry.availableAt && Date.parse(entry.availableAt) > session.now();
  return [
    walletOf(entry.wallet)?.name,
    pending && t("entry.pending", { day: dayOf(entry.availableAt, zone) }),
    entry.expiresOn && t("voucher.until", { day: day(entry.expiresOn) }),
  ]
    .filter(Boolean)
    .join(" · ");
}

function Goods({ lines, currency }) {
  if (!lines.length) return null;
  return html`<h3>${t("purchase.lines")}</h3>
    <ul class="lines card">
      ${lines.map(
        (each) => html`<li key=${each.line}>
          <span class="grow">
            ${each.quantity > 1 ? `${number(each.quantity)} × ` : ""}${each.name ?? each.sku}
            ${each.refundedQuantity > 0 && html`<small class="why">${t("purchase.returned", { count: each.refundedQuantity })}</small>`}
          </span>
          <span class="figure">${money(each.amount, currency)}</span>
        </li>`,
      )}
    </ul>`;
}

/* What wallets paid of a purchase, what was paid otherwise, and what has come back since. */
function PaidWith({ purchase: { paid, payment = [], back, currency } }) {
  if (!payment.length) return null;
  const parts = back.wallets.filter((part) => part.units);
  const returned = [
    ...(back.money ? [money(back.money, currency)] : []),
    ...parts.map((part) => t("cost", { amount: unitsText(part.units, part.currency), wallet: part.name })),
  ];
  return html`<h3>${t("pay.with")}</h3>
    <ul class="lines card facts">
      ${payment.map(
        (part) => html`<${Fact}
          key=${part.wallet}
          name=${part.currency ? part.name : t("cost", { amount: number(part.units), wallet: part.name })}
        >${money(part.worth, currency)}<//>`,
      )}
      <${Fact} name=${t("pay.otherwise")}>${money(paid, currency)}<//>
      ${returned.length > 0 && html`<${Fact} name=${t("pay.back")}>${listed(returned)}<//>`}
    </ul>`;
}
