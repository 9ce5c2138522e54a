/* What waits and why: all of it in figures, what shops and systems sent, and what could not be sent or done. */

import { ask, desk, go, noteFilters, session } from "/console/console.js";
import { say } from "/console/faults.js";
import { Reading, useReading } from "/console/reading.js";
import { instant, number } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html, useState } from "/shared/preact.js";
import { Act, Field, Icon, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { INTAKE, OUTBOX, RETRY_INTAKE, RETRY_OUTBOX, WAITING } from "./queries.js";
import { Refused, Sources } from "./sources.js";

const MOST_COUNTED = 1000;
/* Which places are looked into where. */
const LEADS = {
  "parked.outbox": ["operations", "outbox"],
  "parked.agenda": ["operations", "outbox"],
  "parked.intake_deliveries": ["operations", "intake"],
  "intake": ["operations", "intake"],
  "jobs.waiting": ["segments"],
  "jobs.running": ["segments"],
  "jobs.failed": ["segments"],
};
/* What became of reports, what asks for somebody first. */
const FATES = ["FAILED", "PARKED", "PENDING", "IGNORED", "APPLIED"];
const LATE_MS = 5 * 60_000;

const at = (iso) => (iso ? instant(iso, desk.timezone) : "–");

export function Waiting() {
  const reading = useReading(() => ask(WAITING), []);
  return html`<p class="quiet">${t("waiting.hint")}</p>
    <${Reading} reading=${reading}>${({ waiting, sources, refusedCalls }) => html`
      <div class="row spread wrap">
        <h2>${t("waiting")}</h2>
        <button class="button" type="button" onClick=${reading.again}>${t("refresh")}</button>
      </div>
      <ul class="tiles">${waiting.map((each) => html`<${Tile} key=${each.place} each=${each} />`)}</ul>
      <h2>${t("sources")}</h2>
      <${Sources} sources=${sources} again=${reading.again} />
      <h2>${t("refused")}</h2>
      <${Refused} calls=${refusedCalls} />`}<//>`;
}

function Tile({ each }) {
  const isTrouble = each.count > 0 && (isForPerson(each.place) || isOverdue(each));
  const figure = each.count >= MOST_COUNTED ? `${number(MOST_COUNTED)}+` : number(each.count);
  const lead = LEADS[each.place];
  return html`<li class=${`card tile ${isTrouble ? "trouble" : ""}`}>
    <strong class="big num">${isTrouble && html`<${Icon} name="alert" />`}${figure}</strong>
    <span>${t(`place.${each.place}`)}</span>
    ${each.since && html`<small class="quiet">${t("waiting.since", { at: at(each.since) })}</small>`}
    ${lead && each.count > 0 && html`<button class="button plain" type="button" onClick=${() => go(...lead)}>${t("look")}<${Icon} name="forward" /></button>`}
  </li>`;
}

const isForPerson = (place) => place.startsWith("parked.") || place === "jobs.failed";
/* A job over many members takes as long as it takes. */
const isOverdue = ({ place, since }) =>
  place !== "jobs.running" && since !== null && session.now() - Date.parse(since) > LATE_MS;

/** A table that keeps to its card on a tablet. */
export function Table({ name, heads, children, isStacked = false }) {
  return html`<div class=${`card table${isStacked ? " stacked" : ""}`} role="region" aria-label=${name} tabindex="0">
    <table>
      <thead><tr>${heads.map((head, place) => (head ? html`<th key=${place} scope="col">${head}</th>` : html`<td key=${place}></td>`))}</tr></thead>
      <tbody>${children}</tbody>
    </table>
  </div>`;
}

/** What became of something that was sent. */
export function Fate({ fate }) {
  const kind = { APPLIED: "good", FAILED: "bad", PARKED: "gold" }[fate] ?? "";
  return html`<span class=${`chip ${kind}`}>${t(`fate.${fate}`)}</span>`;
}

/** One of several. */
export function Choice({ name, label, of, value, choose }) {
  return html`<${Field} as="select" name=${name} label=${label} value=${value} onChange=${(event) => choose(event.target.value)}>
    ${of.map(([code, text]) => html`<option key=${code} value=${code}>${text}</option>`)}
  <//>`;
}

/** What is chosen, which stays in the address. */
export function useChoice(filters, name, first) {
  const [value, setValue] = useState(new URLSearchParams(filters).get(name) ?? first);
  const choose = (next) => {
    const kept = new URLSearchParams(location.search);
    if (next) kept.set(name, next);
    else kept.delete(name);
    noteFilters(kept);
    setValue(next);
  };
  return [value, choose];
}

function useRetry(document, again) {
  const [fault, setFault] = useState("");
  const retry = async (ids) => {
    setFault("");
    try {
      const { answer } = await ask(document, { input: { ids } });
      if (answer.message) return setFault(answer.message);
      toast(t("retried", { count: answer.count }));
      return again();
    } catch (error) {
      return setFault(say(error));
    }
  };
  return { fault, retry };
}

export function Outbox({ filters }) {
  const [state, choose] = useChoice(filters, "state", "PARKED");
  const reading = useReading(async () => (await ask(OUTBOX, { state })).outboxRows, [state]);
  const { fault, retry } = useRetry(RETRY_OUTBOX, reading.again);
  const states = ["PARKED", "PENDING", "DROPPED"].map((each) => [each, t(`queue.${each}`)]);
  return html`<p class="quiet">${t("outbox.hint")}</p>
    <div class="filters">
      <${Choice} name="state" label=${t("outbox.state")} of=${states} value=${state} choose=${choose} />
      ${state === "PARKED" && reading.answer?.length > 0 && html`<${Act} class="button" type="button" act=${() => retry(null)}>${t("retry.all")}<//>`}
    </div>
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <${Reading} reading=${reading}>${(rows) =>
      rows.length
        ? html`<${Table} name=${t("part.outbox")} heads=${[t("outbox.what"), t("outbox.due"), t("outbox.attempts"), t("why.not"), ""]}>
            ${rows.map(
              (row) => html`<tr key=${row.id}>
                <th scope="row">${row.title ?? row.description}<small class="under quiet mono">${row.id}</small></th>
                <td>${at(row.dueAt)}</td>
                <td class="num">${row.attempts}</td>
                <td>${row.error || "–"}</td>
                <td>${row.state === "PARKED" && html`<${Act} class="button" type="button" act=${() => retry([row.id])}>${t("retry")}<//>`}</td>
              </tr>`,
            )}
          <//>`
        : html`<p class="card empty quiet">${t(`queue.none.${state}`)}</p>`}<//>`;
}

/* The reports of a fate; where none is chosen, of the first that there are any of. */
async function readIntake(chosen, source) {
  const read = async (fate) => ({ ...(await ask(INTAKE, { fate, source })).intake, fate });
  const first = await read(chosen || FATES[0]);
  if (chosen || first.deliveries.length) return first;
  const counts = new Map(first.counts.map((each) => [each.fate, each.count]));
  const fate = FATES.find((each) => counts.get(each) > 0) ?? FATES[0];
  return fate === FATES[0] ? first : read(fate);
}

export function Intake({ filters }) {
  const [chosen, chooseFate] = useChoice(filters, "fate", "");
  const [source, chooseSource] = useChoice(filters, "source", "");
  const reading = useReading(() => readIntake(chosen, source.trim() || null), [chosen, source]);
  const fate = chosen || (reading.answer?.fate ?? FATES[0]);
  const { fault, retry } = useRetry(RETRY_INTAKE, reading.again);
  const counts = new Map(reading.answer?.counts.map((each) => [each.fate, each.count]));
  const fates = FATES.map((each) => [
    each,
    counts.has(each) ? `${t(`fate.${each}`)} (${number(counts.get(each))})` : t(`fate.${each}`),
  ]);
  const canRetry = fate === "FAILED" || fate === "PARKED";
  return html`<p class="quiet">${t("intake.hint")}</p>
    <div class="filters">
      <${Choice} name="fate" label=${t("intake.fate")} of=${fates} value=${fate} choose=${chooseFate} />
      <${Field} name="source" label=${t("source")} value=${source} maxlength="40" onChange=${(event) => chooseSource(event.target.value)} />
      ${canRetry && reading.answer?.deliveries.length > 0 && html`<${Act} class="button" type="button" act=${() => retry(source ? reading.answer.deliveries.map((each) => each.id) : null)}>${t("retry.all")}<//>`}
    </div>
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <${Reading} reading=${reading}>${({ deliveries }) =>
      deliveries.length
        ? html`<${Table} name=${t("part.intake")} heads=${[t("source"), t("intake.topic"), t("intake.at"), t("why.not"), ""]}>
            ${deliveries.map(
              (row) => html`<tr key=${row.id}>
                <th scope="row">${row.source}<small class="under quiet mono">${row.id.slice(0, 12)}</small></th>
                <td>${row.topic ?? "–"}</td>
                <td>${at(row.arrivedAt)}</td>
                <td>${row.reason || "–"}${row.until && html`<small class="under quiet">${t("intake.until", { at: at(row.until) })}</small>`}</td>
                <td>${canRetry && html`<${Act} class="button" type="button" act=${() => retry([row.id])}>${t("retry")}<//>`}</td>
              </tr>`,
            )}
          <//>`
        : html`<p class="card empty quiet">${t("intake.none")}</p>`}<//>`;
}
