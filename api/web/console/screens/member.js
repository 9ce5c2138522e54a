/* One member: what they have, how they stand, and everything that answers why. */

import { amount, counted, day, dayOf, number, signed } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { Notice } from "/shared/ui.js";
import { has, speech, t } from "/shared/words.js";
import { ask, desk } from "../console.js";
import { say } from "../faults.js";
import { RECORD } from "../queries.js";
import { useTabs } from "../tabs.js";
import { Acts, BeingDeleted } from "./acts.js";
import { History, Letters, Purchases, Trail, Vouchers } from "./lists.js";
import { Notes } from "./notes.js";

const LISTS = {
  history: History,
  purchases: Purchases,
  vouchers: Vouchers,
  messages: Letters,
  notes: Notes,
  trail: Trail,
};

export function Member({ thing }) {
  const [record, setRecord] = useState(null);
  const [fault, setFault] = useState("");
  const [shown, setShown] = useState("history");
  const [reading, setReading] = useState(0);
  const read = async () => {
    setFault("");
    try {
      setRecord((await ask(RECORD, { member: thing, after: null })).memberRecord);
      setReading((before) => before + 1);
    } catch (error) {
      setFault(say(error));
    }
  };
  useEffect(() => {
    read();
  }, [thing]);
  const row = useTabs(`${shown} ${record === null}`);
  if (!record)
    return html`<h1 tabindex="-1">${t("page.member")}</h1>
      ${
        fault
          ? html`<${Notice} kind="bad" icon="cloud" text=${fault} />
              <button class="button" type="button" onClick=${read}>${t("again")}</button>`
          : html`<div class="skeleton tall" role="status" aria-label=${t("loading")}></div>`
      }`;
  const { customer } = record;
  const List = LISTS[shown];
  return html`<${Head} record=${record} />
    <${BeingDeleted} record=${record} again=${read} />
    <${Acts} record=${record} again=${read} />
    <div aria-live="assertive"><${Notice} kind="bad" icon="cloud" text=${fault} /></div>
    <div class="columns">
      <div class="stack">
        <${Balances} wallets=${customer.wallets} />
        <${Tier} tier=${customer.tier} />
        <${Profile} record=${record} />
        <${Consents} consents=${customer.consents ?? []} />
      </div>
      <section class="card stack lists" aria-label=${t("lists")}>
        <div class="segments tabs" ref=${row} role="group" aria-label=${t("lists")}>
          ${Object.keys(LISTS).map(
            (name) => html`<button
              key=${name}
              type="button"
              aria-pressed=${String(name === shown)}
              onClick=${() => setShown(name)}
            >
              ${t(`list.${name}`)}
            </button>`,
          )}
        </div>
        <${List} key=${`${shown} ${reading}`} member=${customer.id} record=${record} />
      </section>
    </div>`;
}

/* In groups of four, as on the card. */
export function spelled(text) {
  return text.match(/.{1,4}/g).join(" ");
}

function Head({ record }) {
  const { customer, profile, plan } = record;
  const kind = { ACTIVE: "good", FROZEN: "bad", BEING_DELETED: "bad" }[customer.status] ?? "";
  return html`<div class="stack tight">
    <h1 tabindex="-1">${customer.name}</h1>
    <div class="row wrap facts">
      <span class="code">${spelled(customer.number)}</span>
      <span class=${`chip ${kind}`}>${t(`status.${customer.status}`)}</span>
      ${customer.tier && html`<span class="chip gold">${customer.tier.current.name}</span>`}
      ${plan && html`<span class="chip gold">${plan.plan.name}</span>`}
      ${customer.segments.map((each) => html`<span class="chip" key=${each.code}>${each.name}</span>`)}
      ${profile.tags.map((each) => html`<span class="chip" key=${each}>#${each}</span>`)}
    </div>
  </div>`;
}

/** A card of the member's page under its heading. */
function Part({ title, children }) {
  return html`<section class="card stack tight"><h2>${title}</h2>${children}</section>`;
}

function Fact({ name, children }) {
  return html`<li><span class="quiet">${name}</span><span class="figure">${children}</span></li>`;
}

function Balances({ wallets }) {
  return html`<${Part} title=${t("balances")}>
    ${wallets.map((wallet) => html`<${Balance} key=${wallet.code} wallet=${wallet} />`)}
  <//>`;
}

function Balance({ wallet }) {
  const lapsing = wallet.expiring.reduce((sum, lot) => sum + lot.amount, 0);
  const lots = [
    ...wallet.arriving.map((lot) => [t("lot.arrives", { day: dayOf(lot.at, desk.timezone) }), lot.amount]),
    ...wallet.expiring.map((lot) => [t("lot.lapses", { day: day(lot.on) }), lot.amount]),
    ...(wallet.available > lapsing ? [[t("lot.stays"), wallet.available - lapsing]] : []),
  ];
  return html`<div class="balance">
    <p class="row spread"><span>${wallet.name}</span><strong class="big num">${amount(wallet.available, wallet)}</strong></p>
    <p class="small quiet">
      ${[
        wallet.pending > 0 && t("balance.pending", { amount: amount(wallet.pending, wallet) }),
        wallet.held > 0 && t("balance.held", { amount: amount(wallet.held, wallet) }),
        wallet.debt > 0 && t("balance.debt", { amount: amount(wallet.debt, wallet) }),
      ]
        .filter(Boolean)
        .join(" · ")}
    </p>
    <${Ever} wallet=${wallet} />
    ${
      lots.length > 0 &&
      html`<details>
        <summary>${t("lots", { count: lots.length })}</summary>
        <ul class="lines small">
          ${lots.map(([name, value]) => html`<${Fact} key=${name} name=${name}>${amount(value, wallet)}<//>`)}
        </ul>
      </details>`
    }
  </div>`;
}

