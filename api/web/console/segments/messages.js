/* A message sent once to a segment: those that were sent with what became of them, and a new one, tried first. */

import { ask, desk, noteWaiting } from "/console/console.js";
import { say } from "/console/faults.js";
import { Choice } from "/console/operations/waiting.js";
import { instantOf } from "/console/programme/instants.js";
import { Reading } from "/console/reading.js";
import { number } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { toast } from "/shared/passing.js";
import { html, useRef, useState } from "/shared/preact.js";
import { Act, Field, Notice } from "/shared/ui.js";
import { has, t } from "/shared/words.js";
import { Job, nameOf, useJobs } from "./jobs.js";
import { SEND_MESSAGE, TRY_MESSAGE } from "./queries.js";
import { sizeOf } from "./size.js";
import { Trial } from "./trial.js";

const CHANNELS = ["inbox", "push", "email", "sms"];
const LONGEST_TITLE = 100;
const LONGEST_BODY = 1000;

export function Messages({ filters }) {
  const reading = useJobs("MESSAGE");
  const [isWriting, setWriting] = useState(Boolean(new URLSearchParams(filters).get("segment")));
  return html`<p class="quiet">${t("messages.hint")}</p>
    <${Reading} reading=${reading}>${({ jobs, segments }) => html`
      ${
        isWriting
          ? html`<${Writing} segments=${segments} filters=${filters} done=${() => {
              setWriting(false);
              reading.again();
            }} />`
          : html`<div class="row"><button class="button primary" type="button" disabled=${!segments.length} onClick=${() => setWriting(true)}>${t("messages.write")}</button></div>`
      }
      <h2>${t("messages.sent")}</h2>
      ${
        jobs.length
          ? jobs.map(
              (each) =>
                html`<${Sent} key=${each.job} each=${each} segments=${segments} again=${reading.again} />`,
            )
          : html`<p class="card empty quiet">${t("messages.none")}</p>`
      }`}<//>`;
}

function Sent({ each, segments, again }) {
  const { message } = each;
  const { fates } = message;
  const text = (list) =>
    (list.find(({ locale }) => document.documentElement.lang.startsWith(locale)) ?? list[0]).text;
  /* Only the inbox tells of reading. */
  const value = (name) =>
    name === "opened" && !message.channels.includes("inbox") ? t("fates.unknown") : number(fates[name]);
  return html`<${Job} each=${each} title=${text(message.titles)} again=${again}>
    <p>${text(message.bodies)}</p>
    <p class="small quiet">${[nameOf(segments, each.segment), ...message.channels.map((channel) => t(`channel.${channel}`))].join(" · ")}</p>
    ${offText(message) && html`<p class="small quiet">${offText(message)}</p>`}
    <ul class="lines small fates">
      ${["sent", "opened", "failed", "dropped"].map((name) => html`<li key=${name}><span class="quiet">${t(`fates.${name}`)}</span><span class="figure">${value(name)}</span></li>`)}
    </ul>
    ${!message.channels.includes("inbox") && html`<p class="small quiet">${t("fates.why")}</p>`}
  <//>`;
}

/* Which channels reach nobody, because the server has no sender for them. */
function offText({ channelsOff }) {
  return channelsOff.map((channel) => t(`messages.off.${channel}`)).join(" ");
}

