/* What waits for a second person. */

import { dayOf, instant, signed } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { WithReason } from "/shared/reasoned.js";
import { Act, Icon, Notice, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask, countOf, desk, go, readProposals, versionsOf } from "../console.js";
import { say } from "../faults.js";
import { APPROVE, DECLINE } from "../queries.js";
import { spelled } from "./member.js";
import { NewContact, StaffProposal } from "./staff-proposals.js";

export function Approvals() {
  const [proposals, setProposals] = useState(null);
  const [fault, setFault] = useState("");
  const [settled, setSettled] = useState([]);
  const read = async () => {
    setFault("");
    try {
      setProposals(await readProposals());
    } catch (error) {
      setFault(say(error));
    }
  };
  // What was just answered stands below until one leaves the page: the list says what came of it.
  const again = async (title, outcome) => {
    setSettled((before) => [{ title, outcome }, ...before]);
    await read();
  };
  useEffect(() => {
    read();
  }, []);
  return html`<h1 tabindex="-1">${t("page.approvals")}</h1>
    <p class="quiet">${t(desk.isOperator ? "approvals.hint" : "approvals.service")}</p>
    <div aria-live="assertive"><${Notice} kind="bad" icon="cloud" text=${fault} /></div>
    ${!proposals && !fault && html`<div class="skeleton tall" role="status" aria-label=${t("loading")}></div>`}
    ${proposals && !countOf(proposals) && html`<p class="card empty quiet">${t("approvals.none")}</p>`}
    ${proposals && versionsOf(proposals).map((each) => html`<${Version} key=${each.proposal} each=${each} />`)}
    ${proposals?.staffProposals.map((each) => html`<${StaffProposal} key=${each.proposal} each=${each} again=${again} />`)}
    ${proposals?.contactProposals.map((each) => html`<${NewContact} key=${each.proposal} each=${each} again=${again} />`)}
    ${proposals?.correctionProposals.map((each) => html`<${Proposal} key=${each.proposal} each=${each} again=${again} />`)}
    <${Settled} settled=${settled} />`;
}

function Settled({ settled }) {
  if (!settled.length) return null;
  return html`<section class="card stack tight settled" aria-label=${t("settled")}>
    <h2>${t("settled")}</h2>
    <ul class="lines">
      ${settled.map(
        (
          { title, outcome },
          place,
        ) => html`<li key=${settled.length - place}><span class="grow">${title}</span>
          <span class=${`chip ${outcome === "approved" ? "good" : ""}`}>${t(`settled.${outcome}`)}</span></li>`,
      )}
    </ul>
  </section>`;
}

/* A correction in one line. */
function lineOf({ number, amount, unit, wallet }) {
  return `${spelled(number)}: ${signed(amount, unit)} ${unit?.name ?? wallet}`;
}

/* A version is approved where one sees what it changes. */
function Version({ each }) {
  return html`<article class="card stack tight proposal">
    <h2>${t("approvals.version")}</h2>
    <p>${each.note}</p>
    <p class="small quiet">
      ${t("proposed", { name: each.proposedBy, at: instant(each.proposedAt, desk.timezone), day: dayOf(each.expiresAt, desk.timezone) })}
    </p>
    <div class="row wrap">
      <button class="button" type="button" onClick=${() => go("programme")}>${t("page.programme")}<${Icon} name="forward" /></button>
    </div>
  </article>`;
}

function Proposal({ each, again }) {
  const [fault, setFault] = useState("");
  const approve = async () => {
    setFault("");
    try {
      const { approveCorrection } = await ask(APPROVE, { input: { proposal: each.proposal } });
      if (approveCorrection.__typename !== "BalanceAdjusted") return setFault(approveCorrection.message);
      toast(t("approve.done"));
      return await again(lineOf(each), "approved");
    } catch (error) {
      return setFault(say(error));
    }
  };
  const end = t(each.isOwn ? "takeback" : "decline");
  return html`<article class="card stack tight proposal">
    <div class="row spread wrap">
      <h2><button class="button plain" type="button" onClick=${() => go("member", each.customer)}>${spelled(each.number)}<${Icon} name="forward" /></button></h2>
      <strong class=${`big num ${each.amount > 0 ? "plus" : "minus"}`}>${signed(each.amount, each.unit)} <small class="quiet">${each.unit?.name}</small></strong>
    </div>
    <p>${each.reason}</p>
    <p class="small quiet">
      ${t("proposed", { name: each.proposedBy, at: instant(each.proposedAt, desk.timezone), day: dayOf(each.expiresAt, desk.timezone) })}
    </p>
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <div class="row wrap">
      ${desk.isOperator && !each.isOwn && html`<${Act} class="button primary" type="button" act=${approve}><${Icon} name="check" />${t("approve")}<//>`}
      ${
        (desk.isOperator || each.isOwn) &&
        html`<button class="button" type="button" onClick=${() => openSheet(end, Declining, { each, again })}>${end}</button>`
      }
    </div>
  </article>`;
}

function Declining({ each, again, close }) {
  const title = t(each.isOwn ? "takeback" : "decline");
  const act = async (reason) => {
    const { declineCorrection } = await ask(DECLINE, { input: { proposal: each.proposal, reason } });
    if (declineCorrection.__typename !== "CorrectionDeclined") return declineCorrection.message;
    toast(t("decline.done"));
    await again(lineOf(each), each.isOwn ? "takenback" : "declined");
    return "";
  };
  return html`<${WithReason} title=${title} about=${spelled(each.number)} confirm=${title} act=${act} say=${say} close=${close} />`;
}
