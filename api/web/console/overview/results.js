/* What each campaign, reward, message and survey came to in the period, and where members stand: in tables that a
   marketer reads, with what can be told of a rule's effect and what cannot. */

import { day, number } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { Act, Notice } from "/shared/ui.js";
import { speech, t } from "/shared/words.js";
import { go, noteFilters } from "../console.js";
import { useTabs } from "../tabs.js";
import { Boards, Challenges } from "./club.js";
import { Codes } from "./codes.js";
import { Behind, Filters, useFigures } from "./filters.js";
import { withOwn, writeFilters } from "./period.js";
import { RESULTS } from "./queries.js";
import { inMoney, Named, RowLink, Sums, Table } from "./table.js";
import { Variants } from "./variants.js";
import { bareUnits, monthOf, signedMoney, walletOf } from "./writing.js";

const TABS = [
  "rules",
  "rewards",
  "messages",
  "surveys",
  "codes",
  "boards",
  "challenges",
  "foryou",
  "standing",
];

export function Results({ filters }) {
  const { chosen, places: parts, figures, fault, change, again } = useFigures(RESULTS, filters);
  const [at, setAt] = useState(() => readPlace(filters));
  const { tab } = at;
  const strip = useTabs(tab);
  const written = (place) =>
    withOwn(writeFilters(chosen), { ...place, tab: place.tab === TABS[0] ? "" : place.tab });
  useEffect(() => noteFilters(written(at)), [chosen, at]);
  const places = {
    row: at.row,
    hrefOf: (code) => `${location.pathname}?${written({ tab, row: code })}`,
    choose: (code) => setAt({ tab, row: code }),
  };
  return html`<h1 tabindex="-1">${t("page.results")}</h1>
    <${Filters} chosen=${chosen} places=${parts} change=${change} />
    <div class="segments tabs" ref=${strip} role="group" aria-label=${t("page.results")}>
      ${TABS.map((name) => html`<button key=${name} type="button" aria-pressed=${String(tab === name)} onClick=${() => setAt({ tab: name, row: "" })}>${t(`results.${name}`)}</button>`)}
    </div>
    <div aria-live="assertive"><${Notice} kind="bad" icon="cloud" text=${fault} /></div>
    ${fault && html`<${Act} class="button" type="button" act=${again}>${t("again")}<//>`}
    ${!figures && !fault && html`<div class="skeleton tall" role="status" aria-label=${t("loading")}></div>`}
    ${
      figures &&
      html`<p class="quiet small">${t("results.of", { from: day(figures.firstDay), to: day(figures.lastDay) })}</p>
        <${Behind} since=${figures.waitingSince} />
        <${Tab} key=${tab} tab=${tab} figures=${figures} known=${parts.rewards} places=${places} />`
    }`;
}

/* Which table, and which row of it, an address means. */
function readPlace(filters) {
  const meant = new URLSearchParams(filters);
  const tab = TABS.includes(meant.get("tab")) ? meant.get("tab") : TABS[0];
  return { tab, row: meant.get("row") ?? "" };
}

function Tab({ tab, figures, known, places }) {
  if (tab === "rules") return html`<${Rules} rules=${figures.rules} places=${places} />`;
  if (tab === "rewards")
    return html`<${Rewards} rewards=${figures.rewards} known=${known} places=${places} />`;
  if (tab === "messages") return html`<${Messages} messages=${figures.messages} places=${places} />`;
  if (tab === "foryou") return html`<${ForYou} kinds=${figures.recommendations} />`;
  if (tab === "boards") return html`<${Boards} boards=${figures.leaderboards} places=${places} />`;
  if (tab === "challenges") return html`<${Challenges} challenges=${figures.challenges} places=${places} />`;
  if (tab === "surveys") return html`<${Surveys} surveys=${figures.surveys} places=${places} />`;
  if (tab === "codes") return html`<${Codes} values=${figures.values} places=${places} />`;
  return html`<${Standing} figures=${figures} />`;
}

function Rules({ rules, places }) {
  const columns = [
    { head: t("rule"), cell: ({ rule, title }) => html`<${Named} title=${title} code=${rule} />` },
    { head: t("rule.fired"), cell: ({ fired }) => number(fired) },
    { head: t("rule.members"), cell: ({ members }) => number(members) },
    { head: t("rule.awarded"), cell: ({ awarded }) => html`<${Sums} sums=${awarded} />` },
    { head: t("rule.deducted"), cell: ({ deducted }) => html`<${Sums} sums=${deducted} />` },
    { head: t("rule.cost"), cell: ({ cost }) => (cost === null ? t("figure.unknown") : inMoney(cost)) },
    {
      head: t("rule.effect"),
      isText: true,
      cell: (rule) => html`<${Effect} uplift=${rule.revenueUplift} roi=${rule.roi} />`,
    },
  ];
  return html`<${Table} label=${t("results.rules")} rows=${rules} columns=${columns} places=${places} codeOf=${(each) => each.rule} none=${t("results.none")} />
    <p class="quiet small">${t("rule.hint")}</p>
    <${Variants} kind="rule" parts=${rules} />`;
}

/* What a rule brought, or why nobody can say: only those held out tell it. */
function Effect({ uplift, roi }) {
  if (!uplift) return html`<span class="quiet">${t("effect.none")}</span>`;
  const { difference, low, high, daysToTell, firstDay, lastDay, treatedMembers, heldOutMembers } = uplift;
  const write = signedMoney;
  const isTold = low > 0 || high < 0;
  return html`<strong class=${isTold ? (low > 0 ? "plus" : "minus") : ""}>${t("effect.difference", { difference: write(difference) })}</strong>
    <small class="under quiet">${t("effect.range", { low: write(low), high: write(high), treated: number(treatedMembers), out: number(heldOutMembers) })}</small>
    ${!isTold && html`<small class="under">${daysToTell && daysToTell < 1000 ? t("effect.days", { count: daysToTell }) : t("effect.open")}</small>`}
    ${firstDay && html`<small class="under quiet">${t("effect.span", { from: day(firstDay), to: day(lastDay) })}</small>`}
    ${roi && html`<small class="under">${t("effect.roi", { roi: percent(roi.value), low: percent(roi.low), high: percent(roi.high), margin: percent(roi.margin / 100) })}</small>`}`;
}

function Rewards({ rewards, known, places }) {
  const by = new Map(known.map((each) => [each.code, each]));
  const stock = ({ reward }) => by.get(reward)?.stock ?? null;
  const columns = [
    {
      head: t("reward"),
      cell: ({ reward, title }) => html`<${Named} title=${title} code=${reward} />`,
    },
    { head: t("reward.redeemed"), cell: ({ redeemed }) => number(redeemed) },
    { head: t("reward.given"), cell: ({ issued, redeemed }) => number(issued - redeemed) },
    { head: t("reward.used"), cell: ({ used }) => number(used) },
    { head: t("reward.expired"), cell: ({ expired }) => number(expired) },
    { head: t("reward.cancelled"), cell: ({ cancelled }) => number(cancelled) },
    { head: t("reward.spent"), cell: ({ spent }) => html`<${Sums} sums=${spent} />` },
    { head: t("rule.cost"), cell: ({ cost }) => (cost === null ? t("figure.unknown") : inMoney(cost)) },
    {
      head: t("reward.stock"),
      cell: (row) => (stock(row) === null ? t("reward.endless") : number(stock(row))),
    },
  ];
  return html`<${Table} label=${t("results.rewards")} rows=${rewards} columns=${columns} places=${places} codeOf=${(each) => each.reward} none=${t("results.none")} />
    <${Variants} kind="reward" parts=${rewards} />`;
}

function percent(rate) {
  return new Intl.NumberFormat(speech.locale, { style: "percent", maximumFractionDigits: 0 }).format(rate);
}

function share(part, whole) {
  return whole && part <= whole ? ` (${percent(part / whole)})` : "";
}

/* What happened to messages that were sent; unknown where their channels tell nobody. */
function told(isTold, count, sent) {
  return isTold ? number(count) + share(count, sent) : t("figure.unknown");
}

function Messages({ messages, places }) {
  const columns = [
    { head: t("message"), cell: ({ message, title }) => html`<${Named} title=${title} code=${message} />` },
    { head: t("message.promised"), cell: ({ promised }) => number(promised) },
    { head: t("message.sent"), cell: ({ sent, promised }) => number(sent) + share(sent, promised) },
    { head: t("message.opened"), cell: ({ tellsReading, opened, sent }) => told(tellsReading, opened, sent) },
    { head: t("message.clicked"), cell: ({ tellsTaps, clicked, sent }) => told(tellsTaps, clicked, sent) },
    { head: t("message.failed"), cell: ({ failed }) => number(failed) },
    { head: t("message.noconsent"), cell: ({ noConsent }) => number(noConsent) },
  ];
  return html`<${Table} label=${t("results.messages")} rows=${messages} columns=${columns} places=${places} codeOf=${(each) => each.message} none=${t("results.none")} />
    <p class="quiet small">${t("message.hint")}</p>
    <${Variants} kind="message" parts=${messages} />`;
}

function ForYou({ kinds }) {
  const columns = [
    { head: t("foryou.kind"), cell: ({ kind }) => t(`foryou.${kind}`) },
    { head: t("foryou.opened"), cell: ({ opened }) => number(opened) },
    { head: t("foryou.taken"), cell: ({ taken, opened }) => number(taken) + share(taken, opened) },
  ];
  return html`<p class="small quiet">${t("foryou.hint")}</p>
    <${Table} label=${t("results.foryou")} rows=${kinds} columns=${columns} none=${t("results.none")} />`;
}

function Surveys({ surveys, places }) {
  const answered = surveys.filter(({ scores }) => scores.length);
  if (!answered.length) return html`<p class="card empty quiet">${t("survey.none")}</p>`;
  return answered.map(({ survey, title, scores }) => {
    const all = scores.reduce((sum, { count }) => sum + count, 0);
    const mean = scores.reduce((sum, { score, count }) => sum + score * count, 0) / all;
    const most = Math.max(...scores.map(({ count }) => count));
    return html`<section key=${survey} class="card stack tight" aria-label=${title ?? survey}>
      <h2><${RowLink} places=${places} code=${survey}>${title ?? survey}<//></h2>
      <p>${t("survey.mean", { count: all, mean: new Intl.NumberFormat(speech.locale, { maximumFractionDigits: 2 }).format(mean) })}</p>
      <table class="histogram"><thead class="unseen"><tr><th scope="col">${t("survey.score")}</th><th scope="col">${t("survey.count")}</th></tr></thead><tbody>
        ${scores.map(
          ({ score, count }) => html`<tr key=${score}><th scope="row">${score}</th>
            <td><meter min="0" max=${most} value=${count} aria-hidden="true"></meter> <span class="num">${number(count)}${share(count, all)}</span></td></tr>`,
        )}
      </tbody></table>
      <div class="row"><button class="button" type="button" aria-label=${`${t("survey.comments")}: ${survey}`}
        onClick=${() => go("voices", "comments", new URLSearchParams({ survey }))}>${t("survey.comments")}</button></div>
    </section>`;
  });
}

function Standing({ figures }) {
  const { tierMoves, held, heldOn } = figures;
  const lists = ["tiers", "segments", "plans"].filter((key) => figures[key].length);
  const tier = (code, title) => (code === null ? t("tier.none") : (title ?? code));
  return html`${!lists.length && html`<p class="card empty quiet">${t("results.none")}</p>`}
    <div class="standing">
      ${lists.map(
        (key) =>
          html`<${Table} key=${key} label=${t(`standing.${key}`)} rows=${figures[key]} none="" columns=${[
            {
              head: t(`standing.${key}`),
              cell: ({ code, title }) => html`<${Named} title=${title} code=${code} />`,
            },
            { head: t("standing.members"), cell: ({ members }) => number(members) },
          ]} />`,
      )}
      ${
        tierMoves.length > 0 &&
        html`<${Table} label=${t("standing.moves")} rows=${tierMoves} none="" columns=${[
          {
            head: t("standing.moves"),
            cell: ({ previous, previousTitle, next, nextTitle }) =>
              t("standing.move", { from: tier(previous, previousTitle), to: tier(next, nextTitle) }),
          },
          { head: t("standing.times"), cell: ({ count }) => number(count) },
        ]} />`
      }
    </div>
    <${Held} held=${held} on=${heldOn} />`;
}

/* What members hold, a table for each wallet. */
function Held({ held, on }) {
  const codes = [...new Set(held.map(({ wallet }) => wallet))];
  return codes.map((code) => {
    const label = t("held", { wallet: walletOf(code)?.name ?? code, day: day(on) });
    return html`<section key=${code} class="stack tight held" aria-label=${label}>
      <h2>${label}</h2>
      <p class="quiet small">${t("held.meaning")}</p>
      <${Table} label=${label} rows=${held.filter(({ wallet }) => wallet === code)} none="" columns=${[
        {
          head: t("held.when"),
          cell: ({ kind, month }) => (kind === "LAPSES" ? monthOf(month) : t(`held.${kind}`)),
        },
        { head: t("held.amount"), cell: ({ amount }) => bareUnits(code, amount) },
        {
          head: t("rule.cost"),
          cell: ({ cost }) => (cost === null ? t("figure.unknown") : inMoney(cost)),
        },
      ]} />
    </section>`;
  });
}
