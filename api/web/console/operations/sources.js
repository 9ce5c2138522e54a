/* Who reports, when each did last, what of it waits while an operator has paused it, and what was refused. */

import { ask, desk, isSilent } from "/console/console.js";
import { say } from "/console/faults.js";
import { day, instant, number } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html } from "/shared/preact.js";
import { WithReason } from "/shared/reasoned.js";
import { openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { PAUSE_SOURCE, RESUME_SOURCE } from "./queries.js";
import { Fate, Table } from "./waiting.js";

const at = (iso) => instant(iso, desk.timezone);

export function Sources({ sources, again }) {
  if (!sources.length) return html`<p class="card empty quiet">${t("sources.none")}</p>`;
  const heads = [t("source"), t("store"), t("source.last"), t("source.fate"), ""];
  return html`<${Table} name=${t("sources")} heads=${heads}>
    ${sources.map((each) => html`<${SourceRow} key=${each.code} each=${each} again=${again} />`)}
  <//>`;
}

function SourceRow({ each, again }) {
  const word = t(each.pausedAt ? "source.resume" : "source.pause");
  const open = () => openSheet(word, Pausing, { each, word, again });
  return html`<tr>
    <th scope="row">${each.code} <small class="quiet">${each.sourceKind}</small></th>
    <td>${each.store}</td>
    <td>${each.lastAt ? at(each.lastAt) : t("source.never")} ${isSilent(each) && html`<span class="chip bad">${t("source.silent")}</span>`}
      ${each.refusedSince && html`<span class="chip bad">${t("source.refused", { at: at(each.refusedSince) })}</span><small class="under">${t(`refusal.${each.refusal}`)}</small>`}</td>
    <td>${each.lastFate ? html`<${Fate} fate=${each.lastFate} /> <small class="quiet">${each.lastReason}</small>` : "–"}</td>
    <td>${each.pausedAt && html`<span class="chip gold">${t("source.paused", { at: at(each.pausedAt) })}</span><small class="under quiet">${each.pauseReason}</small>`}
      ${each.canPause && html`<button class="button" type="button" aria-label=${`${word}: ${each.code}`} onClick=${open}>${word}</button>`}</td>
  </tr>`;
}

function Pausing({ each, word, again, close }) {
  const act = async (reason) => {
    const document = each.pausedAt ? RESUME_SOURCE : PAUSE_SOURCE;
    const { answer } = await ask(document, { input: { source: each.code, reason } });
    if (answer.message) return answer.message;
    toast(
      answer.isPaused
        ? t("source.pause.done", { source: each.code })
        : t("source.resume.done", { count: answer.woken }),
    );
    again();
    return "";
  };
  const hint = t(each.pausedAt ? "source.resume.hint" : "source.pause.hint");
  return html`<${WithReason} title=${word} about=${each.code} hint=${hint} confirm=${word} act=${act} say=${say} close=${close} />`;
}

/** What was refused before anything of it was stored, by source, day and reason. */
export function Refused({ calls }) {
  if (!calls.length) return html`<p class="card empty quiet">${t("refused.none")}</p>`;
  const heads = [
    t("source"),
    t("shifts.day"),
    t("why.not"),
    t("refused.count"),
    t("refused.first"),
    t("refused.last"),
  ];
  return html`<p class="quiet">${t("refused.hint")}</p>
    <${Table} name=${t("refused")} heads=${heads}>
      ${calls.map(
        (each) => html`<tr key=${`${each.day} ${each.refusal} ${each.source}`}>
          <th scope="row">${each.source ?? html`<span class="quiet">${t("refused.stranger")}</span>`}</th>
          <td>${day(each.day)}</td>
          <td>${t(`refusal.${each.refusal}`)}</td>
          <td class="num">${number(each.count)}</td>
          <td>${at(each.firstAt)}</td>
          <td>${at(each.lastAt)}</td>
        </tr>`,
      )}
    <//>`;
}
