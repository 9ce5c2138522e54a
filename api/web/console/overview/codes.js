/* Invitations and codes: what became of friends who were invited, and how often each code was entered and is left. */

import { Reading, useReading } from "/console/reading.js";
import { number } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html, useState } from "/shared/preact.js";
import { saveBlob } from "/shared/saving.js";
import { Act, Field, Notice, openSheet } from "/shared/ui.js";
import { speech, t } from "/shared/words.js";
import { ask, desk } from "../console.js";
import { say } from "../faults.js";
import { CODES, MAKE_CODES } from "./queries.js";
import { Named, Table } from "./table.js";

const MOST_AT_ONCE = 1000;

const percent = (value) =>
  new Intl.NumberFormat(speech.locale, { style: "percent", maximumFractionDigits: 1 }).format(value);
const share = (figure) => (figure?.value == null ? t("figure.unknown") : percent(figure.value));

/* Who bought in the period may have entered the code before it: a share, or where it would be none, their number. */
const converted = (figure) =>
  figure?.value == null && figure?.numerator > 0 ? number(figure.numerator) : share(figure);

/** `values` are the figures of the period, the conversions among them; `places` the addresses of rows. */
export function Codes({ values, places }) {
  const reading = useReading(async () => (await ask(CODES)).codeUses, []);
  const of = (code) => values.find((each) => each.code === "code_conversion" && each.subject === code);
  const referral = values.find((each) => each.code === "referral_conversion");
  const columns = [
    { head: t("code.name"), cell: ({ name, title }) => html`<${Named} title=${title} code=${name} />` },
    { head: t("code.period"), cell: ({ name }) => number(of(name)?.denominator ?? 0) },
    { head: t("code.conversion"), cell: ({ name }) => converted(of(name)) },
    { head: t("code.entered"), cell: ({ entered }) => number(entered) },
    { head: t("code.made"), cell: ({ made, most }) => number(made ?? most ?? 0) || "–" },
    { head: t("code.left"), cell: ({ left }) => (left === null ? t("reward.endless") : number(left)) },
  ];
  return html`${referral && html`<${Referrals} referral=${referral} />`}
    <${Reading} reading=${reading}>${(codes) =>
      html`<${Table} label=${t("results.codes")} rows=${codes} columns=${columns} places=${places} codeOf=${(each) => each.name} none=${t("code.none")} />
        <${Batches} batches=${codes.filter((each) => each.isBatch)} again=${reading.again} />`}<//>`;
}

/* The batches of which more codes can be made, by operators. */
function Batches({ batches, again }) {
  if (!batches.length) return null;
  const open = (each) => () => openSheet(t("code.make"), Making, { each, again });
  return html`${
    desk.isOperator &&
    html`<div class="row wrap makecodes">${batches.map((each) => html`<button key=${each.name} class="button" type="button" onClick=${open(each)}>${t("code.make.of", { title: each.title })}</button>`)}</div>`
  }
    <p class="quiet small">${t("code.more", { most: number(MOST_AT_ONCE) })}</p>`;
}

/* So many codes, as a file that is saved at once: nobody can read them again. */
function Making({ each, again, close }) {
  const [typed, setTyped] = useState("");
  const [isAsked, setAsked] = useState(false);
  const [fault, setFault] = useState("");
  const count = /^\d{1,5}$/.test(typed.trim()) ? Number(typed) : 0;
  const isGood = count >= 1 && count <= MOST_AT_ONCE;
  const make = async () => {
    setAsked(true);
    setFault("");
    if (!isGood) return;
    try {
      const { answer } = await ask(MAKE_CODES, { input: { batch: each.name, count } });
      const rows = ["batch,code", ...answer.codes.map((code) => `${answer.batch},${code}`)];
      saveBlob(new Blob([`${rows.join("\r\n")}\r\n`], { type: "text/csv" }), `${answer.batch}-${count}.csv`);
      toast(t("code.make.done", { count }));
      close();
      again();
    } catch (error) {
      setFault(say(error));
    }
  };
  return html`<form class="stack">
    <h2>${t("code.make.of", { title: each.title })}</h2>
    <p class="quiet">${t("code.make.hint")}</p>
    <${Field} label=${t("code.make.count")} hint=${t("code.make.most", { most: number(MOST_AT_ONCE) })} name="count" inputmode="numeric" autofocus
      fault=${isAsked && !isGood ? t("code.make.most", { most: number(MOST_AT_ONCE) }) : ""} value=${typed} onInput=${(event) => setTyped(event.target.value)} />
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <${Act} class="button primary tall wide" act=${make}>${t("code.make")}<//>
  </form>`;
}

function Referrals({ referral }) {
  return html`<section class="card stack tight" aria-label=${t("referrals")}>
    <h2>${t("referrals")}</h2>
    ${referral.value !== null && html`<p class="big num">${share(referral)}</p>`}
    <p>${t(referral.value === null ? "referrals.counts" : "referrals.of", { qualified: number(referral.numerator), registered: number(referral.denominator) })}</p>
    ${referral.before !== null && html`<p class="quiet small">${t("referrals.before", { share: percent(referral.before) })}</p>`}
  </section>`;
}
