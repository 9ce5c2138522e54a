/* The member's lists: what moved their wallets and why, purchases with those that gave nothing, vouchers, messages,
   and who did or looked at what. */

import { amount, dayOf, instant, money, signed } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { Act, Icon, Notice } from "/shared/ui.js";
import { has, t } from "/shared/words.js";
import { ask, desk } from "../console.js";
import { say } from "../faults.js";
import { MORE_HISTORY, OF_MESSAGES, OF_PURCHASES, OF_VOUCHERS, TRAIL } from "../queries.js";
import { whoText } from "../who.js";
import { Fates } from "./notes.js";

const at = (iso) => instant(iso, desk.timezone);

function Figure({ value, unit }) {
  const sign = value > 0 ? "plus" : value < 0 ? "minus" : "off";
  return html`<span class=${`figure ${sign}`}>${signed(value, unit)}</span>`;
}

/* A list that is read page by page: `first` is its first page where that is there already. */
function Pages({ first = null, read, line, empty }) {
  const [page, setPage] = useState(first);
  const [fault, setFault] = useState("");
  const add = async (after) => {
    setFault("");
    try {
      const next = await read(after);
      setPage((before) => ({ ...next, edges: [...(before?.edges ?? []), ...next.edges] }));
    } catch (error) {
      setFault(say(error));
    }
  };
  useEffect(() => {
    if (!first) add(null);
  }, []);
  return html`${page && !page.edges.length && html`<p class="empty quiet">${empty}</p>`}
    ${!page && !fault && html`<div class="skeleton" role="status" aria-label=${t("loading")}></div>`}
    ${page?.edges.length > 0 && html`<ul class="lines records">${page.edges.map(({ node }) => html`<li key=${node.id}>${line(node)}</li>`)}</ul>`}
    <div aria-live="assertive"><${Notice} kind="bad" icon="cloud" text=${fault} /></div>
    ${
      (page?.pageInfo.hasNextPage || fault) &&
      html`<${Act} class="button wide" type="button" act=${() => add(page?.pageInfo.endCursor ?? null)}>${t(fault ? "again" : "more")}<//>`
    }`;
}

/* ---- why */

/** Each rule that counted, and each that did not with its reason. */
function Reasons({ all }) {
  return html`<ul class="lines reasons small">
    ${all.map(
      (outcome, place) => html`<li key=${place} class=${outcome.applied ? "" : "off"}>
        <span class="grow">
          <span>${outcome.title}</span>
          ${(outcome.message ?? outcome.basis) && html`<small class="under">${outcome.message ?? outcome.basis}</small>`}
        </span>
        ${
          outcome.applied && outcome.amount
            ? html`<${Figure} value=${outcome.amount} unit=${outcome.unit} />`
            : html`<span class="figure off">${outcome.applied ? html`<${Icon} name="check" /><span class="unseen">${t("counted")}</span>` : "–"}</span>`
        }
      </li>`,
    )}
  </ul>`;
}

export function History({ member, record }) {
  const read = async (after) => (await ask(MORE_HISTORY, { member, after })).memberRecord.pointHistory;
  return html`<p class="small quiet">${t("history.hint")}</p>
    <${Pages} first=${record.pointHistory} read=${read} line=${(entry) => html`<${Entry} entry=${entry} />`} empty=${t("history.none")} />
    <${Beginning} of=${record.profile} />`;
}

/* Where lists begin, once what is older stands in the archive. */
function Beginning({ of: { historyBeginsAt } }) {
  if (!historyBeginsAt) return null;
  return html`<p class="small quiet">${t("history.archived", { day: dayOf(historyBeginsAt, desk.timezone) })}</p>`;
}

function Entry({ entry }) {
  const { purchase } = entry;
  const where = purchase && [
    purchase.store?.name,
    purchase.externalId,
    money(purchase.total, purchase.currency),
  ];
  const beneath = [at(entry.occurredAt), entry.event, ...(where ?? [])].filter(Boolean).join(" · ");
  const times = [
    entry.availableAt && t("entry.available", { day: dayOf(entry.availableAt, desk.timezone) }),
    entry.expiresOn && t("entry.lapses", { day: dayOf(`${entry.expiresOn}T12:00:00Z`, "UTC") }),
    t("entry.after", {
      amount: amount(entry.balanceAfter, entry.unit),
    }),
  ];
  return html`<details class="record">
    <summary>
      <span class="grow"><span>${entry.title}</span><small class="under quiet">${beneath}</small></span>
      <${Figure} value=${entry.amount} unit=${entry.unit} />
    </summary>
    <div class="why stack tight">
      <h3>${t("why")}</h3>
      <${Reasons} all=${entry.explanation} />
      <p class="small quiet">${[`${t(`entry.${entry.entryKind}`)}`, ...times].filter(Boolean).join(" · ")}</p>
    </div>
  </details>`;
}

export function Purchases({ member }) {
  const read = async (after) => (await ask(OF_PURCHASES, { member, after })).memberRecord.customer.purchases;
  return html`<p class="small quiet">${t("purchases.hint")}</p>
    <${Pages} read=${read} line=${(purchase) => html`<${Bought} purchase=${purchase} />`} empty=${t("purchases.none")} />`;
}

function Bought({ purchase }) {
  const beneath = [at(purchase.occurredAt), purchase.store?.name, purchase.externalId]
    .filter(Boolean)
    .join(" · ");
  return html`<details class="record">
    <summary>
      <span class="grow"><span>${money(purchase.total, purchase.currency)}</span><small class="under quiet">${beneath}</small></span>
      <span class="figures">
        ${
          purchase.entries.length
            ? byWallet(purchase.entries).map(
                (each) => html`<${Figure} key=${each.id} value=${each.amount} unit=${each.unit} />`,
              )
            : html`<span class="figure off">${t("purchase.nothing")}</span>`
        }
      </span>
    </summary>
    <div class="why stack tight">
      <h3>${t("why")}</h3>
      <${Reasons} all=${purchase.explanation} />
      ${purchase.refunded > 0 && html`<p class="small quiet">${t("purchase.refunded", { amount: money(purchase.refunded, purchase.currency) })}</p>`}
    </div>
  </details>`;
}

/* What a purchase came to in each wallet. */
function byWallet(entries) {
  const totals = new Map();
  for (const each of entries) {
    const { amount: before } = totals.get(each.wallet) ?? { amount: 0 };
    totals.set(each.wallet, { ...each, amount: before + each.amount });
  }
  return [...totals.values()];
}

export function Vouchers({ member }) {
  const read = async (after) => (await ask(OF_VOUCHERS, { member, after })).memberRecord.customer.vouchers;
  const line = (voucher) => html`<span class="grow">
      <span>${voucher.title}</span>
      <small class="under quiet">
        ${[
          t("voucher.issued", { day: dayOf(voucher.issuedAt, desk.timezone) }),
          voucher.usedAt && [at(voucher.usedAt), voucher.usedIn?.name].filter(Boolean).join(", "),
          !voucher.usedAt &&
            voucher.expiresAt &&
            t("voucher.until", { day: dayOf(voucher.expiresAt, desk.timezone) }),
        ]
          .filter(Boolean)
          .join(" · ")}
      </small>
    </span>
    <span class=${`chip ${voucher.voucherState === "ISSUED" ? "good" : ""}`}>${t(`voucher.${voucher.voucherState}`)}</span>`;
  return html`<${Pages} read=${read} line=${line} empty=${t("vouchers.none")} />`;
}

export function Letters({ member }) {
  const read = async (after) => (await ask(OF_MESSAGES, { member, after })).memberRecord.messages;
  const line = (letter) => html`<span class="grow">
      <span>${letter.title}</span>
      <small class="under">${letter.body}</small>
      <small class="under quiet">${at(letter.sentAt)}</small>
    </span>
    <span class=${`chip ${letter.readAt ? "good" : ""}`}>${t(letter.readAt ? "letter.read" : "letter.unread")}</span>`;
  return html`<${Pages} read=${read} line=${line} empty=${t("letters.none")} />
    <${Fates} member=${member} />`;
}

/* ---- who did or looked at what */

export function Trail({ member }) {
  const [rows, setRows] = useState(null);
  const [fault, setFault] = useState("");
  useEffect(() => {
    ask(TRAIL, { member }).then(
      ({ memberRecord }) => setRows(memberRecord),
      (error) => setFault(say(error)),
    );
  }, []);
  if (fault) return html`<${Notice} kind="bad" icon="cloud" text=${fault} />`;
  if (!rows) return html`<div class="skeleton" role="status" aria-label=${t("loading")}></div>`;
  return html`<h3>${t("trail.acts")}</h3>
    ${rows.acts.length ? html`<ul class="lines small">${rows.acts.map(actLine)}</ul>` : html`<p class="empty quiet">${t("trail.none")}</p>`}
    <h3>${t("trail.looks")}</h3>
    <ul class="lines small">${rows.lookUps.map(lookLine)}</ul>`;
}

/* A newer server may have a kind that has no words here yet. */
const actText = (kind) => (has(`action.${kind}`) ? t(`action.${kind}`) : kind);

function actLine(act) {
  return html`<li key=${act.id}>
    <span class="grow">
      <span>${actText(act.actionKind)}</span>
      ${act.reason && html`<small class="under">${act.reason}</small>`}
      <small class="under quiet">${[whoText(act.actor), at(act.at), act.store?.name].filter(Boolean).join(" · ")}</small>
    </span>
    ${act.wallet && act.amount !== 0 && html`<${Figure} value=${act.amount} unit=${act.unit} />`}
  </li>`;
}

function lookLine(look) {
  return html`<li key=${look.id}>
    <span class="grow"><span>${whoText(look.actor)}</span><small class="under quiet">${[at(look.at), look.store?.name].filter(Boolean).join(" · ")}</small></span>
    <span class="quiet">${has(`look.${look.subject}`) ? t(`look.${look.subject}`) : look.subject}</span>
  </li>`;
}
