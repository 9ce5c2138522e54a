/* The overview: eight figures against the period before, receipts and points by day, every other figure with what it
   is divided by, and what needs a look. */

import { day, instant, listed, money, number } from "/shared/format.js";
import { html, useEffect, useMemo, useState } from "/shared/preact.js";
import { Act, Icon, Notice } from "/shared/ui.js";
import { has, t } from "/shared/words.js";
import { ask, desk, go, isRefused, isSilent, readProposals, session, versionsOf } from "../console.js";
import { Chart, DayTable } from "./chart.js";
import { Behind, Filters, useFigures } from "./filters.js";
import { daysBetween, spanFor } from "./period.js";
import { BACKLOG, FIGURES, QUIET_STORES, SOURCES, UNUSUAL } from "./queries.js";
import { Stores, storeName } from "./stores.js";
import { Change, Meaning, nameOf, Parts, written } from "./writing.js";

/* What stands first, in this order; of those that are of a wallet, the first wallet's. */
const FIRST = [
  "revenue",
  "receipts",
  "average_ticket",
  "enrolled",
  "enrolments",
  "active_30",
  "redemption_points",
  "liability",
];
const AGAIN_MS = 30_000;
/* So many days without a receipt, and somebody should ask the store why. */
const QUIET_DAYS = 30;
const MOST_NAMED = 5;