/* What led to a balance: the lines sum to all that stands above them. */
function Ever({ wallet }) {
  const lines = [
    ["earned", Number(wallet.earned)],
    ["corrected", Number(wallet.corrected)],
    ["spent", -Number(wallet.spent)],
    ["expired", -Number(wallet.expired)],
  ];
  return html`<ul class="lines small ever" aria-label=${t("ever", { wallet: wallet.name })}>
    ${lines.map(([name, value]) => html`<${Fact} key=${name} name=${t(`ever.${name}`)}>${signed(value, wallet)}<//>`)}
  </ul>`;
}

function Tier({ tier }) {
  if (!tier) return null;
  const isSplit = tier.counts.length > 1;
  return html`<${Part} title=${t("tier")}>
    <p class="row spread"><strong>${tier.current.name}</strong><span class="small quiet">${t("tier.since", { day: dayOf(tier.since, desk.timezone) })}</span></p>
    <ul class="lines small">
      ${tier.heldThrough && html`<${Fact} name=${t("tier.through")}>${day(tier.heldThrough)}<//>`}
      ${tier.toKeep > 0 && html`<${Fact} name=${t("tier.keep")}>${number(tier.toKeep)}<//>`}
      ${
        tier.next &&
        !isSplit &&
        tier.toNext > 0 &&
        html`<${Fact} name=${t("tier.next", { tier: tier.next.name })}>${number(tier.toNext)}<//>`
      }
      ${
        isSplit &&
        tier.counts.map(
          (count) => html`<${Fact} key=${count.code} name=${count.title}>
            ${counted(count.qualifying, count)}
            ${count.toNext > 0 && html` <small class="quiet">${t("tier.left", { amount: counted(count.toNext, count) })}</small>`}
          <//>`,
        )
      }
    </ul>
  <//>`;
}

function Profile({ record }) {
  const { profile, customer, plan } = record;
  const badges = customer.badges.filter((each) => each.level > 0);
  const known = customer.attributes.filter((each) => each.value !== null);
  return html`<${Part} title=${t("profile")}>
    <ul class="lines small">
      <${Fact} name=${t("profile.email")}>${profile.email ?? "–"}<//>
      <${Fact} name=${t("profile.phone")}>${profile.phone ?? "–"}<//>
      <${Fact} name=${t("profile.birthday")}>${profile.birthday ? day(profile.birthday) : "–"}<//>
      <${Fact} name=${t("profile.joined")}>${dayOf(profile.joinedAt, desk.timezone)}<//>
      <${Fact} name=${t("profile.language")}>${languageText(profile.locale)}<//>
      <${Fact} name=${t("profile.terms")}>${profile.termsAccepted ?? "–"}<//>
      ${plan?.until && html`<${Fact} name=${plan.plan.name}>${t("plan.until", { day: dayOf(plan.until, desk.timezone) })}<//>`}
      ${known.map((each) => html`<${Fact} key=${each.name} name=${each.title}>${valueText(each)}<//>`)}
      ${badges.length > 0 && html`<${Fact} name=${t("profile.badges")}>${badges.map((each) => each.badge.name).join(", ")}<//>`}
    </ul>
  <//>`;
}

function languageText(tag) {
  return new Intl.DisplayNames([speech.locale], { type: "language" }).of(tag);
}

function valueText({ attributeKind, value, choices }) {
  if (attributeKind === "BOOL") return t(value === "true" ? "yes" : "no");
  if (attributeKind === "DATE") return day(value);
  return choices?.find((choice) => choice.code === value)?.title ?? value;
}

function Consents({ consents }) {
  if (!consents.length) return null;
  const titles = new Map((desk.programme?.consents ?? []).map((each) => [each.purpose, each.title]));
  return html`<${Part} title=${t("consents")}>
    <ul class="lines small">
      ${consents.map(
        (each) => html`<li key=${each.id}>
          <span class="grow">
            <span>${titles.get(each.purpose) ?? each.purpose}</span>
            <small class="under quiet">
              ${each.at ? t("consent.at", { day: dayOf(each.at, desk.timezone), place: placeText(each.source) }) : t("consent.never")}
            </small>
            ${each.at && html`<details><summary>${t("consent.wording")}</summary><p>${each.wording}</p></details>`}
          </span>
          <span class=${`chip ${each.granted ? "good" : ""}`}>${t(each.granted ? "yes" : "no")}</span>
        </li>`,
      )}
    </ul>
  <//>`;
}

function placeText(source) {
  return has(`source.${source}`) ? t(`source.${source}`) : source;
}
