/* A draft tried on a story: who joins, who buys what and when, and what the draft makes of it. */

import { amount, instant, signed } from "/shared/format.js";
import { html, useState } from "/shared/preact.js";
import { keep, recall } from "/shared/storage.js";
import { parseMoney } from "/shared/typed-amounts.js";
import { Act, Field, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask, desk, session } from "../console.js";
import { say } from "../faults.js";
import { fieldOf, instantOf } from "./instants.js";
import { TRIAL } from "./queries.js";

const KEY = "selo-console-story";
const DAY_MS = 86_400_000;

/* The story that stands there first: somebody joins, and buys for 37 of the currency a day later. */
function firstStory() {
  const at = session.now() - 30 * DAY_MS;
  const total = parseMoney("37", desk.programme.currency);
  return [
    eventLine({ at: new Date(at).toISOString(), member: "ana", name: "member.enrolled" }),
    purchaseLine({ at: new Date(at + DAY_MS).toISOString(), member: "ana", total, number: 1 }),
  ].join("\n");
}

function eventLine(event) {
  return JSON.stringify(event);
}

function purchaseLine({ at, member, total, number }) {
  const sale = { externalId: `R${number}`, store: "shop", total };
  return eventLine({ at, member, name: "purchase.completed", data: sale });
}

/** `text` is the draft; `isSound` says whether it can be tried at all. */
export function Story({ text, isSound }) {
  const [story, setStory] = useState(() => recall(KEY) ?? firstStory());
  const [trial, setTrial] = useState(null);
  const [fault, setFault] = useState("");
  const change = (value) => {
    setStory(value);
    keep(KEY, value);
  };
  const run = async () => {
    setFault("");
    setTrial(null);
    if (!isSound) return setFault(t("story.faulty"));
    try {
      const { programmeTrial } = await ask(TRIAL, { text, story });
      return setTrial(programmeTrial);
    } catch (error) {
      return setFault(error.code === "BAD_INPUT" ? t("story.large") : say(error));
    }
  };
  return html`<div class="stack">
    <p class="small quiet">${t("story.hint")}</p>
    <${Adding} story=${story} change=${change} />
    <${Field}
      as="textarea" class="code story" rows="6" spellcheck=${false} name="story"
      label=${t("story.lines")} hint=${t("story.lines.hint")}
      value=${story} onInput=${(event) => change(event.target.value)}
    />
    <${Act} class="button primary" type="button" act=${run}>${t("story.run")}<//>
    <div aria-live="assertive"><${Notice} kind="bad" icon="alert" text=${fault} /></div>
    ${trial && html`<${Result} trial=${trial} />`}
  </div>`;
}

/* One more line: who, what, when, and for how much. */
function Adding({ story, change }) {
  const [member, setMember] = useState("ana");
  const [kind, setKind] = useState("buys");
  const [total, setTotal] = useState("37");
  const [at, setAt] = useState(() => fieldOf(new Date(session.now()), desk.timezone));
  const add = (event) => {
    event.preventDefault();
    const instantAt = instantOf(at, desk.timezone);
    const minor = parseMoney(total, desk.programme.currency);
    if (!instantAt || !member.trim() || (kind === "buys" && minor === null)) return;
    const who = member.trim();
    const number = story.split("\n").filter((line) => line.includes("purchase.completed")).length + 1;
    const line =
      kind === "joins"
        ? eventLine({ at: instantAt, member: who, name: "member.enrolled" })
        : purchaseLine({ at: instantAt, member: who, total: minor, number });
    change([...story.split("\n").filter((each) => each.trim()), line].join("\n"));
  };
  return html`<form class="adding" onSubmit=${add}>
    <${Field} name="who" label=${t("story.who")} value=${member} onInput=${(event) => setMember(event.target.value)} />
    <${Field} as="select" name="what" label=${t("story.what")} value=${kind} onChange=${(event) => setKind(event.target.value)}>
      <option value="buys">${t("story.buys")}</option><option value="joins">${t("story.joins")}</option>
    <//>
    ${
      kind === "buys" &&
      html`<${Field} name="total" inputmode="decimal" label=${t("story.total", { currency: desk.programme.currency })} value=${total}
        onInput=${(event) => setTotal(event.target.value)} />`
    }
    <${Field} name="story-at" type="datetime-local" label=${t("when.at")} value=${at} onInput=${(event) => setAt(event.target.value)} />
    <button class="button" type="submit">${t("story.add")}</button>
  </form>`;
}