export function Overview({ filters }) {
  const { chosen, places, figures, fault, change, again } = useFigures(FIGURES, filters);
  return html`<h1 tabindex="-1">${t("page.figures")}</h1>
    <${Filters} chosen=${chosen} places=${places} change=${change} />
    <div aria-live="assertive"><${Notice} kind="bad" icon="cloud" text=${fault} /></div>
    ${fault && html`<${Act} class="button" type="button" act=${again}>${t("again")}<//>`}
    ${!figures && !fault && html`<div class="skeleton tall" role="status" aria-label=${t("loading")}></div>`}
    ${figures && html`<${Answer} figures=${figures} places=${places} chosen=${chosen} />`}`;
}

function Answer({ figures, places, chosen }) {
  const { firstDay, lastDay, waitingSince, store } = figures;
  // Beside one store's figures those of all stores would be taken for its own; goals are the programme's.
  const values = figures.values.filter((each) => !store || each.isByStore);
  const goals = store ? [] : figures.goals;
  const first = FIRST.map((code) => values.find((each) => each.code === code)).filter(Boolean);
  const rest = values.filter((each) => !first.includes(each));
  const goalOf = (each) =>
    goals.find((goal) => goal.figure === each.code && (goal.subject ?? each.subject) === each.subject);
  const others = goals.filter((goal) => !first.some((each) => goalOf(each) === goal));
  const span = { from: day(firstDay), to: day(lastDay) };
  return html`<p class="quiet small">${t("figures.of", span)}</p>
    ${store && html`<p class="quiet small">${t("figures.ofstore", { store: storeName(places, store) })}</p>`}
    <${Behind} since=${waitingSince} />
    <ul class="eight">${first.map((each) => html`<li key=${each.code} class="card"><${Figure} each=${each} goal=${goalOf(each)} /></li>`)}</ul>
    ${others.length > 0 && html`<${Goals} goals=${others} values=${values} />`}
    ${desk.isOperator && html`<${NeedsLook} places=${places} />`}
    ${!store && places.stores.length > 1 && html`<${Stores} of=${figures} chosen=${chosen} places=${places} />`}
    <${Days} figures=${figures} />
    ${rest.length > 0 && html`<${Rest} rest=${rest} />`}`;
}

function Goal({ goal, each }) {
  const kind = goal.isMet === null ? "" : goal.isMet ? "good" : "gold";
  const words = { bound: written(each, goal.bound), day: day(goal.by) };
  return html`<p class=${`chip wrapping ${kind}`}><${Icon} name=${goal.isMet ? "check" : "clock"} />${t(goal.isUpper ? "goal.most" : "goal.least", words)}</p>`;
}

/* The goals of figures that do not stand first. */
function Goals({ goals, values }) {
  const of = (goal) =>
    values.find((each) => each.code === goal.figure && (goal.subject ?? each.subject) === each.subject);
  return html`<section class="card stack tight" aria-label=${t("goals")}>
    <h2>${t("goals")}</h2>
    <ul class="lines">
      ${goals.filter(of).map(
        (
          goal,
          place,
        ) => html`<li key=${place}><span class="grow">${nameOf(of(goal))} <${Goal} goal=${goal} each=${of(goal)} /></span>
            <span class="figure">${written(of(goal), goal.value)}</span></li>`,
      )}
    </ul>
  </section>`;
}

function Figure({ each, goal }) {
  return html`<h2 class="figure-name">${nameOf(each)}</h2>
    <p class="value-line num">${written(each, each.value)}</p>
    <p><${Change} each=${each} /></p>
    <${Parts} each=${each} />
    <${Meaning} each=${each} />
    ${goal && html`<${Goal} goal=${goal} each=${each} />`}`;
}

function Days({ figures }) {
  const { days, sales, points, wallet } = useMemo(() => drawnOf(figures), [figures]);
  if (!figures.days.length) return html`<p class="card empty quiet">${t("days.none")}</p>`;
  return html`<section class="card stack" aria-label=${t("days.sales")}>
      <h2>${t("days.sales")}</h2>
      <div class="beside-table"><${Chart} title=${t("days.sales")} days=${days} lines=${sales.slice(0, 1)} /><${DayTable} title=${t("days.sales")} days=${days} lines=${sales} /></div>
    </section>
    ${
      wallet &&
      html`<section class="card stack" aria-label=${t("days.points", { wallet: wallet.name })}>
        <h2>${t("days.points", { wallet: wallet.name })}</h2>
        <div class="beside-table"><${Chart} title=${t("days.points", { wallet: wallet.name })} days=${days} lines=${points.slice(0, 2)} />
          <${DayTable} title=${t("days.points", { wallet: wallet.name })} days=${days} lines=${points} write=${wallet.kind === "MONEY" ? (value) => money(value, wallet.currency) : number} /></div>
      </section>`
    }`;
}

function drawnOf({ firstDay, lastDay, store, days: given }) {
  const days = daysBetween(firstDay, lastDay);
  const byDay = new Map(given.map((each) => [each.day, each]));
  const [wallet] = desk.programme?.wallets ?? [];
  const column = (read) => days.map((each) => (byDay.has(each) ? read(byDay.get(each)) : 0));
  const moved = (name) =>
    column((each) => each.wallets.find((one) => one.wallet === wallet?.code)?.[name] ?? 0);
  const inMoney = (value) => money(value, desk.programme.currency);
  const sales = [
    { label: t("days.receipts"), ink: "--post", bars: true, values: column((each) => each.receipts) },
    { label: t("days.revenue"), ink: "--leaf", values: column((each) => each.revenue), said: inMoney },
    { label: t("days.returned"), ink: "--seal", values: column((each) => each.returned), said: inMoney },
    { label: t("days.enrolments"), ink: "--gold", values: column((each) => each.enrolments), isOfAll: true },
  ];
  const points = [
    { label: t("days.awarded"), ink: "--leaf", values: moved("awarded") },
    { label: t("days.spent"), ink: "--seal", values: moved("spent"), isOfAll: true },
    { label: t("days.expired"), ink: "--gold", values: moved("expired"), isOfAll: true },
  ];
  // Nobody joins in a store, nothing lapses there, and what is spent on a phone is spent in none.
  const shown = (lines) => lines.filter(({ isOfAll }) => !(store && isOfAll));
  return { days, sales: shown(sales), points: shown(points), wallet };
}

function Rest({ rest }) {
  return html`<details class="card"><summary>${t("figures.all")}</summary>
    <div class="daytable whole" tabindex="0" role="region" aria-label=${t("figures.all")}><table class="small">
      <thead><tr><th scope="col">${t("figure")}</th><th scope="col">${t("figure.value")}</th><th scope="col">${t("figure.how")}</th><th scope="col">${t("figure.change")}</th></tr></thead>
      <tbody>${rest.map(
        (each) =>
          html`<tr key=${`${each.code} ${each.subject}`}><th scope="row">${nameOf(each)}</th><td class="num">${written(each, each.value)}</td><td class="meaning"><${Parts} each=${each} /><${Meaning} each=${each} /></td><td><${Change} each=${each} /></td></tr>`,
      )}</tbody>
    </table></div></details>`;
}

/* What somebody should look at: read again now and then, while the page stands. */
function NeedsLook({ places }) {
  const [notes, setNotes] = useState(null);
  useEffect(() => {
    // No store falls silent from one minute to the next: these are asked for once.
    const span = spanFor(String(QUIET_DAYS), session.now(), desk.timezone);
    const quiet = ask(QUIET_STORES, span).then(({ figures }) => ({ stores: figures.stores.filter(isQuiet) }));
    const read = async () => {
      // What one of them cannot tell does not hide what the other does.
      const { from, to } = spanFor("7", session.now(), desk.timezone);
      const [asked, ...others] = await Promise.allSettled([
        readProposals(),
        ask(BACKLOG),
        ask(SOURCES),
        ask(UNUSUAL, { since: from, until: to }),
        quiet,
      ]);
      if (asked.status === "fulfilled")
        setNotes(notesOf(Object.assign({}, asked.value, ...others.map(({ value }) => value))));
    };
    read();
    const timer = setInterval(read, AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  if (!notes) return null;
  return html`<section class="card stack tight" aria-label=${t("look.title")}>
    <h2>${t("look.title")}</h2>
    ${!notes.length && html`<p class="verdict plus"><${Icon} name="check" /><span>${t("look.none")}</span></p>`}
    <ul class="lines">
      ${notes.map(
        ({ key, count, since, screen, part, stores = [] }) => html`<li key=${key}>
          <span class="grow">${t(`look.${key}`, { count, days: QUIET_DAYS, stores: namesOf(stores, places) })}${since && html` <span class="quiet small">${t("look.since", { at: instant(since, desk.timezone) })}</span>`}</span>
          ${screen && html`<button class="button plain small-button" type="button" onClick=${() => go(screen, part)}>${t("look.open")}</button>`}
        </li>`,
      )}
    </ul>
  </section>`;
}

/* Whether a store sold nothing in all these days, and something in the year before. */
function isQuiet({ receipts, lastReceiptOn }) {
  return receipts === 0 && lastReceiptOn !== null;
}

function namesOf(stores, places) {
  const names = stores.slice(0, MOST_NAMED).map(({ store }) => storeName(places, store));
  return listed(stores.length > MOST_NAMED ? [...names, "…"] : names);
}

/* Where the operator looks into what was parked, or failed. */
const PARTS = {
  "left_behind": "",
  "jobs.failed": "",
  "parked.outbox": "outbox",
  "parked.agenda": "outbox",
  "parked.intake_deliveries": "intake",
};

function notesOf(told) {
  const { correctionProposals, staffProposals, contactProposals, programmeProposals } = told;
  const { waiting = [], sources = [], shifts = [], stores = [] } = told;
  const dropped = programmeProposals.filter((each) => each.proposalState === "DROPPED" || each.isOvertaken);
  const unusual = shifts.filter(({ figures }) => figures.some(({ isUnusual }) => isUnusual));
  const own = [
    { key: "corrections", count: correctionProposals.length, screen: "approvals" },
    { key: "requests", count: staffProposals.length + contactProposals.length, screen: "approvals" },
    { key: "versions", count: versionsOf(told).length, screen: "programme" },
    { key: "dropped", count: dropped.length, screen: "programme" },
    { key: "refused", count: sources.filter(isRefused).length, screen: "operations" },
    { key: "silent", count: sources.filter(isSilent).length, screen: "operations" },
    { key: "quiet", count: stores.length, stores },
    { key: "unusual", count: unusual.length, screen: "operations", part: "shifts" },
  ];
  const parked = waiting
    .filter(({ place }) => place in PARTS)
    .map(({ place, count, since }) => ({
      key: place,
      count,
      since,
      screen: "operations",
      part: PARTS[place],
    }));
  return [...own, ...parked].filter(({ count, key }) => count > 0 && has(`look.${key}`));
}
