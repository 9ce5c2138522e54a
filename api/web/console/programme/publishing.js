/* Publishing: the sheet that proposes a draft, and the versions that wait for another operator or their instant. */

import { dayOf, instant } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { toast } from "/shared/passing.js";
import { html, useRef, useState } from "/shared/preact.js";
import { WithReason } from "/shared/reasoned.js";
import { Act, Field, Icon, Notice, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask, desk, session } from "../console.js";
import { say } from "../faults.js";
import { Difference } from "./difference.js";
import { fieldOf, instantOf } from "./instants.js";
import { Past } from "./past.js";
import { APPROVE_VERSION, DECLINE_VERSION, PROPOSE_VERSION, PROPOSED_TEXT } from "./queries.js";

const DAY_MS = 86_400_000;

/* Where the field stands first: the beginning of next Monday. */
function nextMonday() {
  const [day] = fieldOf(new Date(session.now()), desk.timezone).split("T");
  const monday = new Date(`${day}T00:00:00Z`);
  do monday.setTime(monday.getTime() + DAY_MS);
  while (monday.getUTCDay() !== 1);
  return `${monday.toISOString().slice(0, 10)}T00:00`;
}

/** The sheet that proposes a draft; `done()` is told once it waits. */
export function Proposing({ text, base, note: given = "", done, close }) {
  const [note, setNote] = useState(given);
  const [isLater, setLater] = useState(false);
  const [at, setAt] = useState(nextMonday);
  const [isAsked, setAsked] = useState(false);
  const [fault, setFault] = useState("");
  const key = useRef(newKey());
  const publishAt = isLater ? instantOf(at, desk.timezone) : null;
  const isPast = isLater && (publishAt === null || Date.parse(publishAt) <= session.now());
  const change = (act) => {
    key.current = newKey();
    act();
  };
  const send = async () => {
    setAsked(true);
    setFault("");
    if (!note.trim() || isPast) return;
    const input = { text, note: note.trim(), baseVersion: base, publishAt, idempotencyKey: key.current };
    try {
      const { proposeProgramme } = await ask(PROPOSE_VERSION, { input });
      if (proposeProgramme.__typename !== "ProgrammeProposed") return setFault(proposeProgramme.message);
      toast(t("propose.done"));
      await done();
      return close();
    } catch (error) {
      return setFault(say(error));
    }
  };
  return html`<form class="stack">
    <h2>${t("propose")}</h2>
    <p class="quiet">${t("propose.hint", { version: base })}</p>
    <div class="card flat scrolled" tabindex="0" role="region" aria-label=${t("tab.changes")}><${Difference} base=${base} text=${text} /></div>
    <${Field}
      as="textarea" rows="2" name="note" maxlength="500"
      label=${t("note")} hint=${t("note.hint")}
      fault=${isAsked && !note.trim() ? t("note.bad") : ""}
      value=${note} onInput=${(event) => change(() => setNote(event.target.value))}
    />
    <fieldset class="stack tight">
      <legend class="legend">${t("when")}</legend>
      ${[false, true].map(
        (later) => html`<label class="choice"><input type="radio" name="when" checked=${isLater === later}
          onChange=${() => change(() => setLater(later))} /><span>${t(later ? "when.later" : "when.now")}</span></label>`,
      )}
      ${
        isLater &&
        html`<${Field} type="datetime-local" name="at" label=${t("when.at")} hint=${t("when.zone", { zone: desk.timezone })}
          fault=${isAsked && isPast ? t("when.bad") : ""} value=${at}
          onInput=${(event) => change(() => setAt(event.target.value))} />`
      }
    </fieldset>
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <${Act} class="button primary tall wide" act=${send}>${t("propose.go")}<//>
  </form>`;
}

/** The proposed versions; `again()` reads them anew, `published()` all that follows a new version. */
export function Proposals({ proposals, again, published }) {
  return proposals.map(
    (each) => html`<${Proposal} key=${each.proposal} each=${each} again=${again} published=${published} />`,
  );
}

function standing(each) {
  if (each.proposalState === "DROPPED") return { kind: "bad", text: t("proposal.dropped") };
  if (each.isOvertaken) return { kind: "bad", text: t("proposal.overtaken", { version: each.base }) };
  if (each.proposalState === "SCHEDULED")
    return { kind: "good", text: t("proposal.scheduled", { at: instant(each.publishAt, desk.timezone) }) };
  if (each.publishAt)
    return { kind: "gold", text: t("proposal.later", { at: instant(each.publishAt, desk.timezone) }) };
  return { kind: "gold", text: t("proposal.waiting") };
}

