/* The audit trail: who did what, by filters that stand in the address, page after page. */

import { ask, desk, go, session } from "/console/console.js";
import { say } from "/console/faults.js";
import { whoText } from "/console/who.js";
import { instant, signed } from "/shared/format.js";
import { html, useEffect, useState } from "/shared/preact.js";
import { Act, Field, Notice } from "/shared/ui.js";
import { has, t } from "/shared/words.js";
import { AUDIT } from "./queries.js";
import { StorePicker } from "./store-picker.js";
import { Choice, Table, useChoice } from "./waiting.js";

/* What is mostly looked for, as kinds of acts. */
const TOPICS = {
  "": null,
  corrections: [
    "ADJUSTMENT",
    "CORRECTION_PROPOSED",
    "CORRECTION_APPROVED",
    "CORRECTION_DECLINED",
    "CORRECTIONS_MADE",
    "REWARD_GIVEN",
  ],
  refunds: ["REFUND", "PURCHASE_CORRECTED", "VOUCHER_REVERSED"],
  members: [
    "MEMBER_FROZEN",
    "MEMBER_UNFROZEN",
    "MEMBERS_MERGED",
    "MERGE_UNDONE",
    "DATA_EXPORTED",
    "DELETION_REQUESTED",
    "DELETION_UNDONE",
    "MEMBER_ERASED",
    "BIRTHDAY_CORRECTED",
    "CONTACT_PROPOSED",
    "CONTACT_REPLACED",
    "TAGS_CHANGED",
    "NOTE_ADDED",
    "NOTE_REMOVED",
    "NICKNAME_TAKEN",
    "MEMBER_ENROLLED",
  ],
  staff: [
    "STAFF_ADDED",
    "STAFF_MOVED",
    "STAFF_DISABLED",
    "STAFF_ENABLED",
    "PASSWORD_CHANGED",
    "SECOND_FACTOR_SET",
    "SECOND_FACTOR_RESET",
    "RECOVERY_CODE_USED",
    "STAFF_SIGN_IN_REFUSED",
    "STORE_ADDED",
    "STORE_RENAMED",
  ],
  systems: [
    "CLIENT_ADDED",
    "CLIENT_CHANGED",
    "CLIENT_KEY_ROTATED",
    "CLIENT_REVOKED",
    "SOURCES_PUBLISHED",
    "INTAKE_RETRIED",
    "OUTBOX_RETRIED",
    "KEYS_ROTATED",
    "KEYS_DROPPED",
    "SECRET_ACCEPTED",
  ],
  programme: ["PROGRAMME_PUBLISHED", "CODES_MADE"],
  many: [
    "SEGMENT_READ",
    "MESSAGE_SENT",
    "MESSAGE_TRIED",
    "TAGS_OF_MANY",
    "FILE_STARTED",
    "FILE_FETCHED",
    "JOB_STOPPED",
  ],
  approvals: ["PROPOSED", "APPROVED", "DECLINED", "CORRECTION_APPROVED", "CONTACT_REPLACED"],
};
/* The id of a job over many members that is gone: it tells nobody anything. */
const JOB = /^(once|tags|file)-[0-9a-f]{16}$/;
const PAGE = 50;
const ONE_DAY = 24 * 3_600_000;

const today = () => new Intl.DateTimeFormat("sv-SE", { timeZone: desk.timezone }).format(session.now());

/* The instant at which a day of the programme's zone begins. */
function beginning(day) {
  const guess = Date.parse(`${day}T00:00:00Z`);
  const shown = new Intl.DateTimeFormat("sv-SE", {
    timeZone: desk.timezone,
    dateStyle: "short",
    timeStyle: "medium",
  });
  return guess - (Date.parse(`${shown.format(guess).replace(" ", "T")}Z`) - guess);
}

