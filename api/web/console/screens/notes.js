/* Notes of service, the devices of a member, and what became of their messages. */

import { dayOf, instant } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html, useState } from "/shared/preact.js";
import { WithReason } from "/shared/reasoned.js";
import { Act, Field, Notice, openSheet } from "/shared/ui.js";
import { has, t } from "/shared/words.js";
import { ask, desk } from "../console.js";
import { say } from "../faults.js";
import { ADD_NOTE, FATES, NOTES, REMOVE_NOTE } from "../queries.js";
import { Reading, useReading } from "../reading.js";

const LONGEST = 1000;
const at = (iso) => instant(iso, desk.timezone);

export function Notes({ member }) {
  const reading = useReading(async () => (await ask(NOTES, { member })).memberRecord, [member]);
  return html`<${Writing} member=${member} again=${reading.again} />
    <${Reading} reading=${reading}>${({ notes, devices }) => html`
      ${
        notes.length
          ? html`<ul class="lines">${notes.map((note) => html`<${Note} key=${note.id} note=${note} again=${reading.again} />`)}</ul>`
          : html`<p class="empty quiet">${t("notes.none")}</p>`
      }
      <h3>${t("devices")}</h3>
      ${
        devices.length
          ? html`<ul class="lines small">${devices.map(
              (each, place) => html`<li key=${place}>
              <span class="grow"><span>${t(`platform.${each.platform}`)} ${each.appVersion ?? ""}</span>
                <small class="under quiet">${t("device.seen", { seen: at(each.lastSeenAt), day: dayOf(each.registeredAt, desk.timezone) })}</small></span>
              <span class=${`chip ${each.canPush ? "good" : ""}`}>${t(each.canPush ? "device.push" : "device.mute")}</span>
            </li>`,
            )}</ul>`
          : html`<p class="empty quiet">${t("devices.none")}</p>`
      }`}<//>`;
}

function Writing({ member, again }) {
  const [text, setText] = useState("");
  const [fault, setFault] = useState("");
  const write = async () => {
    setFault("");
    if (!text.trim()) return setFault(t("notes.empty"));
    try {
      const { answer } = await ask(ADD_NOTE, { input: { member, text: text.trim() } });
      if (answer.message) return setFault(answer.message);
      setText("");
      return again();
    } catch (error) {
      return setFault(say(error));
    }
  };
  return html`<form class="stack tight" onSubmit=${(event) => event.preventDefault()}>
    <${Field} as="textarea" rows="2" label=${t("notes.new")} hint=${t("notes.hint")} name="note" maxlength=${LONGEST} value=${text} onInput=${(event) => setText(event.target.value)} />
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <div class="row"><${Act} class="button" act=${write}>${t("notes.add")}<//></div>
  </form>`;
}

function Note({ note, again }) {
  const remove = () => openSheet(t("notes.remove"), Removing, { note, again });
  return html`<li>
    <span class="grow"><span class="note-text">${note.text}</span><small class="under quiet">${note.author} · ${at(note.at)}</small></span>
    <button class="button plain" type="button" onClick=${remove}>${t("notes.remove")}</button>
  </li>`;
}

function Removing({ note, again, close }) {
  const act = async (reason) => {
    const { answer } = await ask(REMOVE_NOTE, { input: { note: note.id, reason } });
    if (answer.message) return answer.message;
    toast(t("notes.removed"));
    again();
    return "";
  };
  return html`<${WithReason} title=${t("notes.remove")} about=${note.author} confirm=${t("notes.remove")} act=${act} say=${say} close=${close} />`;
}

/* ---- what became of messages */

export function Fates({ member }) {
  const reading = useReading(async () => (await ask(FATES, { member })).memberRecord.messageFates, [member]);
  return html`<h3>${t("fates")}</h3>
    <${Reading} reading=${reading}>${(fates) =>
      fates.length
        ? html`<ul class="lines small">${fates.map((each) => html`<${Fate} key=${each.id} each=${each} />`)}</ul>`
        : html`<p class="empty quiet">${t("fates.none")}</p>`}<//>`;
}

const KINDS = { SENT: "good", FAILED: "bad", DROPPED: "bad" };

function Fate({ each }) {
  return html`<li>
    <span class="grow"><span>${t(`fate.kind.${each.fateKind}`)} ${each.title ?? html`<span class="mono">${each.code}</span>`}</span>
      <small class="under quiet">${[at(each.promisedAt), each.error].filter(Boolean).join(" · ")}</small></span>
    <span class="row wrap">
      ${each.channels.map((part, place) => html`<span key=${place} class=${`chip ${KINDS[part.state] ?? ""}`} title=${part.reason}>${part.channel}: ${t(`channel.${part.state}`)}${part.reason && part.state !== "SENT" && ` (${reasonText(part.reason)})`}</span>`)}
      ${!each.channels.length && html`<span class="chip">${t(`promise.${each.state}`)}</span>`}
    </span>
  </li>`;
}

const reasonText = (reason) => (has(`channel.why.${reason}`) ? t(`channel.why.${reason}`) : reason);
