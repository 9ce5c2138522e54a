/* Corrections of a file: read here, tried on the server without writing anything, then asked for as one. */

import { number } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { toast } from "/shared/passing.js";
import { html, useRef, useState } from "/shared/preact.js";
import { Act, Field, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask, desk, noteWaiting } from "../console.js";
import { say } from "../faults.js";
import { PROPOSE_FILE, TRY_FILE } from "../queries.js";
import { rowsOf } from "./correction-rows.js";

const MOST_ROWS = 500;

export function Bulk({ close }) {
  const [rows, setRows] = useState(null);
  const [tried, setTried] = useState(null);
  const [reason, setReason] = useState("");
  const [fault, setFault] = useState("");
  const key = useRef(newKey());
  const guarded = (act) => async () => {
    setFault("");
    try {
      return await act();
    } catch (error) {
      return setFault(say(error));
    }
  };
  const choose = async (event) => {
    const [file] = event.target.files;
    setTried(null);
    setFault("");
    if (!file) return setRows(null);
    const read = rowsOf(await file.text());
    if (!read || read.length > MOST_ROWS) {
      setRows(null);
      return setFault(t("bulk.bad", { most: MOST_ROWS }));
    }
    key.current = newKey();
    return setRows(read);
  };
  const attempt = guarded(async () => {
    const { answer } = await ask(TRY_FILE, { input: { rows } });
    return answer.message ? setFault(answer.message) : setTried(answer);
  });
  const propose = guarded(async () => {
    if (!reason.trim()) return setFault(t("reason.bad"));
    const { answer } = await ask(PROPOSE_FILE, {
      input: { rows, reason: reason.trim(), idempotencyKey: key.current },
    });
    if (answer.message) return setFault(answer.message);
    noteWaiting((desk.waiting ?? 0) + 1);
    toast(t("adjust.proposed"));
    return close();
  });
  return html`<div class="stack">
    <h2>${t("bulk")}</h2>
    <p class="quiet">${t("bulk.hint", { most: MOST_ROWS })}</p>
    <${Field} type="file" label=${t("bulk.file")} name="file" accept=".csv,text/csv,text/plain" onChange=${choose} />
    ${rows && html`<p>${t("bulk.rows", { count: rows.length })}</p>`}
    ${rows && !tried && html`<${Act} class="button primary wide" type="button" act=${attempt}>${t("bulk.try")}<//>`}
    ${tried && html`<${Tried} rows=${rows} tried=${tried} />`}
    ${
      tried?.faults === 0 &&
      html`<${Field} as="textarea" rows="2" label=${t("reason")} hint=${t("bulk.reason")} name="reason" maxlength="500" value=${reason} onInput=${(
        event,
      ) => {
        key.current = newKey();
        setReason(event.target.value);
      }} />
        <${Act} class="button primary tall wide" type="button" act=${propose}>${t("adjust.propose")}<//>`
    }
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
  </div>`;
}

function Tried({ rows, tried }) {
  const faulty = tried.rows.flatMap((each, place) =>
    each.fault ? [{ ...rows[place], fault: each.fault, place: place + 1 }] : [],
  );
  return html`<${Notice} kind=${tried.faults ? "bad" : "good"} icon=${tried.faults ? "alert" : "check"} text=${tried.faults ? t("bulk.faults", { count: tried.faults }) : t("bulk.sound", { added: number(tried.added), taken: number(tried.taken) })} />
    ${faulty.length > 0 && html`<ul class="lines small">${faulty.map((row) => html`<li key=${row.place}><span class="grow">${row.place}. <span class="mono">${row.number}</span> ${row.wallet} ${row.amount}</span><span class="chip bad">${t(`bulk.${row.fault}`)}</span></li>`)}</ul>`}`;
}
