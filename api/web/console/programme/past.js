/* A draft tried on history: what was decided is decided again under it, beside the server, with its progress; then what
   would have been different, in numbers. */

import { day, instant, money, number } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { Act, Field, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask, desk, session } from "../console.js";
import { say } from "../faults.js";
import { BACKTESTED, BACKTESTS, CANCEL_BACKTEST, START_BACKTEST } from "./queries.js";

const AGAIN_MS = 1500;
const YEAR_MS = 365 * 86_400_000;

/** `text` is the draft; `isSound` says whether it can be tried at all. */
export function Past({ text, isSound }) {
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
      const [newest] = (await ask(BACKTESTS)).backtests;
      if (newest) await read(newest.backtest);
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
    ${run && html`<${Run} run=${run} stop=${stop} />`}
  </div>`;
}

function Run({ run, stop }) {
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
    ${report && html`<${Report} report=${report} />`}
  </section>`;
}

function walletOf(code) {
  return desk.programme.wallets.find((each) => each.code === code);
}

function units(code) {
  const wallet = walletOf(code);
  return wallet?.kind === "MONEY" ? (value) => money(value, wallet.currency) : number;
}

const inMoney = (value) => money(value, desk.programme.currency);

/* Rows of {name, was, wouldBe, write}: those that differ. */
function Compared({ label, rows, write = number }) {
  const differing = rows.filter(({ was, wouldBe }) => was !== wouldBe && was !== null && wouldBe !== null);
  if (!differing.length) return null;
  return html`<div class="scrolling" tabindex="0" role="region" aria-label=${label}><table class="small compared">
    <thead><tr><th scope="col">${label}</th><th scope="col">${t("past.was")}</th><th scope="col">${t("past.would")}</th><th scope="col">${t("past.change")}</th></tr></thead>
    <tbody>${differing.map(
      (
        { name, was, wouldBe, write: own = write },
        place,
      ) => html`<tr key=${place}><th scope="row">${name}</th><td>${own(was)}</td><td>${own(wouldBe)}</td>
        <td class=${wouldBe > was ? "plus" : "minus"}>${wouldBe > was ? "+" : "\u2212"}${own(Math.abs(wouldBe - was))}</td></tr>`,
    )}</tbody></table></div>`;
}

const counted = (rows) => rows.map(({ code, was, wouldBe }) => ({ name: code, was, wouldBe }));

function walletRows(wallets) {
  const parts = ["awarded", "spent", "expired", "outstanding", "liability", "cost"];
  return wallets.flatMap(({ wallet, was, wouldBe }) =>
    parts.map((part) => ({
      name: t(`past.${part}`, { wallet: walletOf(wallet)?.name ?? wallet }),
      was: was[part] === null ? null : Number(was[part]),
      wouldBe: wouldBe[part] === null ? null : Number(wouldBe[part]),
      write: part === "liability" || part === "cost" ? inMoney : units(wallet),
    })),
  );
}

function Report({ report }) {
  const words = { count: report.memberCount, events: number(Number(report.eventCount)) };
  const wallets = walletRows(report.wallets);
  const rules = report.rules
    .filter(({ wallet }) => wallet)
    .map(({ rule, wallet, was, wouldBe }) => ({
      name: rule,
      was: Number(was.awarded),
      wouldBe: Number(wouldBe.awarded),
      write: units(wallet),
    }));
  const refused = report.refused.map(({ event, refusal, count }) => ({
    name: `${event}: ${refusal}`,
    was: 0,
    wouldBe: count,
  }));
  const isSame = [...wallets, ...rules, ...refused].every(({ was, wouldBe }) => was === wouldBe);
  return html`<p>${t("past.of", words)} ${report.isSample && html`<span class="quiet">${t("past.sampled")}</span>`}</p>
    ${isSame && html`<p class="quiet">${t("past.same")}</p>`}
    <${Compared} label=${t("past.wallets")} rows=${wallets} />
    <${Compared} label=${t("past.rules")} rows=${rules} />
    <${Compared} label=${t("past.rewards")} rows=${counted(report.rewards)} />
    <${Compared} label=${t("past.tiers")} rows=${counted(report.tiers)} />
    <${Compared} label=${t("past.messages")} rows=${counted(report.messages)} />
    <${Compared} label=${t("past.refused")} rows=${refused} />
    <p>${t("past.people", { gaining: number(report.gainingCount), losing: number(report.losingCount) })}</p>
    <${People} label=${t("past.gaining")} people=${report.gaining} />
    <${People} label=${t("past.losing")} people=${report.losing} />
    <p class="small quiet">${t("past.taken", { soldout: number(report.soldOutCount), others: number(report.fromOthersCount), private: number(report.privateCount) })}</p>`;
}

function People({ label, people }) {
  const rows = people.map(({ number: of, was, wouldBe }) => ({
    name: of ?? t("past.member"),
    was: Number(was),
    wouldBe: Number(wouldBe),
  }));
  return html`<${Compared} label=${label} rows=${rows} />`;
}