export function Audit({ filters }) {
  const [since, setSince] = useChoice(filters, "since", today());
  const [until, setUntil] = useChoice(filters, "until", today());
  const [actor, setActor] = useChoice(filters, "actor", "");
  const [store, setStore] = useChoice(filters, "store", "");
  const [topic, setTopic] = useChoice(filters, "topic", "");
  const [rows, setRows] = useState(null);
  const [isWhole, setWhole] = useState(true);
  const [fault, setFault] = useState("");
  const isOfLookUps = topic === "lookups";
  const read = async (after) => {
    setFault("");
    const variables = {
      since: new Date(beginning(since)).toISOString(),
      until: new Date(Math.min(beginning(until) + ONE_DAY - 1, session.now() + ONE_DAY)).toISOString(),
      actor: actor.trim() || null,
      store: store || null,
      kinds: TOPICS[topic] ?? null,
      lookUps: isOfLookUps,
      after,
    };
    const { auditTrail } = await ask(AUDIT, variables);
    setWhole(auditTrail.length < PAGE || isOfLookUps);
    setRows((before) => [...(after ? before : []), ...auditTrail]);
  };
  useEffect(() => {
    setRows(null);
    read(null).catch((error) => setFault(say(error)));
  }, [since, until, actor, store, topic]);
  const more = () => read(rows.at(-1).id).catch((error) => setFault(say(error)));
  const topics = [...Object.keys(TOPICS), "lookups"].map((each) => [each, t(`topic.${each || "all"}`)]);
  const dated = (set) => (event) => event.target.value && set(event.target.value);
  return html`<p class="quiet">${t(isOfLookUps ? "audit.lookups.hint" : "audit.hint")}</p>
    <div class="filters">
      <${Field} type="date" name="since" label=${t("audit.since")} value=${since} max=${until} onChange=${dated(setSince)} />
      <${Field} type="date" name="until" label=${t("audit.until")} value=${until} min=${since} onChange=${dated(setUntil)} />
      <${Choice} name="topic" label=${t("audit.topic")} of=${topics} value=${topic} choose=${setTopic} />
      <${Field} name="actor" label=${t("audit.actor")} spellcheck="false" maxlength="100" value=${actor} onChange=${(event) => setActor(event.target.value)} />
      <${StorePicker} value=${store} choose=${setStore} />
    </div>
    <div aria-live="assertive"><${Notice} kind="bad" icon="cloud" text=${fault} /></div>
    ${!rows && !fault && html`<div class="skeleton tall" role="status" aria-label=${t("loading")}></div>`}
    ${rows && !rows.length && html`<p class="card empty quiet">${t("audit.none")}</p>`}
    ${
      rows?.length > 0 &&
      html`<${Table} name=${t("part.audit")} heads=${[t("audit.at"), t("audit.actor"), t("audit.what"), t("audit.subject"), t("audit.amount")]}>
        ${rows.map((row) => html`<${Row} key=${row.id} row=${row} />`)}
      <//>`
    }
    ${rows?.length > 0 && !isWhole && html`<${Act} class="button wide" type="button" act=${more}>${t("more")}<//>`}`;
}

/* What takes two people names its kind before what it is about. */
function subjectText({ subject, subjectTitle }) {
  const [kind, ...about] = subject.split(" ");
  if (subjectTitle)
    return about.length && has(`proposal.${kind}`)
      ? t(`proposal.${kind}`, { subject: subjectTitle })
      : subjectTitle;
  if (kind === "version") return t("audit.version", { version: about.join(" ") });
  if (JOB.test(kind)) return about.join(" ");
  return has(`proposal.${kind}`) ? t(`proposal.${kind}`, { subject: about.join(" ") }) : subject;
}

function Row({ row }) {
  return html`<tr>
    <td>${instant(row.at, desk.timezone)}<small class="under quiet">${row.store?.name}</small></td>
    <td>${whoText(row.actor)}</td>
    <th scope="row">${has(`action.${row.actionKind}`) ? t(`action.${row.actionKind}`) : row.actionKind}${row.reason && html`<small class="under quiet">${row.reason}</small>`}</th>
    <td>${subjectText(row)}${row.member && html` <button class="button plain" type="button" onClick=${() => go("member", row.member)}>${t("audit.member")}</button>`}</td>
    <td class="num">${row.amount !== 0 ? signed(row.amount, row.unit ?? (row.currency ? { walletKind: "MONEY", currency: row.currency } : null)) : ""}</td>
  </tr>`;
}
