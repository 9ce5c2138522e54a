/* The days of employees, and what of them is unusual beside what the store usually sees. */

import { ask, desk, go, session } from "/console/console.js";
import { Reading, useReading } from "/console/reading.js";
import { day, money, number } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { Icon, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { SHIFTS } from "./queries.js";
import { StorePicker } from "./store-picker.js";
import { Choice, Table, useChoice } from "./waiting.js";

const SPANS = ["1", "7", "28"];

/* A day of the programme's zone so many days ago. */
function dayAgo(days) {
  const at = new Date(session.now() - days * 24 * 3_600_000);
  return new Intl.DateTimeFormat("sv-SE", { timeZone: desk.timezone }).format(at);
}

const figureText = ({ figure, value }) =>
  figure === "REFUNDED" ? money(value, desk.programme.currency) : number(value);
const usualText = (figure) => figureText({ ...figure, value: figure.usual });

export function Shifts({ filters }) {
  const [span, chooseSpan] = useChoice(filters, "days", "7");
  const [store, chooseStore] = useChoice(filters, "store", "");
  const reading = useReading(
    async () =>
      (await ask(SHIFTS, { since: dayAgo(Number(span) - 1), until: dayAgo(0), store: store || null })).shifts,
    [span, store],
  );
  const spans = SPANS.map((days) => [days, t("shifts.days", { count: Number(days) })]);
  return html`<p class="quiet">${t("shifts.hint")}</p>
    <div class="filters">
      <${Choice} name="days" label=${t("shifts.span")} of=${spans} value=${span} choose=${chooseSpan} />
      <${StorePicker} value=${store} choose=${chooseStore} />
    </div>
    <${Reading} reading=${reading}>${(shifts) => html`<${List} shifts=${shifts} />`}<//>`;
}

function List({ shifts }) {
  if (!shifts.length) return html`<p class="card empty quiet">${t("shifts.none")}</p>`;
  const marked = shifts.filter((each) => each.figures.some((figure) => figure.isUnusual)).length;
  const figures = shifts[0].figures.map((each) => each.figure);
  return html`<${Notice} kind=${marked ? "" : "good"} icon=${marked ? "alert" : "check"} text=${marked ? t("shifts.marked", { count: marked }) : t("shifts.unmarked")} />
    <${Table} name=${t("part.shifts")} heads=${[t("staff.who"), t("shifts.day"), t("store"), t("shifts.purchases"), ...figures.map((each) => t(`figure.${each}`))]}>
      ${shifts.map(
        (each) => html`<tr key=${`${each.username} ${each.day}`}>
          <th scope="row"><button class="button plain flush" type="button" onClick=${() => go("operations", "audit", new URLSearchParams({ actor: each.username, since: each.day, until: each.day }))}>${each.name}</button></th>
          <td>${day(each.day, { day: "numeric", month: "short" })}</td>
          <td>${each.store?.name ?? "–"}</td>
          <td class="num">${number(each.purchases)}</td>
          ${each.figures.map(
            (figure) => html`<td key=${figure.figure} class=${`num ${figure.isUnusual ? "unusual" : ""}`}>
              ${figure.isUnusual && html`<${Icon} name="alert" />`}${figureText(figure)}
              ${figure.isUnusual && html`<small class="under">${t("shifts.usual", { value: usualText(figure) })}</small>`}
            </td>`,
          )}
        </tr>`,
      )}
    <//>`;
}
