/* What leaderboards and challenges came to: sums and spreads, nobody's name. A picture of who takes part from period
   to period, with the same as a table beside it. */

import { day, number } from "/shared/format.js";
import { html, useMemo } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { Chart } from "./chart.js";
import { inMoney, Named, RowLink, Sums, Table } from "./table.js";

const EVER = "0001-01-01";
const costOf = ({ cost }) => (cost === null ? t("figure.unknown") : inMoney(cost));
const countOf = (value) => (value === null ? t("figure.unknown") : number(value));

/* What was given: units, and vouchers by the names of their rewards. */
function Given({ each }) {
  const { awarded, rewards } = each;
  if (!awarded.length && !rewards.length) return t("figure.unknown");
  return html`${awarded.length > 0 && html`<${Sums} sums=${awarded} />`}
    ${rewards.map(({ reward, title, count }) => html`<span key=${reward} class="sum">${t("given.reward", { count, reward: title ?? reward })}</span>`)}`;
}

export function Boards({ boards, places }) {
  if (!boards.length) return html`<p class="card empty quiet">${t("board.none")}</p>`;
  return html`<p class="small quiet">${t("board.hint")}</p>
    ${boards.map((board) => html`<${Board} key=${board.leaderboard} board=${board} places=${places} />`)}`;
}

function Board({ board, places }) {
  const { leaderboard, periods } = board;
  const name = board.title ?? leaderboard;
  const title = t("board.players.of", { board: name });
  const drawn = useMemo(() => periods.filter(({ firstDay }) => firstDay !== EVER).reverse(), [periods]);
  const days = useMemo(() => drawn.map(({ firstDay }) => firstDay), [drawn]);
  const lines = useMemo(
    () => [
      { label: t("board.players"), ink: "--post", bars: true, values: drawn.map(({ players }) => players) },
    ],
    [drawn],
  );
  const columns = [
    {
      head: t("board.period"),
      cell: ({ firstDay }) => (firstDay === EVER ? t("board.ever") : day(firstDay)),
    },
    { head: t("board.players"), cell: ({ players }) => countOf(players) },
    { head: t("board.joined"), cell: ({ joined }) => number(joined) },
    { head: t("board.left"), cell: ({ left }) => number(left) },
    {
      head: t("board.quartiles"),
      cell: ({ quartiles }) =>
        quartiles
          ? [quartiles.lower, quartiles.median, quartiles.upper].map((each) => number(each)).join(" / ")
          : t("figure.unknown"),
    },
    {
      head: t("board.prizes"),
      cell: ({ prizes, judgedOn }) => (judgedOn ? number(prizes) : t("board.running")),
    },
    { head: t("board.given"), cell: (each) => html`<${Given} each=${each} />` },
    { head: t("rule.cost"), cell: costOf },
  ];
  return html`<section class="stack" aria-label=${name}>
    <h2><${RowLink} places=${places} code=${leaderboard}>${name}<//></h2>
    <p>${t("board.sum", { joined: number(board.joined), left: number(board.left), prizes: number(board.prizes), cost: costOf(board) })}</p>
    ${drawn.length > 0 && html`<${Chart} title=${title} days=${days} lines=${lines} />`}
    <${Table} label=${title} rows=${periods} columns=${columns} none=${t("board.nobody")} />
  </section>`;
}

export function Challenges({ challenges, places }) {
  const columns = [
    { head: t("dare"), cell: ({ badge, title }) => html`<${Named} title=${title} code=${badge} />` },
    { head: t("dare.started"), cell: ({ started }) => (started === null ? t("dare.all") : number(started)) },
    { head: t("dare.reached"), cell: ({ reached }) => number(reached) },
    { head: t("board.given"), cell: (each) => html`<${Given} each=${each} />` },
    { head: t("rule.cost"), cell: costOf },
  ];
  return html`<p class="small quiet">${t("dare.hint")}</p>
    <${Table} label=${t("results.challenges")} rows=${challenges} columns=${columns} places=${places} codeOf=${(each) => each.badge} none=${t("dare.none")} />`;
}
