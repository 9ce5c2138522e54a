/* Somebody enrolled in one conversation: a code goes to their contact, they tell it, and the membership begins. */

import { newKey } from "/shared/graphql.js";
import { toast } from "/shared/passing.js";
import { html, useRef, useState } from "/shared/preact.js";
import { Act, Field, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask, desk, go } from "../console.js";
import { say } from "../faults.js";
import { ENROL } from "../queries.js";

export function Enrolling({ close }) {
  const { locales, terms, consents } = desk.programme;
  const [form, setForm] = useState({ name: "", contact: "", birthday: "", locale: locales[0], code: "" });
  const [hasAccepted, setAccepted] = useState(false);
  const [agreed, setAgreed] = useState([]);
  const [challenge, setChallenge] = useState(null);
  const [fault, setFault] = useState("");
  const key = useRef(newKey());
  const box = useRef(null);
  const type = (name) => (event) => setForm((before) => ({ ...before, [name]: event.target.value }));
  const agree = (purpose) => (event) =>
    setAgreed((before) =>
      event.target.checked ? [...before, purpose] : before.filter((each) => each !== purpose),
    );
  const send = async () => {
    setFault("");
    if (!form.name.trim() || !form.contact.trim() || !hasAccepted) return setFault(t("enrol.whole"));
    const proof = challenge ? { code: form.code.trim(), challenge } : {};
    const input = {
      name: form.name.trim(),
      contact: form.contact.trim(),
      birthday: form.birthday || null,
      locale: form.locale,
      termsVersion: terms.version,
      consents: consents
        .filter((each) => agreed.includes(each.purpose))
        .map(({ purpose, wordingVersion }) => ({ purpose, granted: true, wordingVersion })),
      idempotencyKey: key.current,
      ...proof,
    };
    try {
      const { answer } = await ask(ENROL, { input });
      if (answer.__typename === "SignInCodeRequested") return setChallenge(answer.challenge);
      if (answer.__typename !== "EnrolledInPlace") return setFault(answer.message);
      toast(t("enrol.done", { name: answer.customer.name }));
      close();
      return go("member", answer.customer.id);
    } catch (error) {
      return setFault(say(error));
    }
  };
  return html`<form
    class="stack"
    ref=${box}
    onSubmit=${(event) => {
      event.preventDefault();
      box.current.querySelector(".primary").click();
    }}
  >
    <h2>${t("enrol")}</h2>
    <p class="quiet">${t("enrol.hint")}</p>
    ${
      !challenge &&
      html`<fieldset class="stack">
      <${Field} label=${t("enrol.name")} name="name" autofocus maxlength="100" value=${form.name} onInput=${type("name")} />
      <${Field} label=${t("invite.contact")} name="contact" value=${form.contact} onInput=${type("contact")} />
      <${Field} type="date" label=${t("enrol.birthday")} name="birthday" value=${form.birthday} onInput=${type("birthday")} />
      ${
        locales.length > 1 &&
        html`<${Field} as="select" label=${t("invite.locale")} name="locale" value=${form.locale} onChange=${type("locale")}>
          ${locales.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}
        <//>`
      }
      <label class="check"><input type="checkbox" name="terms" checked=${hasAccepted} onChange=${(event) => setAccepted(event.target.checked)} />
        <span>${t("enrol.terms", { version: terms.version })}</span></label>
      ${consents.map(
        (each) => html`<label class="check" key=${each.purpose}>
          <input type="checkbox" name=${each.purpose} checked=${agreed.includes(each.purpose)} onChange=${agree(each.purpose)} />
          <span>${each.title}<small class="under quiet">${each.wording}</small></span>
        </label>`,
      )}
    </fieldset>`
    }
    ${
      challenge &&
      html`<p><strong>${form.name}</strong> <span class="quiet">${form.contact}</span></p>
        <${Notice} icon="bell" text=${t("contact.sent")} />
        <${Field} label=${t("contact.code")} name="code" inputmode="numeric" maxlength="12" autofocus value=${form.code} onInput=${type("code")} />`
    }
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <${Act} class="button primary tall wide" act=${send}>${t(challenge ? "enrol" : "contact.send")}<//>
  </form>`;
}
