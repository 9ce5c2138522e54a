/* How the member signs in: contacts that are changed and taken away. */

import { html, useEffect, useRef, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { sheet } from "../dialogs.js";
import { ask } from "../phone.js";
import { CHANGE_CONTACT, REMOVE_CONTACT } from "../queries.js";
import { Field, Form, Section, toast } from "../ui.js";

const DIGITS = { inputmode: "numeric", autocomplete: "one-time-code", maxlength: 20 };

export function Contacts({ me, again }) {
  const both = me.email && me.phone;
  const change = async (key) => (await sheet(t(key), Change, { kind: key })) && again();
  const remove = async (key, value) =>
    (await sheet(t("contact.remove", { contact: value }), Remove, { kind: key, value })) && again();
  return html`<${Section} title=${t("contacts")}>
    <ul class="lines">
      ${[
        ["contact.email", me.email],
        ["contact.phone", me.phone],
      ].map(
        ([key, value]) => html`<li key=${key}>
          <span class="grow">${t(key)}<small class="why">${value ?? t("contact.none")}</small></span>
          <button class="button plain" type="button" onClick=${() => change(key)}>${t("change")}</button>
          ${both && html`<button class="button plain" type="button" onClick=${() => remove(key, value)}>${t("remove")}</button>`}
        </li>`,
      )}
    </ul>
  <//>`;
}

/* First the new contact, then the code that was sent to it; where the sign-in is a while ago, also the one that
   was sent to a present contact. */
function Change({ kind, close }) {
  const [requested, setRequested] = useState(null);
  const isEmail = kind === "contact.email";
  const code = useRef(null);
  useEffect(() => {
    if (requested) code.current.focus();
  }, [requested]);
  const act = async (form) => {
    const { changeContact: answer } = await ask(CHANGE_CONTACT, {
      input: {
        contact: form.contact.value.trim(),
        code: requested ? form.code.value : null,
        challenge: requested?.challenge ?? null,
        currentCode: requested?.approval ? form["current-code"].value : null,
        currentChallenge: requested?.approval?.challenge ?? null,
      },
    });
    if (answer.__typename === "SignInCodeRequested") return void setRequested(answer);
    if (answer.message) return answer.message;
    close(true);
    toast(t("saved"));
  };
  return html`<div class="stack">
    <h2>${t(kind)}</h2>
    <${Form} act=${act} button=${t(requested ? "save" : "signin.send")} primary>
      <${Field}
        label=${t("contact.new")}
        hint=${t("signin.contact.hint")}
        name="contact"
        required
        readOnly=${Boolean(requested)}
        autocomplete=${isEmail ? "email" : "tel"}
        inputmode=${isEmail ? "email" : "tel"}
      />
      ${requested && html`<${Field} label=${t("code")} name="code" inputRef=${code} required ...${DIGITS} />`}
      ${
        requested?.approval &&
        html`<p class="small">${t("contact.approval")}</p>
          <${Approval} approval=${requested.approval} name="current-code" />`
      }
    <//>
  </div>`;
}

function Approval({ approval, name, autofocus }) {
  const label = t("contact.approval.code", { contact: approval.codeSentTo });
  return html`<${Field} label=${label} name=${name} autofocus=${autofocus} required ...${DIGITS} />`;
}

/* Where the sign-in is a while ago, a code that was sent to a present contact approves it. */
function Remove({ kind, value, close }) {
  const [approval, setApproval] = useState(null);
  const act = async (form) => {
    const proof = approval ? { code: form.code.value, challenge: approval.challenge } : {};
    const { removeContact: answer } = await ask(REMOVE_CONTACT, {
      input: { kind: kind === "contact.email" ? "EMAIL" : "PHONE", ...proof },
    });
    if (answer.__typename === "SignInCodeRequested") return void setApproval(answer.approval);
    if (answer.message) return answer.message;
    toast(t("contact.removed"));
    close(true);
  };
  return html`<div class="stack">
    <h2>${t("contact.remove", { contact: value })}</h2>
    <p>${t("contact.remove.hint")}</p>
    <${Form} act=${act} button=${t("remove")} primary>
      ${approval && html`<${Approval} approval=${approval} name="code" autofocus />`}
    <//>
  </div>`;
}
