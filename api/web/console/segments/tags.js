/* Tags of many members by hand: of a segment or of a list of numbers, tried first. */

import { ask, desk, noteWaiting } from "/console/console.js";
import { say } from "/console/faults.js";
import { Choice } from "/console/operations/waiting.js";
import { Reading } from "/console/reading.js";
import { number } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { toast } from "/shared/passing.js";
import { html, useRef, useState } from "/shared/preact.js";
import { Act, Field, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { Job, nameOf, useJobs } from "./jobs.js";
import { CHANGE_TAGS, TRY_TAGS } from "./queries.js";
import { sizeOf } from "./size.js";

const LIST = "-";
const words = (text) => text.split(/[\s,;]+/).filter(Boolean);
/* Numbers of a pasted column; blanks within one are a person's. */
const numbersOf = (text) =>
  text
    .split(/[\n,;]+/)
    .map((each) => each.replace(/\s/g, ""))
    .filter(Boolean);

export function Tags({ filters }) {
  const reading = useJobs("TAGS");
  return html`<p class="quiet">${t("manytags.hint")}</p>
    <${Reading} reading=${reading}>${({ jobs, segments }) => html`
      <${Tagging} segments=${segments} filters=${filters} again=${reading.again} />
      <h2>${t("manytags.done")}</h2>
      ${
        jobs.length
          ? jobs.map(
              (
                each,
              ) => html`<${Job} key=${each.job} each=${each} again=${reading.again} title=${each.segment ? nameOf(segments, each.segment) : t("tags.list", { count: each.size })}>
                <p class="mono">${[...each.tagsAdded.map((tag) => `+${tag}`), ...each.tagsRemoved.map((tag) => `−${tag}`)].join(" ")}</p>
              <//>`,
            )
          : html`<p class="card empty quiet">${t("tags.none")}</p>`
      }`}<//>`;
}

function Tagging({ segments, filters, again }) {
  const asked = new URLSearchParams(filters).get("segment");
  const [form, setForm] = useState({
    segment: segments.some((each) => each.code === asked) ? asked : LIST,
    numbers: "",
    add: "",
    remove: "",
    reason: "",
  });
  const [tried, setTried] = useState(null);
  const [fault, setFault] = useState("");
  const key = useRef(newKey());
  const change = (next) => {
    key.current = newKey();
    if (!("reason" in next)) setTried(null);
    setForm((before) => ({ ...before, ...next }));
  };
  const type = (name) => (event) => change({ [name]: event.target.value });
  const isList = form.segment === LIST;
  const request = () => ({
    segment: isList ? null : form.segment,
    numbers: isList ? numbersOf(form.numbers) : null,
    add: words(form.add),
    remove: words(form.remove),
  });
  const guarded = (act) => async () => {
    setFault("");
    try {
      return await act();
    } catch (error) {
      return setFault(say(error));
    }
  };
  const attempt = guarded(async () => {
    if (!form.add.trim() && !form.remove.trim()) return setFault(t("tags.lacks"));
    if (isList && !form.numbers.trim()) return setFault(t("tags.lacks.numbers"));
    const { answer } = await ask(TRY_TAGS, { input: request() });
    return answer.message ? setFault(answer.message) : setTried(answer);
  });
  const act = guarded(async () => {
    if (!form.reason.trim()) return setFault(t("reason.bad"));
    const input = { ...request(), reason: form.reason.trim(), idempotencyKey: key.current };
    const { answer } = await ask(CHANGE_TAGS, { input });
    if (answer.message) return setFault(answer.message);
    if (answer.proposal) noteWaiting((desk.waiting ?? 0) + 1);
    toast(t(answer.proposal ? "adjust.proposed" : "tags.begun"));
    change({ numbers: "", add: "", remove: "", reason: "" });
    setTried(null);
    return again();
  });
  const canGo = tried && !tried.unknownNumbers.length && tried.changed > 0;
  return html`<section class="card stack writing" aria-label=${t("tags.new")}>
    <h2>${t("tags.new")}</h2>
    <${Choice} name="segment" label=${t("tags.whom")} of=${[[LIST, t("tags.numbers")], ...segments.map((each) => [each.code, `${each.name} (${sizeOf(each)})`])]} value=${form.segment} choose=${(segment) => change({ segment })} />
    ${isList && html`<${Field} as="textarea" rows="4" label=${t("tags.numbers.label")} hint=${t("tags.numbers.hint")} name="numbers" spellcheck="false" value=${form.numbers} onInput=${type("numbers")} />`}
    <div class="filters">
      <${Field} label=${t("tags.add")} hint=${t("tags.code.hint")} name="add" spellcheck="false" maxlength="400" value=${form.add} onInput=${type("add")} />
      <${Field} label=${t("tags.remove")} name="remove" spellcheck="false" maxlength="400" value=${form.remove} onInput=${type("remove")} />
    </div>
    ${!tried && html`<${Act} class="button primary wide" type="button" act=${attempt}>${t("bulk.try")}<//>`}
    ${tried && html`<${Notice} kind=${canGo ? "good" : "bad"} icon=${canGo ? "check" : "alert"} text=${t(tried.isEstimate ? "tags.about" : "tags.tried", { count: tried.changed, members: number(tried.members) })} />`}
    ${tried?.unknownNumbers.length > 0 && html`<p class="small">${t("tags.unknown")}: <span class="mono">${tried.unknownNumbers.join(", ")}</span></p>`}
    ${
      canGo &&
      html`<${Field} as="textarea" rows="2" label=${t("reason")} hint=${t("reason.hint")} name="reason" maxlength="500" value=${form.reason} onInput=${type("reason")} />
        <${Act} class="button primary tall wide" type="button" act=${act}>${t(tried.takesSecondPerson ? "adjust.propose" : "tags.go")}<//>`
    }
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
  </section>`;
}
