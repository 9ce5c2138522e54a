/* Systems that report by themselves: their keys, asked for by one person and handed out by a second one. */

import { ask, desk, noteWaiting } from "/console/console.js";
import { say } from "/console/faults.js";
import { Reading, useReading } from "/console/reading.js";
import { dayOf, instant, number } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html, useState } from "/shared/preact.js";
import { WithReason } from "/shared/reasoned.js";
import { Field, Icon, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ADD_SYSTEM, CHANGE_SYSTEM, REVOKE_SYSTEM, ROTATE_KEY, SYSTEMS } from "./queries.js";

const SCOPES = [
  "purchases:write",
  "refunds:write",
  "events:write",
  "members:read",
  "members:write",
  "redemptions:write",
];
const HOURS = ["24", "0", "1", "168"];

const proposed = (again) => {
  noteWaiting((desk.waiting ?? 0) + 1);
  toast(t("proposed.done"));
  again();
};

export function Systems() {
  const reading = useReading(() => ask(SYSTEMS), []);
  const open = (Sheet, label, props) => () => openSheet(label, Sheet, { ...props, again: reading.again });
  return html`<p class="quiet">${t("systems.hint")}</p>
    <${Reading} reading=${reading}>${({ systems, stores }) => html`
      <div class="row"><button class="button primary" type="button" onClick=${open(Saving, t("systems.add"), { stores })}><${Icon} name="plus" />${t("systems.add")}</button></div>
      ${!systems.length && html`<p class="card empty quiet">${t("systems.none")}</p>`}
      ${systems.map((each) => html`<${SystemCard} key=${each.name} each=${each} open=${open} />`)}`}<//>`;
}

function SystemCard({ each, open }) {
  const state = each.revokedAt ? "revoked" : each.isLive ? "live" : "expired";
  return html`<article class="card stack tight">
    <div class="row spread wrap">
      <h2>${each.name} <small class="quiet">${t("systems.reports", { source: each.source, store: each.store })}</small></h2>
      <span class="row wrap">
        ${each.keyKind === "TEST" && html`<span class="chip">${t("systems.test")}</span>`}
        <span class=${`chip ${state === "live" ? "good" : "bad"}`}>${t(`systems.${state}`)}</span>
      </span>
    </div>
    <ul class="lines small">
      <li><span class="quiet">${t("systems.may")}</span><span class="figure">${each.scopes.join(", ")}</span></li>
      <li><span class="quiet">${t("systems.from")}</span><span class="figure">${each.addresses.join(", ") || t("systems.anywhere")}</span></li>
      ${each.expiresAt && html`<li><span class="quiet">${t("systems.until")}</span><span class="figure">${dayOf(each.expiresAt, desk.timezone)}</span></li>`}
    </ul>
    <details><summary>${t("systems.bounds")}</summary>
      <ul class="lines small">${each.bounds.map((bound) => html`<li key=${bound.name}><span class="quiet">${t(`bound.${bound.name}`)}</span><span class="figure">${number(bound.value)}</span></li>`)}</ul>
    </details>
    <details><summary>${t("systems.keys", { count: each.keys.length })}</summary>
      <ul class="lines small">
        ${each.keys.map(
          (key) => html`<li key=${key.id}>
            <span class="grow"><span class="mono">${key.id}</span>
              <small class="under quiet">${[t("systems.since", { day: dayOf(key.createdAt, desk.timezone) }), key.usedAt ? t("systems.used", { at: instant(key.usedAt, desk.timezone) }) : t("systems.unused")].join(" · ")}</small>
            </span>
            <span class=${`chip ${key.isLive ? "good" : ""}`}>${key.isLive ? (key.endsAt ? t("systems.ends", { at: instant(key.endsAt, desk.timezone) }) : t("systems.live")) : t("systems.ended")}</span>
          </li>`,
        )}
      </ul>
    </details>
    ${
      !each.revokedAt &&
      html`<div class="row wrap acts">
        <button class="button" type="button" onClick=${open(Rotating, t("systems.rotate"), { each })}>${t("systems.rotate")}</button>
        <button class="button" type="button" onClick=${open(Saving, t("systems.change"), { each })}>${t("systems.change")}</button>
        <button class="button" type="button" onClick=${open(Revoking, t("systems.revoke"), { each })}>${t("systems.revoke")}</button>
      </div>`
    }
  </article>`;
}

/* Words apart by commas or blanks. */
const words = (text) => text.split(/[\s,]+/).filter(Boolean);

