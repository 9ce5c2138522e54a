/* What is being done to many members, as all parts show it: how far it is, whom it left out, and its end. */

import { ask, desk } from "/console/console.js";
import { say } from "/console/faults.js";
import { useReading } from "/console/reading.js";
import { instant, number } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html, useEffect } from "/shared/preact.js";
import { WithReason } from "/shared/reasoned.js";
import { Notice, openSheet } from "/shared/ui.js";
import { has, t } from "/shared/words.js";
import { JOBS, SEGMENTS, STOP } from "./queries.js";

const LOOK_MS = 3000;
const CHIPS = { DONE: "good", FAILED: "bad", RUNNING: "gold" };
/* A message that was promised can still be stopped while it waits to be sent. */
const STOPPABLE_MS = 7 * 24 * 3_600_000;

const isUnderWay = ({ jobState, beginsAt }) =>
  jobState === "RUNNING" || (jobState === "WAITING" && Date.parse(beginsAt) <= Date.now());

/** The newest jobs of a kind with the segments; read anew while one of them is under way. */
export function useJobs(kind) {
  const reading = useReading(async () => {
    const [{ memberJobs }, { segments }] = [await ask(JOBS, { kind }), await ask(SEGMENTS)];
    return { jobs: memberJobs, segments };
  }, [kind]);
  const isMoving = reading.answer?.jobs.some(isUnderWay);
  useEffect(() => {
    if (!isMoving) return undefined;
    const timer = setTimeout(reading.again, LOOK_MS);
    return () => clearTimeout(timer);
  }, [reading.answer]);
  return reading;
}

export const nameOf = (segments, code) => segments.find((each) => each.code === code)?.name ?? code;

/** A job as a card; `children` says what is done. */
export function Job({ each, title, again, children }) {
  const endsAt = Date.parse(each.endedAt) + STOPPABLE_MS;
  const isEnding = each.jobKind === "MESSAGE" && each.jobState === "DONE" && Date.now() < endsAt;
  const canStop = each.jobState === "WAITING" || each.jobState === "RUNNING" || isEnding;
  const stop = () => openSheet(t("job.stop"), Stopping, { each, title, again });
  return html`<article class="card stack tight job" data-state=${each.jobState}>
    <div class="row spread wrap">
      <h3>${title}</h3>
      <span class=${`chip ${CHIPS[each.jobState] ?? ""}`}>${t(`job.${each.jobState}`)}</span>
    </div>
    ${children}
    <${Progress} each=${each} />
    ${each.skipped.length > 0 && html`<p class="small quiet">${t("job.skipped")}: ${each.skipped.map(skipText).join(" · ")}</p>`}
    <${Notice} kind="bad" icon="alert" text=${each.jobState === "FAILED" ? t("job.failed", { why: each.error }) : ""} />
    <p>${each.reason}</p>
    <p class="small quiet">${t("job.by", { name: each.startedBy, at: instant(each.startedAt, desk.timezone) })}${each.jobState === "WAITING" && !isUnderWay(each) ? ` · ${t("job.begins", { at: instant(each.beginsAt, desk.timezone) })}` : ""}</p>
    ${
      canStop &&
      html`<div class="row wrap">
        <button class="button" type="button" onClick=${stop}>${t("job.stop")}</button>
        ${isEnding && html`<span class="small quiet">${t("job.stop.until", { at: instant(new Date(endsAt).toISOString(), desk.timezone) })}</span>`}
      </div>`
    }
  </article>`;
}

const skipText = ({ reason, count }) =>
  `${has(`skip.${reason}`) ? t(`skip.${reason}`) : reason} ${number(count)}`;

function Progress({ each }) {
  const { looked, size, done } = each;
  const text =
    each.jobKind === "FILE"
      ? t("job.rows", { count: done })
      : t("job.done", { count: number(done), looked: number(looked) });
  const label = t("job.progress");
  return html`<div class="stack tight">
    ${isUnderWay(each) && html`<progress class="wide" aria-label=${label} max=${Math.max(size, looked, 1)} value=${looked}></progress>`}
    <span class="num">${text}</span>
  </div>`;
}

function Stopping({ each, title, again, close }) {
  const act = async (reason) => {
    const { answer } = await ask(STOP, { input: { job: each.job, reason } });
    if (answer.message) return answer.message;
    toast(t("job.stopped"));
    again();
    return "";
  };
  return html`<${WithReason} title=${t("job.stop")} about=${title} hint=${t(`job.stop.${each.jobKind}`)} confirm=${t("job.stop")} act=${act} say=${say} close=${close} />`;
}
