/* What service does for a member, each with a reason that is kept: correct a balance, hold, merge, hand out their
   data, delete, keep. */

import { dayOf } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html, useState } from "/shared/preact.js";
import { Correction, WithReason } from "/shared/reasoned.js";
import { saveFile } from "/shared/saving.js";
import { Field, Icon, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask, desk, go, noteWaiting, session } from "../console.js";
import { say } from "../faults.js";
import { More } from "../more.js";
import {
  ADJUST,
  ALLOWANCE,
  DELETE,
  ERASE,
  EXPORT,
  FREEZE,
  KEEP,
  MERGE,
  PROPOSE,
  UNDO_MERGE,
  UNFREEZE,
} from "../queries.js";
import { Birthday, Giving, LostContact, SendingCode, Tagging } from "./member-service.js";

/** The buttons at a member; `again` reads the member anew. */
export function Acts({ record, again }) {
  const { customer, profile } = record;
  const isFrozen = customer.status === "FROZEN";
  const hold = isFrozen ? "unfreeze" : "freeze";
  const open = (name, Sheet) => () => openSheet(t(name), Sheet, { customer, record, again });
  return html`<div class="row wrap acts">
    <button class=${profile.erasedAt ? "button" : "button primary"} type="button" onClick=${open("adjust", Correcting)}>
      <${Icon} name="pencil" />${t("adjust")}
    </button>
    <button class="button" type="button" onClick=${open("give", Giving)}><${Icon} name="gift" />${t("give")}</button>
    <button class="button" type="button" onClick=${open("code", SendingCode)}><${Icon} name="bell" />${t("code")}</button>
    <${More}>
      <button class="button" type="button" onClick=${open("tags", Tagging)}><${Icon} name="tag" />${t("tags")}</button>
      <button class="button" type="button" onClick=${open("contact", LostContact)}><${Icon} name="person" />${t("contact")}</button>
      <button class="button" type="button" onClick=${open("birthday", Birthday)}><${Icon} name="star" />${t("birthday")}</button>
      <button class="button" type="button" onClick=${open(hold, Holding)}><${Icon} name="lock" />${t(hold)}</button>
      <button class="button" type="button" onClick=${open("merge", Merging)}><${Icon} name="plus" />${t("merge")}</button>
      ${desk.isOperator && html`<button class="button" type="button" onClick=${open("unmerge", Unmerging)}><${Icon} name="refund" />${t("unmerge")}</button>`}
      <button class="button" type="button" onClick=${open("export", Exporting)}>
        <${Icon} name="download" />${t("export")}
      </button>
      ${
        !profile.erasedAt &&
        html`<button class="button" type="button" onClick=${open("delete", Deleting)}>
          <${Icon} name="close" />${t("delete")}
        </button>`
      }
    <//>
  </div>`;
}

/** That the membership is going, when, and the way back. */
export function BeingDeleted({ record, again }) {
  const { customer, profile } = record;
  if (!profile.erasedAt) return null;
  const open = (name, Sheet) => () => openSheet(t(name), Sheet, { customer, again });
  return html`<div class="notice bad going" role="status">
    <${Icon} name="alert" />
    <span class="grow">${t("deleting", { day: dayOf(profile.erasedAt, desk.timezone) })}</span>
    <button class="button" type="button" onClick=${open("keep", Keeping)}>${t("keep")}</button>
    ${desk.isOperator && html`<button class="button" type="button" onClick=${open("erase", Erasing)}>${t("erase")}</button>`}
  </div>`;
}

function Correcting({ customer, again, close }) {
  const done = async () => {
    toast(t("adjust.done"));
    await again();
  };
  const proposed = () => {
    noteWaiting((desk.waiting ?? 0) + 1);
    toast(t("adjust.proposed"));
  };
  return html`<${Correction}
    customer=${customer}
    adjust=${async (input) => (await ask(ADJUST, { input })).adjustBalance}
    propose=${async (input) => (await ask(PROPOSE, { input })).proposeCorrection}
    allowed=${async () => (await ask(ALLOWANCE)).correctionAllowance}
    done=${done}
    proposed=${proposed}
    say=${say}
    close=${close}
  />`;
}

/* An act that a reason is all there is to ask for. */
function reasoned(name, document, done) {
  return function Sheet({ customer, again, close }) {
    const act = async (reason, idempotencyKey) => {
      const keyed = document === FREEZE || document === UNFREEZE ? { idempotencyKey } : {};
      const { answer } = await ask(document, { input: { member: customer.id, reason, ...keyed } });
      if (answer.message) return answer.message;
      await done(answer, again);
      return "";
    };
    return html`<${WithReason} title=${t(name)} about=${customer.name} hint=${t(`${name}.hint`)} confirm=${t(name)} act=${act} say=${say} close=${close} />`;
  };
}

const readAgain = (name) => async (_, again) => {
  toast(t(`${name}.done`));
  await again();
};
const Freezing = reasoned("freeze", FREEZE, readAgain("freeze"));
const Unfreezing = reasoned("unfreeze", UNFREEZE, readAgain("unfreeze"));
const Deleting = reasoned("delete", DELETE, async ({ erasedAt }, again) => {
  toast(t("delete.done", { day: dayOf(erasedAt, desk.timezone) }));
  await again();
});
const Keeping = reasoned("keep", KEEP, readAgain("keep"));
const Erasing = reasoned("erase", ERASE, async () => {
  toast(t("erase.done"));
  go("find");
});
const Exporting = reasoned("export", EXPORT, async ({ path }) => {
  await saveFile(session, path, "member-data.json");
  toast(t("export.done"));
});

function Holding(props) {
  return props.customer.status === "FROZEN"
    ? html`<${Unfreezing} ...${props} />`
    : html`<${Freezing} ...${props} />`;
}

function Merging(props) {
  return html`<${OtherMembership} ...${props} name="merge" act=${async (
    { customer, again },
    number,
    reason,
    idempotencyKey,
  ) => {
    const input = { closing: number, into: customer.id, reason, idempotencyKey };
    const { answer } = await ask(MERGE, { input });
    if (answer.message) return answer.message;
    toast(t("merge.done", { number: answer.closedNumber }));
    await again();
    return "";
  }} />`;
}

function Unmerging(props) {
  return html`<${OtherMembership} ...${props} name="unmerge" act=${async (
    { again },
    number,
    reason,
    idempotencyKey,
  ) => {
    const { answer } = await ask(UNDO_MERGE, { input: { member: number, reason, idempotencyKey } });
    if (answer.message) return answer.message;
    toast(t("unmerge.done", { number }));
    await again();
    return "";
  }} />`;
}

/* An act with another membership of the person, named by its number. */
function OtherMembership({ name, act: perform, customer, again, close }) {
  const [closing, setClosing] = useState("");
  const [isAsked, setAsked] = useState(false);
  const number = closing.replace(/\s/g, "");
  const act = (reason, idempotencyKey) => perform({ customer, again }, number, reason, idempotencyKey);
  return html`<${WithReason}
    title=${t(name)}
    about=${customer.name}
    hint=${t(`${name}.hint`)}
    isReady=${/^\d+$/.test(number)}
    onAsked=${() => setAsked(true)}
    confirm=${t(name)}
    act=${act}
    say=${say}
    close=${close}
  >
    <${Field}
      label=${t(`${name}.closing`)}
      name="closing"
      inputmode="numeric"
      autofocus
      fault=${isAsked && !/^\d+$/.test(number) ? t("fault.field.closing") : ""}
      value=${closing}
      onInput=${(event) => setClosing(event.target.value)}
    />
  <//>`;
}