function Writing({ segments, filters, done }) {
  const { locales, consents } = desk.programme;
  const asked = new URLSearchParams(filters).get("segment");
  const [form, setForm] = useState({
    segment: segments.some((each) => each.code === asked) ? asked : segments[0].code,
    purpose: consents[0]?.purpose ?? "service",
    channels: ["inbox"],
    link: "",
    at: "",
    reason: "",
  });
  const [texts, setTexts] = useState({});
  const [tried, setTried] = useState(null);
  const [fault, setFault] = useState("");
  const [isAsked, setAsked] = useState(false);
  const key = useRef(newKey());
  const change = (next) => {
    key.current = newKey();
    setTried(null);
    setForm({ ...form, ...next });
  };
  const write = (name) => (event) => {
    key.current = newKey();
    setTried(null);
    setTexts({ ...texts, [name]: event.target.value });
  };
  const written = (kind) =>
    locales.map((locale) => ({ locale, text: texts[`${kind} ${locale}`]?.trim() ?? "" }));
  const lacks = (name) => (isAsked && !texts[name]?.trim() ? t("fill") : "");
  const isWhole =
    [...written("title"), ...written("body")].every(({ text }) => text) && form.channels.length > 0;
  const message = () => ({
    channels: form.channels,
    purpose: form.purpose,
    titles: written("title"),
    bodies: written("body"),
    link: form.link.trim() || null,
  });
  const guarded = (act) => async () => {
    setAsked(true);
    setFault("");
    if (!isWhole) return setFault(t("messages.lacks"));
    try {
      return await act();
    } catch (error) {
      return setFault(say(error));
    }
  };
  const attempt = guarded(async () => {
    const { answer } = await ask(TRY_MESSAGE, { input: { segment: form.segment, message: message() } });
    return answer.message ? setFault(answer.message) : setTried(answer);
  });
  const send = guarded(async () => {
    if (!form.reason.trim()) return setFault(t("reason.bad"));
    const input = {
      segment: form.segment,
      message: message(),
      sendAt: form.at ? instantOf(form.at, desk.timezone) : null,
      reason: form.reason.trim(),
      idempotencyKey: key.current,
    };
    const { answer } = await ask(SEND_MESSAGE, { input });
    if (answer.message) return setFault(answer.message);
    if (answer.proposal) noteWaiting((desk.waiting ?? 0) + 1);
    toast(t(answer.proposal ? "adjust.proposed" : "messages.begun"));
    return done();
  });
  const purposes = [
    ...consents.map((each) => [each.purpose, each.title]),
    ["service", t("messages.service")],
  ];
  const toggle = (channel) => (event) =>
    change({
      channels: CHANNELS.filter((each) =>
        each === channel ? event.target.checked : form.channels.includes(each),
      ),
    });
  return html`<section class="card stack writing" aria-label=${t("messages.write")}>
    <h2>${t("messages.write")}</h2>
    <div class="filters">
      <${Choice} name="segment" label=${t("segment")} of=${segments.map((each) => [each.code, `${each.name} (${sizeOf(each)})`])} value=${form.segment} choose=${(segment) => change({ segment })} />
      <${Choice} name="purpose" label=${t("messages.purpose")} of=${purposes} value=${form.purpose} choose=${(purpose) => change({ purpose })} />
    </div>
    <fieldset class="row wrap">
      <legend>${t("messages.channels")}</legend>
      ${CHANNELS.map((channel) => html`<label class="check" key=${channel}><input type="checkbox" name=${channel} checked=${form.channels.includes(channel)} onChange=${toggle(channel)} /><span>${t(`channel.${channel}`)}</span></label>`)}
    </fieldset>
    <p class="quiet small">${t("messages.placeholders")}</p>
    ${locales.map(
      (locale) => html`<fieldset class="stack tight" key=${locale}>
        <legend>${languageName(locale)}</legend>
        <${Field} label=${t("messages.title")} name=${`title-${locale}`} lang=${locale} maxlength=${LONGEST_TITLE} fault=${lacks(`title ${locale}`)} value=${texts[`title ${locale}`] ?? ""} onInput=${write(`title ${locale}`)} />
        <${Field} as="textarea" rows="3" label=${t("messages.body")} name=${`body-${locale}`} lang=${locale} maxlength=${LONGEST_BODY} fault=${lacks(`body ${locale}`)} value=${texts[`body ${locale}`] ?? ""} onInput=${write(`body ${locale}`)} />
      </fieldset>`,
    )}
    <${Field} label=${t("messages.link")} hint=${t("messages.link.hint")} name="link" spellcheck="false" maxlength="500" value=${form.link} onInput=${(event) => change({ link: event.target.value })} />
    ${!tried && html`<${Act} class="button primary wide" type="button" act=${attempt}>${t("messages.try")}<//>`}
    ${tried && html`<${Reach} tried=${tried} /><${Trial} message=${message} />`}
    ${
      tried?.reached > 0 &&
      html`<${Field} type="datetime-local" label=${t("messages.at")} hint=${t("messages.at.hint", { zone: desk.timezone })} name="at" value=${form.at} onInput=${(event) => setForm({ ...form, at: event.target.value })} />
        <${Field} as="textarea" rows="2" label=${t("reason")} hint=${t("reason.hint")} name="reason" maxlength="500" value=${form.reason} onInput=${(
          event,
        ) => {
          key.current = newKey();
          setForm({ ...form, reason: event.target.value });
        }} />
        <${Act} class="button primary tall wide" type="button" act=${send}>${t(tried.takesSecondPerson ? "adjust.propose" : "messages.send", { count: tried.reached })}<//>`
    }
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
  </section>`;
}

const languageName = (locale) =>
  new Intl.DisplayNames([document.documentElement.lang], { type: "language" }).of(locale);

function Reach({ tried }) {
  const named = ({ name, count }) =>
    `${has(`channel.${name}`) ? t(`channel.${name}`) : t(`skip.${name}`)} ${number(count)}`;
  return html`<div class="stack tight reach" aria-live="polite">
    <${Notice} kind=${tried.reached ? "good" : "bad"} icon=${tried.reached ? "check" : "alert"} text=${t(tried.isEstimate ? "messages.about" : "messages.reaches", { count: tried.reached, members: number(tried.members) })} />
    <p class="small">${tried.channels.map(named).join(" · ")}</p>
    ${offText(tried) && html`<${Notice} icon="alert" text=${offText(tried)} />`}
    ${tried.skipped.length > 0 && html`<p class="small quiet">${t("job.skipped")}: ${tried.skipped.map(named).join(" · ")}</p>`}
    ${tried.takesSecondPerson && html`<p class="small quiet">${t("messages.two", { count: tried.mostAlone })}</p>`}
    ${tried.previews.map((each) => html`<blockquote class="why" key=${each.locale} lang=${each.locale}><strong>${each.title}</strong><p class="note-text">${each.body}</p></blockquote>`)}
  </div>`;
}
