/* Files to take along: asked for with a reason, written by the worker, fetched within a day. */

import { ask, desk, session } from "/console/console.js";
import { say } from "/console/faults.js";
import { Choice } from "/console/operations/waiting.js";
import { Reading } from "/console/reading.js";
import { day, instant } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { toast } from "/shared/passing.js";
import { html, useRef, useState } from "/shared/preact.js";
import { saveFile } from "/shared/saving.js";
import { Act, Field, Icon, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { Job, nameOf, useJobs } from "./jobs.js";
import { START_FILE } from "./queries.js";
import { sizeOf } from "./size.js";

const KINDS = ["SEGMENT", "MEMBERS", "ENTRIES", "PURCHASES"];
const OF_DAYS = ["ENTRIES", "PURCHASES"];

/* A day of the programme's zone so many days ago. */
function dayAgo(days) {
  const at = new Date(session.now() - days * 24 * 3_600_000);
  return new Intl.DateTimeFormat("sv-SE", { timeZone: desk.timezone }).format(at);
}

export function Files({ filters }) {
  const reading = useJobs("FILE");
  return html`<p class="quiet">${t("files.hint")}</p>
    <${Reading} reading=${reading}>${({ jobs, segments }) => html`
      <${Asking} segments=${segments} filters=${filters} again=${reading.again} />
      <h2>${t("files.asked")}</h2>
      ${
        jobs.length
          ? jobs.map(
              (each) =>
                html`<${Asked} key=${each.job} each=${each} segments=${segments} again=${reading.again} />`,
            )
          : html`<p class="card empty quiet">${t("files.none")}</p>`
      }`}<//>`;
}

function Asked({ each, segments, again }) {
  const [fault, setFault] = useState("");
  const { rowsOf, firstDay, lastDay, withContacts, path, expiresAt } = each.file;
  const of = rowsOf === "segment" ? nameOf(segments, each.segment) : t(`files.${rowsOf.toUpperCase()}`);
  const title = firstDay ? `${of}, ${day(firstDay)} – ${day(lastDay)}` : of;
  const save = async () => {
    setFault("");
    try {
      await saveFile(session, path, `${rowsOf}-${each.job}.csv`);
    } catch (error) {
      setFault(say(error));
    }
  };
  return html`<${Job} each=${each} title=${title} again=${again}>
    ${withContacts && html`<p><span class="chip gold">${t("files.contacts")}</span></p>`}
    ${
      path
        ? html`<div class="row wrap"><${Act} class="button primary" type="button" act=${save}><${Icon} name="download" />${t("files.save")}<//><span class="small quiet">${t("files.until", { at: instant(expiresAt, desk.timezone) })}</span></div>`
        : expiresAt &&
          html`<p class="small quiet">${t(Date.parse(expiresAt) < session.now() ? "files.over" : "files.others")}</p>`
    }
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
  <//>`;
}

function Asking({ segments, filters, again }) {
  const asked = new URLSearchParams(filters).get("segment");
  const kinds = KINDS.filter((kind) => kind !== "SEGMENT" || segments.length);
  const [form, setForm] = useState({
    of: asked ? "SEGMENT" : kinds[0],
    segment: segments.some((each) => each.code === asked) ? asked : (segments[0]?.code ?? ""),
    firstDay: dayAgo(30),
    lastDay: dayAgo(0),
    withContacts: false,
    reason: "",
  });
  const [fault, setFault] = useState("");
  const key = useRef(newKey());
  const change = (next) => {
    key.current = newKey();
    setForm((before) => ({ ...before, ...next }));
  };
  const type = (name) => (event) => change({ [name]: event.target.value });
  const isOfDays = OF_DAYS.includes(form.of);
  const start = async () => {
    setFault("");
    if (!form.reason.trim()) return setFault(t("reason.bad"));
    const input = {
      of: form.of,
      segment: form.of === "SEGMENT" ? form.segment : null,
      firstDay: isOfDays ? form.firstDay : null,
      lastDay: isOfDays ? form.lastDay : null,
      withContacts: !isOfDays && form.withContacts,
      reason: form.reason.trim(),
      idempotencyKey: key.current,
    };
    try {
      const { answer } = await ask(START_FILE, { input });
      if (answer.message) return setFault(answer.message);
      toast(t("files.begun"));
      change({ reason: "" });
      return again();
    } catch (error) {
      return setFault(say(error));
    }
  };
  return html`<section class="card stack writing" aria-label=${t("files.new")}>
    <h2>${t("files.new")}</h2>
    <div class="filters">
      <${Choice} name="of" label=${t("files.of")} of=${kinds.map((kind) => [kind, t(`files.${kind}`)])} value=${form.of} choose=${(of) => change({ of })} />
      ${form.of === "SEGMENT" && html`<${Choice} name="segment" label=${t("segment")} of=${segments.map((each) => [each.code, `${each.name} (${sizeOf(each)})`])} value=${form.segment} choose=${(segment) => change({ segment })} />`}
      ${
        isOfDays &&
        html`<${Field} type="date" label=${t("files.from")} name="firstDay" value=${form.firstDay} onChange=${type("firstDay")} />
          <${Field} type="date" label=${t("files.to")} name="lastDay" value=${form.lastDay} onChange=${type("lastDay")} />`
      }
    </div>
    ${!isOfDays && html`<label class="check"><input type="checkbox" name="contacts" checked=${form.withContacts} onChange=${(event) => change({ withContacts: event.target.checked })} /><span>${t("files.contacts.ask")}</span></label>`}
    <${Field} as="textarea" rows="2" label=${t("reason")} hint=${t("reason.hint")} name="reason" maxlength="500" value=${form.reason} onInput=${type("reason")} />
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <${Act} class="button primary wide" type="button" act=${start}>${t("files.go")}<//>
  </section>`;
}