function Result({ trial }) {
  const answers = trial.answers.map((each) => JSON.parse(each));
  const rows = answers.filter((each) => "event" in each);
  const members = answers.filter((each) => "wallets" in each);
  return html`<section class="stack tight" aria-label=${t("story.result")} role="status">
    <h2 class="third">${t("story.result")}</h2>
    ${trial.fault && html`<${Notice} kind="bad" icon="alert" text=${trial.fault} />`}
    ${trial.isCut && html`<${Notice} icon="alert" text=${t("story.cut")} />`}
    ${trial.warnings.map((warning) => html`<${Notice} key=${warning} icon="alert" text=${warning} />`)}
    <ol class="lines told">${rows.map((row, place) => html`<li key=${place}><${Row} row=${row} /></li>`)}</ol>
    ${members.map((each) => html`<${Ending} key=${each.member} each=${each} />`)}
  </section>`;
}

function unitOf(code) {
  const wallet = desk.programme.wallets?.find((each) => each.code === code);
  return wallet && { walletKind: wallet.kind, currency: wallet.currency };
}

function Row({ row }) {
  const off = row.outcomes.filter((each) => !each.applied && each.reason);
  return html`<div class="grow stack tight">
    <p class="row wrap part">
      <strong>${row.member}</strong><code class="code small">${row.event}</code>
      <span class="quiet small">${instant(row.at, desk.timezone)}</span>
      ${row.by !== "input" && html`<span class="chip">${t("story.bytime")}</span>`}
    </p>
    ${row.refused && html`<p class="minus">${typeof row.refused === "string" ? row.refused : JSON.stringify(row.refused)}</p>`}
    ${row.entries.map(
      (entry, place) => html`<p key=${place} class="small">
        <strong class=${`num ${entry.amount > 0 ? "plus" : "minus"}`}>${signed(entry.amount, unitOf(entry.wallet))}</strong>
        ${" "}<code class="code">${entry.wallet}</code> ${entry.rule && html`<span class="quiet">${t("story.rule", { rule: entry.rule })}</span>`}
      </p>`,
    )}
    ${row.vouchers?.map((reward) => html`<p key=${reward} class="small">${t("story.voucher", { reward })}</p>`)}
    ${row.messages?.map((message, place) => html`<p key=${place} class="small quiet">${t("story.message", { message })}</p>`)}
    ${
      off.length > 0 &&
      html`<details class="small"><summary>${t("story.off", { count: off.length })}</summary>
        <ul>${off.map((each) => html`<li key=${each.rule}><code class="code">${each.rule}</code> <span class="quiet">${each.reason}</span></li>`)}</ul></details>`
    }
  </div>`;
}

function Ending({ each }) {
  return html`<div class="card flat stack tight">
    <h3 class="fourth">${t("story.end", { member: each.member })}</h3>
    <ul class="lines">
      ${Object.entries(each.wallets).map(
        ([code, wallet]) => html`<li key=${code}><code class="code">${code}</code>
          <span class="figure">${amount(wallet.available, unitOf(code))}${wallet.pending ? html` <small class="quiet">${t("story.pending", { amount: amount(wallet.pending, unitOf(code)) })}</small>` : ""}</span></li>`,
      )}
      ${each.tier && html`<li><span>${t("tier")}</span><span class="figure">${each.tier.code}</span></li>`}
    </ul>
  </div>`;
}
