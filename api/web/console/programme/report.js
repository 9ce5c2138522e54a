/* What a back-test came to: figures of what was beside those of what would have been, each in its unit, with what
   they are of leading to its line in the draft, and members to their pages. */

import { money, number } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { desk, go } from "../console.js";
import { unitsOf, walletOf } from "../overview/writing.js";
import { lineOf } from "./draft.js";

const inMoney = (value) => money(value, desk.programme.currency);
/* Under which heading of the file stands what gave something, by the first part of its code. */
const HEADINGS = { badge: "badges", tier: "tiers", reward: "rewards", segment: "segments" };

/* Rows of {name, code, heading, was, wouldBe, write}: those that differ. `name` is above its code, which leads to its
   line. */
function Compared({ label, rows, write = number, find }) {
  const differing = rows.filter(({ was, wouldBe }) => was !== wouldBe && was !== null && wouldBe !== null);
  if (!differing.length) return null;
  return html`<div class="scrolling" tabindex="0" role="region" aria-label=${label}><table class="small compared">
    <thead><tr><th scope="col">${label}</th><th scope="col">${t("past.was")}</th><th scope="col">${t("past.would")}</th><th scope="col">${t("past.change")}</th></tr></thead>
    <tbody>${differing.map((row, place) => {
      const { was, wouldBe, write: own = write } = row;
      return html`<tr key=${place}><th scope="row"><${Name} row=${row} find=${find} /></th><td>${own(was)}</td><td>${own(wouldBe)}</td>
        <td class=${wouldBe > was ? "plus" : "minus"}>${wouldBe > was ? "+" : "\u2212"}${own(Math.abs(wouldBe - was))}</td></tr>`;
    })}</tbody></table></div>`;
}

function Name({ row: { name, code, heading, customer }, find }) {
  const line = heading ? find?.(heading, code) : null;
  const visit = (event) => {
    go("member", customer);
    event.target.closest("dialog")?.close();
  };
  const act = customer ? visit : line ? () => find.goTo(line) : null;
  if (!act) return name;
  const title = customer ? t("past.open") : t("past.line", { line });
  return html`<button class="button plain flush link" type="button" title=${title} onClick=${act}>${name}</button>`;
}

const counted = (rows, heading) =>
  rows.map(({ code, title, was, wouldBe }) => ({ name: title ?? code, code, heading, was, wouldBe }));

function walletRows(wallets) {
  const parts = ["awarded", "spent", "expired", "outstanding", "liability", "cost"];
  return wallets.flatMap(({ wallet, was, wouldBe }) =>
    parts.map((part) => ({
      name: t(`past.${part}`, { wallet: walletOf(wallet)?.name ?? wallet }),
      code: wallet,
      heading: "wallets",
      was: was[part] === null ? null : Number(was[part]),
      wouldBe: wouldBe[part] === null ? null : Number(wouldBe[part]),
      write: part === "liability" || part === "cost" ? inMoney : (value) => unitsOf(wallet, value),
    })),
  );
}

function ruleRows(rules) {
  return rules
    .filter(({ wallet }) => wallet)
    .map(({ rule, title, wallet, was, wouldBe }) => {
      const [kind, code] = rule.includes(":") ? rule.split(":") : ["", rule];
      return {
        name: title ?? rule,
        code,
        heading: kind ? HEADINGS[kind] : "rules",
        was: Number(was.awarded),
        wouldBe: Number(wouldBe.awarded),
        write: (value) => unitsOf(wallet, value),
      };
    });
}

/** `text` is the draft and `goTo(line)` shows a line of it, where it stands beside. */
export function Report({ report, text, goTo }) {
  const find = goTo && Object.assign((heading, code) => lineOf(text, heading, code), { goTo });
  const words = { count: report.memberCount, events: number(Number(report.eventCount)) };
  const wallets = walletRows(report.wallets);
  const rules = ruleRows(report.rules);
  const refused = report.refused.map(({ event, title, refusal, count }) => ({
    name: `${title ?? event}: ${refusal}`,
    was: 0,
    wouldBe: count,
  }));
  const isSame = [...wallets, ...rules, ...refused].every(({ was, wouldBe }) => was === wouldBe);
  const members = (value) => t("past.members", { count: value, number: number(value) });
  return html`<p>${t("past.of", words)} ${report.isSample && html`<span class="quiet">${t("past.sampled")}</span>`}</p>
    ${isSame && html`<p class="quiet">${t("past.same")}</p>`}
    <${Compared} label=${t("past.wallets")} rows=${wallets} find=${find} />
    <${Compared} label=${t("past.rules")} rows=${rules} find=${find} />
    <${Compared} label=${t("past.rewards")} rows=${counted(report.rewards, "rewards")} find=${find} />
    <${Compared} label=${t("past.tiers")} rows=${counted(report.tiers, "tiers")} write=${members} find=${find} />
    <${Compared} label=${t("past.messages")} rows=${counted(report.messages, "messages")} find=${find} />
    <${Compared} label=${t("past.refused")} rows=${refused} />
    <p>${t("past.people", { gaining: number(report.gainingCount), losing: number(report.losingCount) })}</p>
    <${People} label=${t("past.gaining")} people=${report.gaining} />
    <${People} label=${t("past.losing")} people=${report.losing} />
    ${report.gaining.length + report.losing.length > 0 && html`<p class="small quiet">${t("past.units")}</p>`}
    <p class="small quiet">${t("past.taken", { soldout: number(report.soldOutCount), others: number(report.fromOthersCount), private: number(report.privateCount) })}</p>`;
}

function People({ label, people }) {
  const rows = people.map(({ number: of, customer, was, wouldBe }) => ({
    name: of ?? t("past.member"),
    customer,
    was: Number(was),
    wouldBe: Number(wouldBe),
  }));
  return html`<${Compared} label=${label} rows=${rows} />`;
}