/* What was approved is not declined any more: it is taken back, by whomever. */
function endText(each) {
  if (each.proposalState === "SCHEDULED") return t("proposal.takeback");
  return t(each.isOwn ? "takeback" : "decline");
}

function Proposal({ each, again, published }) {
  const [fault, setFault] = useState("");
  const { kind, text } = standing(each);
  const canApprove = each.proposalState === "WAITING" && !each.isOwn && !each.isOvertaken;
  const approve = async () => {
    setFault("");
    try {
      const { approveProgramme } = await ask(APPROVE_VERSION, { input: { proposal: each.proposal } });
      if (approveProgramme.__typename !== "ProgrammeApproved") return setFault(approveProgramme.message);
      toast(
        approveProgramme.version
          ? t("proposal.published", { version: approveProgramme.version })
          : t("proposal.approved.later", { at: instant(approveProgramme.publishAt, desk.timezone) }),
      );
      return await published();
    } catch (error) {
      return setFault(say(error));
    }
  };
  const end = endText(each);
  return html`<article class="card stack tight proposed">
    <div class="row wrap part"><h2 class="grow">${each.note}</h2><span class=${`chip wrapping ${kind}`}>${text}</span></div>
    <p class="small quiet">
      ${t("proposal.by", { name: each.proposedBy, at: instant(each.proposedAt, desk.timezone), version: each.base })}
      ${each.approvedBy && ` ${t("proposal.approved", { name: each.approvedBy })}`}
      ${each.proposalState === "WAITING" && ` ${t("proposal.until", { day: dayOf(each.expiresAt, desk.timezone) })}`}
    </p>
    <p class=${`small ${each.backtest ? "quiet" : "minus"}`}>${each.backtest ? t("proposal.tried", { name: each.backtestedBy }) : t("proposal.untried")}</p>
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <div class="row wrap">
      ${canApprove && html`<${Act} class="button primary" type="button" act=${approve}><${Icon} name="check" />${t(each.publishAt ? "approve" : "proposal.approve")}<//>`}
      <button class="button" type="button" onClick=${() => openSheet(each.note, Looking, { each })}>${t("proposal.look")}</button>
      <button class="button" type="button" onClick=${() => openSheet(each.note, Trying, { each })}>${t("proposal.history")}</button>
      <button class="button" type="button" onClick=${() => openSheet(end, Ending, { each, again })}>${end}</button>
    </div>
  </article>`;
}

/* A proposed text, fetched once; `children` draws it. */
function Proposed({ each, hint, children }) {
  const [text, setText] = useState(null);
  const [fault, setFault] = useState("");
  if (text === null && !fault)
    ask(PROPOSED_TEXT, { proposal: each.proposal }).then(
      ({ proposedProgrammeText }) => setText(proposedProgrammeText),
      (error) => setFault(say(error)),
    );
  return html`<div class="stack">
    <h2>${each.note}</h2>
    <p class="quiet">${hint}</p>
    <div aria-live="assertive"><${Notice} kind="bad" icon="cloud" text=${fault} /></div>
    ${text === null ? !fault && html`<div class="skeleton" role="status" aria-label=${t("loading")}></div>` : children(text)}
  </div>`;
}

function Looking({ each }) {
  return html`<${Proposed} each=${each} hint=${t("proposal.changes", { version: each.base })}>${(text) =>
    html`<${Difference} base=${each.base} text=${text} />`}<//>`;
}

/* The back-test that was run on it, and a button that runs another. */
function Trying({ each }) {
  return html`<${Proposed} each=${each} hint=${each.backtest ? t("proposal.tried", { name: each.backtestedBy }) : t("proposal.untried")}>${(
    text,
  ) => html`<${Past} text=${text} isSound=${true} of=${each.backtest} />`}<//>`;
}

function Ending({ each, again, close }) {
  const title = endText(each);
  const act = async (reason) => {
    const { declineProgramme } = await ask(DECLINE_VERSION, { input: { proposal: each.proposal, reason } });
    if (declineProgramme.__typename !== "ProgrammeDeclined") return declineProgramme.message;
    toast(t("decline.done"));
    await again();
    return "";
  };
  return html`<${WithReason} title=${title} about=${each.note} confirm=${title} act=${act} say=${say} close=${close} />`;
}
