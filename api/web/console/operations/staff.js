/* Staff: who is on the list, added, moved, shut out; another password, and a second factor taken away. */

import { ask, desk, noteWaiting } from "/console/console.js";
import { say } from "/console/faults.js";
import { More } from "/console/more.js";
import { Reading, useReading } from "/console/reading.js";
import { showSecrets } from "/console/secret-sheet.js";
import { whoText } from "/console/who.js";
import { dayOf } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html, useState } from "/shared/preact.js";
import { WithReason } from "/shared/reasoned.js";
import { Field, Icon, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import {
  ADD_EMPLOYEE,
  CHANGE_PASSWORD,
  DISABLE_EMPLOYEE,
  ENABLE_EMPLOYEE,
  MOVE_EMPLOYEE,
  RESET_FACTOR,
  WORKFORCE,
} from "./queries.js";
import { Table } from "./waiting.js";

const ROLES = ["CASHIER", "MANAGER", "SERVICE", "ANALYST", "OPERATOR"];
const AT_CONSOLE = ["SERVICE", "ANALYST"];
const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";

export function Staff() {
  const reading = useReading(() => ask(WORKFORCE), []);
  const open = (Sheet, label, props) => () => openSheet(label, Sheet, { ...props, again: reading.again });
  return html`<p class="quiet">${t("staff.hint")}</p>
    <${Reading} reading=${reading}>${({ employees, stores }) => html`
      <div class="row"><button class="button primary" type="button" onClick=${open(Adding, t("staff.add"), { stores })}><${Icon} name="plus" />${t("staff.add")}</button></div>
      <${Table} name=${t("part.staff")} heads=${[t("staff.who"), t("staff.role"), t("part.stores"), t("staff.factor"), ""]}>
        ${employees.map((each) => html`<${EmployeeRow} key=${each.username} each=${each} stores=${stores} open=${open} />`)}
      <//>`}<//>`;
}

function EmployeeRow({ each, stores, open }) {
  const factor = each.hasSecondFactor ? "yes" : each.isEnrolling ? "staff.enrolling" : "no";
  const about = { each, stores };
  return html`<tr class=${each.disabledAt ? "off" : ""}>
    <th scope="row">
      ${each.name}
      <small class="under quiet"><span class="mono">${each.username}</span>${each.madeBy && ` · ${t("staff.made", { name: whoText(each.madeBy), day: dayOf(each.createdAt, desk.timezone) })}`}</small>
      ${each.disabledAt && html`<span class="chip bad">${t("staff.out", { day: dayOf(each.disabledAt, desk.timezone) })}</span>`}
    </th>
    <td>${t(`role.${each.role}`)}</td>
    <td>${AT_CONSOLE.includes(each.role) ? t("staff.console") : each.stores.map((store) => store.name).join(", ") || t("staff.everywhere")}</td>
    <td>${t(factor)}</td>
    <td>
      <div class="row wrap acts">
        <button class="button" type="button" onClick=${open(Password, t("password"), about)}>${t("password")}</button>
        <${More} about=${each.name}>
          ${!AT_CONSOLE.includes(each.role) && html`<button class="button" type="button" onClick=${open(Moving, t("staff.move"), about)}>${t("staff.move")}</button>`}
          <button class="button" type="button" onClick=${open(Resetting, t("staff.reset"), about)}>${t("staff.reset")}</button>
          ${
            each.disabledAt
              ? each.role !== "OPERATOR" &&
                html`<button class="button" type="button" onClick=${open(Enabling, t("staff.enable"), about)}>${t("staff.enable")}</button>`
              : !each.isSelf &&
                html`<button class="button" type="button" onClick=${open(Disabling, t("staff.disable"), about)}>${t("staff.disable")}</button>`
          }
        <//>
      </div>
    </td>
  </tr>`;
}

/** A password that nobody has used: shown to whoever makes it, to be told on. */
function madeUp() {
  const picks = crypto.getRandomValues(new Uint32Array(14));
  return [...picks].map((pick) => LETTERS[pick % LETTERS.length]).join("");
}

function StoreChoices({ stores, chosen, set }) {
  const toggle = (code) => (event) =>
    set(event.target.checked ? [...chosen, code] : chosen.filter((each) => each !== code));
  return html`<fieldset class="stack tight">
    <legend>${t("staff.stores")}</legend>
    ${stores.map(
      (store) => html`<label class="check" key=${store.code}>
        <input type="checkbox" name=${`store-${store.code}`} checked=${chosen.includes(store.code)} onChange=${toggle(store.code)} />
        <span>${store.name} <small class="quiet mono">${store.code}</small></span>
      </label>`,
    )}
  </fieldset>`;
}

/* What came of an act on an employee: a set-up key is shown once, what takes two waits. */
async function settled(answer, again, done) {
  again();
  if (answer.__typename === "StaffProposed") {
    noteWaiting((desk.waiting ?? 0) + 1);
    toast(t("proposed.done"));
  } else toast(done);
  if (answer.setupKey) await showSecrets([["setup.key", answer.setupKey]]);
}

function Adding({ stores, again, close }) {
  const [form, setForm] = useState({
    name: "",
    username: "",
    role: "CASHIER",
    email: "",
    password: madeUp(),
  });
  const [chosen, setChosen] = useState([]);
  const [isAsked, setAsked] = useState(false);
  const type = (name) => (event) => setForm((before) => ({ ...before, [name]: event.target.value }));
  const isReady = Boolean(form.name.trim() && form.username.trim() && form.password.length >= 10);
  const act = async (reason, idempotencyKey) => {
    const { email, ...rest } = form;
    const places = AT_CONSOLE.includes(form.role) ? [] : chosen;
    const input = {
      ...rest,
      stores: places,
      ...(email.trim() ? { email: email.trim() } : {}),
      reason,
      idempotencyKey,
    };
    const { answer } = await ask(ADD_EMPLOYEE, { input });
    if (answer.message) return answer.message;
    settled(answer, again, t("staff.added", { name: form.name }));
    return "";
  };
  const fault = (name) => (isAsked && !form[name].trim() ? t("fill") : "");
  return html`<${WithReason} title=${t("staff.add")} hint=${t("staff.add.hint")} isReady=${isReady} onAsked=${() => setAsked(true)} confirm=${t(form.role === "OPERATOR" ? "adjust.propose" : "staff.add")} act=${act} say=${say} close=${close}>
    <${Field} label=${t("staff.name")} name="name" autofocus maxlength="100" fault=${fault("name")} value=${form.name} onInput=${type("name")} />
    <${Field} label=${t("username")} name="username" spellcheck="false" maxlength="64" fault=${fault("username")} value=${form.username} onInput=${type("username")} />
    <${Field} as="select" label=${t("staff.role")} name="role" value=${form.role} onChange=${type("role")} hint=${form.role === "OPERATOR" ? t("staff.operator.hint") : ""}>
      ${ROLES.map((role) => html`<option key=${role} value=${role}>${t(`role.${role}`)}</option>`)}
    <//>
    ${!AT_CONSOLE.includes(form.role) && html`<${StoreChoices} stores=${stores} chosen=${chosen} set=${setChosen} />`}
    <${Field} label=${t("staff.email")} hint=${t("staff.email.hint")} name="email" type="email" value=${form.email} onInput=${type("email")} />
    <${Field} label=${t("password")} hint=${t("password.hint")} name="password" spellcheck="false" value=${form.password} onInput=${type("password")} />
  <//>`;
}

/* An act on an employee that a reason is all there is to ask for. */
function reasoned(title, document, { keyed = false, done }) {
  return function Sheet({ each, again, close }) {
    const act = async (reason, idempotencyKey) => {
      const input = { username: each.username, reason, ...(keyed ? { idempotencyKey } : {}) };
      const { answer } = await ask(document, { input });
      if (answer.message) return answer.message;
      settled(answer, again, t(done, { name: each.name }));
      return "";
    };
    return html`<${WithReason} title=${t(title)} about=${each.name} hint=${t(`${title}.hint`)} confirm=${t(title)} act=${act} say=${say} close=${close} />`;
  };
}

const Disabling = reasoned("staff.disable", DISABLE_EMPLOYEE, { done: "staff.disabled" });
const Enabling = reasoned("staff.enable", ENABLE_EMPLOYEE, { done: "staff.enabled" });
const Resetting = reasoned("staff.reset", RESET_FACTOR, { keyed: true, done: "staff.reset.done" });

function Moving({ each, stores, again, close }) {
  const [chosen, setChosen] = useState(each.stores.map((store) => store.code));
  const act = async (reason) => {
    const { answer } = await ask(MOVE_EMPLOYEE, {
      input: { username: each.username, stores: chosen, reason },
    });
    if (answer.message) return answer.message;
    settled(answer, again, t("staff.moved", { name: each.name }));
    return "";
  };
  return html`<${WithReason} title=${t("staff.move")} about=${each.name} hint=${t("staff.move.hint")} confirm=${t("staff.move")} act=${act} say=${say} close=${close}>
    <${StoreChoices} stores=${stores} chosen=${chosen} set=${setChosen} />
  <//>`;
}

function Password({ each, again, close }) {
  const [password, setPassword] = useState(madeUp());
  const act = async (reason) => {
    const { answer } = await ask(CHANGE_PASSWORD, { input: { username: each.username, password, reason } });
    if (answer.message) return answer.message;
    settled(answer, again, t("password.done", { name: each.name }));
    return "";
  };
  return html`<${WithReason} title=${t("password")} about=${each.name} hint=${t("password.change.hint")} isReady=${password.length >= 10} confirm=${t("password.change")} act=${act} say=${say} close=${close}>
    <${Field} label=${t("password")} hint=${t("password.hint")} name="password" spellcheck="false" value=${password} onInput=${(event) => setPassword(event.target.value)} />
  <//>`;
}
