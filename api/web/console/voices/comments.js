/* What members wrote beside the scores of a survey, newest first, by score; who may serve them is led to them. */

import { ask, desk, go, noteFilters } from "/console/console.js";
import { say } from "/console/faults.js";
import { Reading, useReading } from "/console/reading.js";
import { instant, number } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { Act, Field, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { COMMENTS, SURVEYS } from "./queries.js";

export function Comments({ filters }) {
  const reading = useReading(async () => (await ask(SURVEYS)).surveys, []);
  return html`<p class="quiet">${t("comments.hint")}</p>
    <${Reading} reading=${reading}>${(surveys) =>
      surveys.length
        ? html`<${OfSurvey} surveys=${surveys} filters=${filters} />`
        : html`<p class="card empty quiet">${t("comments.nosurvey")}</p>`}<//>`;
}

function OfSurvey({ surveys, filters }) {
  const named = new URLSearchParams(filters);
  const [code, setCode] = useState(named.get("survey") ?? surveys[0].code);
  const survey = surveys.find((each) => each.code === code) ?? surveys[0];
  const [bounds, setBounds] = useState({ lowest: survey.lowest, highest: survey.highest });
  const choose = (event) => {
    const next = surveys.find((each) => each.code === event.target.value);
    setCode(next.code);
    setBounds({ lowest: next.lowest, highest: next.highest });
    noteFilters(new URLSearchParams({ survey: next.code }));
  };
  // A bound that passes the other takes it along.
  const bound = (name) => (event) => {
    const value = Number(event.target.value);
    const next = { ...bounds, [name]: value };
    setBounds({ lowest: Math.min(next.lowest, value), highest: Math.max(next.highest, value) });
  };
  const scores = Array.from({ length: survey.highest - survey.lowest + 1 }, (_, at) => survey.lowest + at);
  const options = scores.map((each) => html`<option key=${each} value=${each}>${number(each)}</option>`);
  return html`<div class="row wrap choosing">
      <${Field} as="select" label=${t("comments.survey")} name="survey" value=${survey.code} onChange=${choose}>
        ${surveys.map((each) => html`<option key=${each.code} value=${each.code}>${each.question}</option>`)}
      <//>
      <${Field} as="select" label=${t("comments.lowest")} name="lowest" value=${bounds.lowest} onChange=${bound("lowest")}>${options}<//>
      <${Field} as="select" label=${t("comments.highest")} name="highest" value=${bounds.highest} onChange=${bound("highest")}>${options}<//>
    </div>
    <${List} key=${[survey.code, bounds.lowest, bounds.highest].join(" ")} survey=${survey.code} bounds=${bounds} />`;
}

function List({ survey, bounds }) {
  const [list, setList] = useState(null);
  const [fault, setFault] = useState("");
  const add = async (after) => {
    setFault("");
    try {
      const { surveyComments: page } = await ask(COMMENTS, { survey, ...bounds, after });
      setList((before) => ({ ...page, comments: [...(before?.comments ?? []), ...page.comments] }));
    } catch (error) {
      setFault(say(error));
    }
  };
  useEffect(() => {
    add(null);
  }, []);
  const end = list?.pageInfo.endCursor ?? null;
  return html`<div aria-live="polite">
      ${!list && !fault && html`<div class="skeleton tall" role="status" aria-label=${t("loading")}></div>`}
      ${list && !list.comments.length && html`<p class="card empty quiet">${t("comments.none")}</p>`}
      ${
        list?.comments.length > 0 &&
        html`<ul class="card lines comments">${list.comments.map((each, place) => html`<${Comment} key=${place} each=${each} />`)}</ul>`
      }
    </div>
    <div aria-live="assertive"><${Notice} kind="bad" icon="cloud" text=${fault} /></div>
    ${
      (list?.pageInfo.hasNextPage || fault) &&
      html`<${Act} class="button wide" type="button" act=${() => add(end)}>${t(fault ? "again" : "more")}<//>`
    }`;
}

function Comment({ each }) {
  return html`<li>
    <span class="chip score" aria-label=${t("comments.score", { score: each.score })}>${number(each.score)}</span>
    <span class="grow"><span class="note-text">${each.text}</span>
      <small class="under quiet">${instant(each.at, desk.timezone)}</small></span>
    ${each.number && html`<button class="button plain mono" type="button" onClick=${() => go("member", each.customer)}>${each.number}</button>`}
  </li>`;
}