function Saving({ each, stores, again, close }) {
  const [form, setForm] = useState({
    name: each?.name ?? "",
    source: "",
    store: stores?.[0]?.code ?? "",
    keyKind: "LIVE",
    addresses: each?.addresses.join(" ") ?? "",
  });
  const [scopes, setScopes] = useState(each?.scopes ?? ["purchases:write"]);
  const [isAsked, setAsked] = useState(false);
  const type = (name) => (event) => setForm((before) => ({ ...before, [name]: event.target.value }));
  const toggle = (scope) => (event) =>
    setScopes((before) =>
      event.target.checked ? [...before, scope] : before.filter((known) => known !== scope),
    );
  const isReady = Boolean(scopes.length && form.name.trim() && (each || (form.source.trim() && form.store)));
  const act = async (reason, idempotencyKey) => {
    const shared = {
      name: form.name.trim(),
      scopes,
      addresses: words(form.addresses),
      reason,
      idempotencyKey,
    };
    const added = { source: form.source.trim(), store: form.store, keyKind: form.keyKind };
    const { answer } = await ask(each ? CHANGE_SYSTEM : ADD_SYSTEM, {
      input: each ? shared : { ...shared, ...added },
    });
    if (answer.message) return answer.message;
    proposed(again);
    return "";
  };
  const title = t(each ? "systems.change" : "systems.add");
  const fault = (name) => (isAsked && !form[name].trim() ? t("fill") : "");
  return html`<${WithReason} title=${title} about=${each?.name} hint=${t("systems.two")} isReady=${isReady} onAsked=${() => setAsked(true)} confirm=${t("adjust.propose")} act=${act} say=${say} close=${close}>
    ${
      !each &&
      html`<${Field} label=${t("systems.name")} name="name" autofocus spellcheck="false" maxlength="40" fault=${fault("name")} value=${form.name} onInput=${type("name")} />
        <${Field} label=${t("source")} hint=${t("systems.source.hint")} name="source" spellcheck="false" maxlength="40" fault=${fault("source")} value=${form.source} onInput=${type("source")} />
        <${Field} as="select" label=${t("store")} name="store" value=${form.store} onChange=${type("store")}>
          ${stores.map((store) => html`<option key=${store.code} value=${store.code}>${store.name}</option>`)}
        <//>
        <${Field} as="select" label=${t("systems.kind")} name="keyKind" value=${form.keyKind} onChange=${type("keyKind")}>
          <option value="LIVE">${t("systems.kind.LIVE")}</option><option value="TEST">${t("systems.kind.TEST")}</option>
        <//>`
    }
    <fieldset class="stack tight">
      <legend>${t("systems.may")}</legend>
      ${SCOPES.map(
        (scope) => html`<label class="check" key=${scope}>
          <input type="checkbox" name=${scope} checked=${scopes.includes(scope)} onChange=${toggle(scope)} />
          <span>${t(`scope.${scope}`)} <small class="quiet mono">${scope}</small></span>
        </label>`,
      )}
    </fieldset>
    <${Field} label=${t("systems.from")} hint=${t("systems.from.hint")} name="addresses" spellcheck="false" value=${form.addresses} onInput=${type("addresses")} />
  <//>`;
}

function Rotating({ each, again, close }) {
  const [keepHours, setKeep] = useState(HOURS[0]);
  const act = async (reason, idempotencyKey) => {
    const input = { name: each.name, keepHours: Number(keepHours), reason, idempotencyKey };
    const { answer } = await ask(ROTATE_KEY, { input });
    if (answer.message) return answer.message;
    proposed(again);
    return "";
  };
  return html`<${WithReason} title=${t("systems.rotate")} about=${each.name} hint=${t("systems.two")} confirm=${t("adjust.propose")} act=${act} say=${say} close=${close}>
    <${Field} as="select" label=${t("systems.keep")} name="keep" value=${keepHours} onChange=${(event) => setKeep(event.target.value)}>
      ${HOURS.map((hours) => html`<option key=${hours} value=${hours}>${t("systems.hours", { count: Number(hours) })}</option>`)}
    <//>
  <//>`;
}

function Revoking({ each, again, close }) {
  const act = async (reason) => {
    const { answer } = await ask(REVOKE_SYSTEM, { input: { name: each.name, reason } });
    if (answer.message) return answer.message;
    toast(t("systems.revoke.done", { name: each.name }));
    again();
    return "";
  };
  return html`<${WithReason} title=${t("systems.revoke")} about=${each.name} hint=${t("systems.revoke.hint")} confirm=${t("systems.revoke")} act=${act} say=${say} close=${close} />`;
}
