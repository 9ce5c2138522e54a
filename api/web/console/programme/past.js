/* A draft tried on history: what was decided is decided again under it, beside the server, with its progress; then what
   would have been different, in numbers. */

import { day, instant, number } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { Act, Field, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask, desk, session } from "../console.js";
import { say } from "../faults.js";
import { BACKTESTED, BACKTESTS, CANCEL_BACKTEST, START_BACKTEST } from "./queries.js";
import { Report } from "./report.js";

const AGAIN_MS = 1500;
const YEAR_MS = 365 * 86_400_000;

/** `text` is the draft; `isSound` says whether it can be tried at all, and `goTo(line)` shows a line of it. `of` is the
 * back-test to begin with, null for none; left out, the newest of all. */
export function Past({ text, isSound, goTo, of }) {
  const [since, setSince] = useState(() => new Date(session.now() - YEAR_MS).toISOString().slice(0, 10));
  const [sample, setSample] = useState("5000");
  const [run, setRun] = useState(null);
  const [fault, setFault] = useState("");
  const tell = async (act) => {
    setFault("");
    try {
      await act();
    } catch (error) {
      setFault(say(error));
    }
  };
  const read = async (backtest) => setRun((await ask(BACKTESTED, { backtest })).backtest);
  useEffect(() => {
    tell(async () => {
      const first = of === undefined ? (await ask(BACKTESTS)).backtests[0]?.backtest : of;
      if (first) await read(first);
    });
  }, []);
  const isRunning = run?.backtestState === "RUNNING";
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setTimeout(() => tell(() => read(run.backtest)), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [run]);
  const start = async () => {
    setFault("");
    if (!isSound) return setFault(t("story.faulty"));
    return tell(async () => {
      const input = { text, since, sample: Number(sample) || 5000 };
      const { startBacktest } = await ask(START_BACKTEST, { input });
      if (startBacktest.__typename !== "BacktestStarted") return setFault(startBacktest.message);
      return setRun(startBacktest.backtest);
    });
  };
  const stop = () =>
    tell(async () => {
      await ask(CANCEL_BACKTEST, { input: { backtest: run.backtest } });
      await read(run.backtest);
    });
  return html`<div class="stack">
    <p class="small quiet">${t("past.hint")}</p>
    <div class="adding">
      <${Field} type="date" name="since" label=${t("past.since")} value=${since} onInput=${(event) => setSince(event.target.value)} />
      <${Field} name="sample" inputmode="numeric" label=${t("past.sample")} value=${sample} onInput=${(event) => setSample(event.target.value)} />
    </div>
    <${Act} class="button primary" type="button" disabled=${isRunning} act=${start}>${t("past.run")}<//>
    <div aria-live="assertive"><${Notice} kind="bad" icon="alert" text=${fault} /></div>
    ${run && html`<${Run} run=${run} stop=${stop} text=${text} goTo=${goTo} />`}
  </div>`;
}

/** A back-test: how far it is, and what it came to. */
export function Run({ run, stop, text, goTo }) {
  const { backtestState, members, membersDone, eventsDone, secondsLeft, report } = run;
  const words = { name: run.startedBy, at: instant(run.startedAt, desk.timezone), since: day(run.firstDay) };
  return html`<section class="stack tight" aria-label=${t("tab.past")}>
    <p class="small quiet">${t("past.by", words)}</p>
    ${
      backtestState === "RUNNING" &&
      html`<progress max=${members || 1} value=${members ? membersDone : undefined} aria-label=${t("tab.past")}></progress>
        <p role="status" class="small">${members ? t("past.running", { done: number(membersDone), all: number(members), events: number(Number(eventsDone)) }) : t("past.counting")}
          ${secondsLeft !== null && ` ${t("past.left", { count: secondsLeft })}`}</p>
        <${Act} class="button" type="button" act=${stop}>${t("past.cancel")}<//>`
    }
    ${backtestState === "FAILED" && html`<${Notice} kind="bad" icon="alert" text=${t("past.failed")} />`}
    ${backtestState === "CANCELLED" && html`<${Notice} icon="close" text=${t("past.cancelled")} />`}
    ${report && html`<${Report} report=${report} text=${text} goTo=${goTo} />`}
  </section>`;
}
