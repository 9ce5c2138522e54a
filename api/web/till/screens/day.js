/* Close of day: what the shift comes to by kind, and the money that should lie in the drawer, to compare with what
   does. */

import { money } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { parseMoney } from "/shared/typed-amounts.js";
import { Field, Icon, Notice, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { SHIFT } from "../queries.js";
import { isMine } from "../queue.js";
import { till } from "../till.js";
import { ask, say } from "./parts.js";
import { kind } from "./shift.js";

/* As many as the server lists at once, and of a shift. */
const PAGE = 100;
const MOST_ACTS = 5000;
/* As many fields of one name as a question may have. */
const AT_ONCE = 15;

export function dayButton({ acts, rows }) {
  return html`<button class="button wide" type="button" onClick=${() => openSheet(t("day"), Day, { acts, rows })}>
    <${Icon} name="drawer" />${t("day")}
  </button>`;
}

/* Also a sale that waits for whoever was invited was paid here. */
const isSale = ({ actionKind, amount }) =>
  actionKind === "PURCHASE" || (actionKind === "MEMBER_INVITED" && Boolean(amount));

/** Return how much money came and went by the acts of a shift, and how often each kind was done. `receipts` says
 * of each receipt what of it was paid otherwise than by wallets, and what went back. */
export function totalsOf(acts, receipts) {
  const kinds = new Map();
  // A receipt that was corrected since counts as it is now.
  const now = ({ subject, amount }) => receipts.get(subject)?.total ?? amount;
  for (const act of acts) {
    const { actionKind, currency } = act;
    const amount = isSale(act) ? now(act) : act.amount;
    const so = kinds.get(actionKind) ?? { count: 0, sum: 0, isMoney: false };
    const isMoney = (isSale(act) || actionKind === "REFUND") && Boolean(currency);
    const sum = so.sum + (isMoney ? amount : 0);
    kinds.set(actionKind, { count: so.count + 1, sum, isMoney: isMoney || so.isMoney });
  }
  const sold = acts.filter(isSale);
  const taken = sold.reduce((sum, { subject, amount }) => sum + (receipts.get(subject)?.paid ?? amount), 0);
  const total = sold.reduce((sum, act) => sum + now(act), 0);
  return { kinds, taken, byWallets: total - taken, back: moneyBack(acts, receipts) };
}

/* Of a receipt whose refunds were all made in this shift the money is known; of another its share. */
function moneyBack(acts, receipts) {
  const refunds = new Map();
  for (const { actionKind, subject, amount } of acts)
    if (actionKind === "REFUND") refunds.set(subject, (refunds.get(subject) ?? 0) + amount);
  let sum = 0;
  for (const [subject, amount] of refunds) {
    const receipt = receipts.get(subject);
    if (!receipt) sum += amount;
    else if (receipt.refunded === amount && receipt.back) sum += receipt.back.money;
    else sum += Math.round((amount * receipt.paid) / (receipt.total || 1));
  }
  return sum;
}

/* All that the shift did: the list on the screen, and what came before it. */
async function readRest(acts) {
  const all = [...acts];
  for (let page = acts; page.length === PAGE && all.length < MOST_ACTS; all.push(...page))
    page = (await ask(SHIFT, { after: all.at(-1).id })).shiftActions;
  return all;
}

/* What was paid of each receipt of the shift, in a few questions. */
async function readReceipts(acts) {
  const numbers = [
    ...new Set(
      acts.filter((act) => isSale(act) || act.actionKind === "REFUND").map(({ subject }) => subject),
    ),
  ];
  const receipts = new Map();
  for (let from = 0; from < numbers.length; from += AT_ONCE) {
    const some = numbers.slice(from, from + AT_ONCE);
    const names = some.map((_, i) => `$r${i}: String!`).join(", ");
    const fields = some.map(
      (_, i) => `r${i}: purchase(externalId: $r${i}) { total paid refunded back { money } }`,
    );
    const document = `query TillDay(${names}) { ${fields.join("\n")} }`;
    const values = Object.fromEntries(some.map((number, i) => [`r${i}`, number]));
    const answer = await ask(document, values);
    for (const [i, number] of some.entries()) if (answer[`r${i}`]) receipts.set(number, answer[`r${i}`]);
  }
  return receipts;
}

function Day({ acts: listed, rows }) {
  const { currency } = till.programme;
  const [read, setRead] = useState(null);
  const [fault, setFault] = useState("");
  const [counted, setCounted] = useState("");
  useEffect(() => {
    readRest(listed)
      .then(async (acts) => setRead({ acts, receipts: await readReceipts(acts) }))
      .catch((error) => setFault(say(error)));
  }, [listed]);
  const head = html`<h2>${t("day")}</h2>
    <p class="quiet">${[till.staff.name, till.staff.store.name].join(" · ")}</p>`;
  if (!read)
    return html`<div class="stack">
      ${head}${fault ? html`<${Notice} kind="bad" icon="cloud" text=${fault} />` : html`<div class="skeleton tall"></div>`}
    </div>`;
  const { acts, receipts } = read;
  const { kinds, taken, byWallets, back } = totalsOf(acts, receipts);
  const waiting = till.isTraining ? [] : rows.filter((row) => row.state === "waiting" && isMine(row));
  const kept = waiting.reduce((sum, row) => sum + row.purchase.total, 0);
  const drawer = taken + kept - back;
  const typed = parseMoney(counted, currency);
  return html`<div class="stack day">
    ${head}
    ${acts.length >= MOST_ACTS && html`<${Notice} kind="bad" icon="alert" text=${t("day.cut", { count: MOST_ACTS })} />`}
    <ul class="lines">
      ${[...kinds].map(
        ([name, { count, sum, isMoney }]) => html`<li>
          <span>${kind(name)}</span><span class="quiet">${t("day.times", { count })}</span>
          <span class="figure">${isMoney ? money(sum, currency) : ""}</span>
        </li>`,
      )}
      ${
        waiting.length > 0 &&
        html`<li>
          <span>${t("day.waiting")}</span><span class="quiet">${t("day.times", { count: waiting.length })}</span>
          <span class="figure">${money(kept, currency)}</span>
        </li>`
      }
    </ul>
    ${byWallets > 0 && html`<p class="part">${t("day.wallets", { amount: money(byWallets, currency) })}</p>`}
    ${back > 0 && html`<p class="part">${t("day.back", { amount: money(back, currency) })}</p>`}
    <p class="due drawer"><span>${t("day.drawer")}</span> <strong class="num">${money(drawer, currency)}</strong></p>
    <${Field}
      label=${t("day.counted", { currency })}
      name="counted"
      inputmode="decimal"
      fault=${counted.trim() && typed === null ? t("purchase.total.bad") : ""}
      value=${counted}
      onInput=${(event) => setCounted(event.target.value)}
    />
    <div aria-live="polite">
      ${
        typed !== null &&
        (typed === drawer
          ? html`<${Notice} kind="good" icon="check" text=${t("day.fits")} />`
          : html`<${Notice}
              kind="bad"
              icon="alert"
              text=${t(typed > drawer ? "day.over" : "day.short", { amount: money(Math.abs(typed - drawer), currency) })}
            />`)
      }
    </div>
    <p class="hint">${t("day.hint")}</p>
  </div>`;
}
