/* What takes a second person beside corrections: operators, second factors, keys, gifts, files of corrections. */

import { dayOf, instant } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html, useState } from "/shared/preact.js";
import { WithReason } from "/shared/reasoned.js";
import { Act, Icon, Notice, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask, desk, go } from "../console.js";
import { say } from "../faults.js";
import { APPROVE_CONTACT, APPROVE_STAFF, DECLINE_STAFF } from "../queries.js";
import { showSecrets } from "../secret-sheet.js";

const SECRETS = ["setupKey", "clientKey", "signingSecret"];
const MOST_ROUNDS = 100;

const titleOf = (each) => t(`proposal.${each.proposalKind}`, { subject: each.subjectTitle ?? each.subject });

/* Approve once, and again for what is left of it; returns what came of it last. */
async function approved(proposal) {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const { approveProposal } = await ask(APPROVE_STAFF, { input: { proposal } });
    if (!(approveProposal.left > 0)) return approveProposal;
  }
  throw new Error("an approval that does not come to its end");
}

/** One of them; `again(title, outcome)` reads the list anew, and shows what was answered. */
export function StaffProposal({ each, again }) {
  const [fault, setFault] = useState("");
  const approve = async () => {
    setFault("");
    try {
      const answer = await approved(each.proposal);
      if (answer.message) return setFault(answer.message);
      toast(t("proposal.done"));
      const secrets = SECRETS.filter((name) => answer[name]).map((name) => [`secret.${name}`, answer[name]]);
      if (secrets.length) await showSecrets(secrets);
      return await again(titleOf(each), "approved");
    } catch (error) {
      return setFault(say(error));
    }
  };
  const end = t(each.isOwn ? "takeback" : "decline");
  return html`<article class="card stack tight proposal">
    <h2>${titleOf(each)}</h2>
    ${each.terms.length > 0 && html`<p class="small quiet">${each.terms.join(" · ")}</p>`}
    <p>${each.reason}</p>
    <p class="small quiet">
      ${t("proposed", { name: each.proposedBy, at: instant(each.proposedAt, desk.timezone), day: dayOf(each.expiresAt, desk.timezone) })}
    </p>
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <div class="row wrap">
      ${desk.isOperator && !each.isOwn && html`<${Act} class="button primary" type="button" act=${approve}><${Icon} name="check" />${t("approve")}<//>`}
      ${each.customer && html`<button class="button" type="button" onClick=${() => go("member", each.customer)}>${t("page.member")}<${Icon} name="forward" /></button>`}
      ${
        (desk.isOperator || each.isOwn) &&
        html`<button class="button" type="button" onClick=${() => openSheet(end, Declining, { each, again })}>${end}</button>`
      }
    </div>
  </article>`;
}

/** A new contact of a member who lost theirs: service approves it among themselves. */
export function NewContact({ each, again }) {
  const [fault, setFault] = useState("");
  const approve = async () => {
    setFault("");
    try {
      const { answer } = await ask(APPROVE_CONTACT, { input: { proposal: each.proposal } });
      if (answer.message) return setFault(answer.message);
      toast(t("proposal.done"));
      return await again(t("proposal.contact", { contact: each.contact }), "approved");
    } catch (error) {
      return setFault(say(error));
    }
  };
  return html`<article class="card stack tight proposal">
    <h2>${t("proposal.contact", { contact: each.contact })}</h2>
    <p>${each.reason}</p>
    <p class="small quiet">${t("proposed.until", { name: each.proposedBy, at: instant(each.expiresAt, desk.timezone) })}</p>
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <div class="row wrap">
      ${!each.isOwn && html`<${Act} class="button primary" type="button" act=${approve}><${Icon} name="check" />${t("approve")}<//>`}
      <button class="button" type="button" onClick=${() => go("member", each.customer)}>${t("page.member")}<${Icon} name="forward" /></button>
    </div>
  </article>`;
}

function Declining({ each, again, close }) {
  const title = t(each.isOwn ? "takeback" : "decline");
  const act = async (reason) => {
    const { declineProposal } = await ask(DECLINE_STAFF, { input: { proposal: each.proposal, reason } });
    if (declineProposal.message) return declineProposal.message;
    toast(t("decline.done"));
    await again(titleOf(each), each.isOwn ? "takenback" : "declined");
    return "";
  };
  return html`<${WithReason} title=${title} about=${titleOf(each)} confirm=${title} act=${act} say=${say} close=${close} />`;
}
