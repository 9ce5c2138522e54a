/* Before the member is known: one field, a contact. The code that is sent to it lets a member in; whoever is none yet
   gives a name and accepts the terms, with the proof that the same code was. */

import { newKey } from "/shared/graphql.js";
import { html, useRef, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { say } from "../faults.js";
import { hints, installationId, phone, prefer, programmeName, session, signInTokens } from "../phone.js";
import { ENROL, REQUEST_CODE, SIGN_IN } from "../queries.js";
import { Act, Field, Form, Notice, toast } from "../ui.js";
import { KeepMembership, tellEnrolmentCode } from "./later.js";
import { LanguagePicker, Support, TermsLink } from "./parts.js";

const CODE = "[\\s\\-\u2010-\u2015]*([0-9][\\s\\-\u2010-\u2015]*){6}";
const given = new URLSearchParams(location.search);
/* The store whose poster or till brought them here, until they have joined. */
if (given.get("store")) prefer("store", given.get("store"));

export function Welcome() {
  const [step, setStep] = useState({ name: "contact", contact: given.get("as") ?? "" });
  const logo = phone.programme?.brand?.logo ?? phone.programme?.brand?.icon;
  const own = hints.icon ?? "/shared/selo.svg";
  return html`<div class="hero">
      <img src=${logo || own} alt="" width="96" height="96" />
      <h1 tabindex="-1">${programmeName()}</h1>
      <p class="quiet">${t("welcome.hint")}</p>
    </div>
    ${!phone.programme && html`<${Notice} kind="bad" icon="cloud">${phone.trouble ?? t("fault.network")}<//>`}
    ${phone.farewell && html`<${Notice} icon="lock">${phone.farewell}<//>`}
    ${session.lapsed && html`<${Notice} icon="lock">${t("fault.signedout")}<//>`}
    <div class="lift">
      <div class="stamp stack">
        ${step.name === "contact" && html`<${Contact} step=${step} setStep=${setStep} />`}
        ${step.name === "code" && html`<${SignInCode} step=${step} setStep=${setStep} />`}
        ${
          step.name === "keep" &&
          html`<${KeepMembership}
              offer=${step.offer}
              back=${() => setStep({ name: "contact", contact: step.contact })}
              say=${say}
            />`
        }
        ${step.name === "join" && html`<${Join} step=${step} setStep=${setStep} />`}
      </div>
    </div>
    <${LanguagePicker} />
    <${Support} />`;
}

/* Have a code sent; return the challenge that it belongs to. */
async function requestCode(contact) {
  const { deviceToken } = signInTokens();
  const { requestSignInCode } = await session.askPublic(REQUEST_CODE, { input: { contact, deviceToken } });
  return requestSignInCode.challenge;
}

function Contact({ step, setStep }) {
  const send = async (form) => {
    const contact = form.contact.value.trim();
    const challenge = await requestCode(contact);
    setStep({ name: "code", contact, challenge });
  };
  return html`<h2>${t("enter")}</h2>
    ${hints.codes && html`<${Notice} icon="alert">${t(hints.codes === "console" ? "codes.console" : "codes.unsent")}<//>`}
    <${Form} act=${send} button=${t("signin.send")} primary disabled=${!phone.programme}>
      <${Field}
        label=${t("signin.contact")}
        hint=${t("signin.contact.hint")}
        name="contact"
        required
        autocomplete="username"
        inputmode="email"
        autocapitalize="none"
        spellcheck="false"
        defaultValue=${step.contact}
      />
    <//>
    <p class="small quiet">${t("enter.hint")}</p>`;
}

/** Take a session up, with what came of the code that was given with an enrolment. */
function begin(answer, promotion) {
  prefer("device", answer.deviceToken);
  prefer("enrolment", null);
  prefer("promotion", null);
  prefer("store", null);
  session.begin(answer);
  if (answer.enrolmentCode) tellEnrolmentCode(answer.enrolmentCode, promotion);
}

function SignInCode({ step, setStep }) {
  const { contact } = step;
  const challenge = useRef(step.challenge);
  const code = useRef(null);
  const again = async () => {
    try {
      challenge.current = await requestCode(contact);
      toast(t("code.sent"));
    } catch (error) {
      toast(say(error), "bad");
    }
  };
  const enter = async () => {
    const sent = code.current.value;
    const own = { installationId: installationId(), ...signInTokens() };
    const { signIn } = await session.askPublic(SIGN_IN, {
      input: { contact, code: sent, challenge: challenge.current, ...own },
    });
    if (signIn.__typename === "SignedIn") return begin(signIn, prefer("promotion") ?? "");
    if (signIn.keepToken) return setStep({ name: "keep", contact, offer: signIn });
    if (signIn.contactProof)
      return setStep({ name: "join", contact, proof: signIn.contactProof, key: newKey() });
    // Who has begun to type it again goes on.
    if (code.current?.value === sent) {
      code.current.value = "";
      code.current.focus();
    }
    return signIn.message;
  };
  return html`<h2>${t("code.title")}</h2>
    <p><strong>${contact}</strong><span class="why">${t("code.hint")}</span></p>
    <${Form} act=${enter} button=${t("enter.do")} primary>
      <${Field}
        label=${t("code")}
        name="code"
        inputRef=${code}
        big
        autofocus
        required
        inputmode="numeric"
        autocomplete="one-time-code"
        pattern=${CODE}
        maxlength="20"
      />
    <//>
    <div class="stack tight">
      <${Act} class="button plain" act=${again}>${t("code.again")}<//>
      <button class="button plain" type="button" onClick=${() => setStep({ name: "contact", contact })}>
        ${t("code.other")}
      </button>
    </div>`;
}

/* Their contact is proven: a name and the terms begin the membership. */
function Join({ step, setStep }) {
  const { terms, consents, takesCodes, minimumAge: age = null } = phone.programme;
  const { contact } = step;
  const join = async (form) => {
    const code = (takesCodes && form.promotion.value.trim()) || null;
    const { enrol } = await session.askPublic(ENROL, {
      input: {
        name: form.name.value.trim(),
        [contact.includes("@") ? "email" : "phone"]: contact,
        birthday: form.birthday?.value || null,
        termsVersion: terms.version,
        consents: consents.map(({ purpose, wordingVersion }) => ({
          purpose,
          granted: form[`consent-${purpose}`].checked,
          wordingVersion,
        })),
        referralCode: form.referralCode?.value.trim() || null,
        ...(code && { code }),
        contactProof: step.proof,
        installationId: installationId(),
        deviceToken: signInTokens().deviceToken,
        idempotencyKey: step.key,
      },
    });
    if (enrol.__typename !== "SignedIn") return enrol.message;
    phone.linkedCode = "";
    return begin(enrol, code);
  };
  return html`<h2>${t("join.title")}</h2>
    <p class="quiet">${t("join.proven", { contact })}</p>
    <${Form} act=${join} button=${t("join")} primary>
      <${Field} label=${t("profile.name")} name="name" autofocus required autocomplete="name" maxlength="100" />
      <${Field}
          label=${t("profile.birthday")}
          hint=${birthdayHint(age)}
          name="birthday"
          type="date"
          autocomplete="bday"
          required=${age !== null}
        />
      ${
        invites() &&
        html`<${Field} label=${t("join.referral")} name="referralCode" autocomplete="off" defaultValue=${given.get("r") ?? ""} />`
      }
      ${
        takesCodes &&
        html`<${Field}
          label=${t("codes.join")}
          name="promotion"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck="false"
          maxlength="100"
          defaultValue=${phone.linkedCode}
        />`
      }
      <label class="choice">
        <input type="checkbox" required name="terms" /><span>${t("join.terms")} <${TermsLink} terms=${terms} /></span>
      </label>
      ${consents.map(
        (consent) => html`<label class="choice" key=${consent.purpose}>
          <input type="checkbox" name=${`consent-${consent.purpose}`} />
          <span>
            ${consent.wording}
            ${consent.channels?.length > 0 && html`<small class="why">${byChannels(consent)}</small>`}
          </span>
        </label>`,
      )}
    <//>
    <button class="button plain" type="button" onClick=${() => setStep({ name: "contact", contact })}>
      ${t("code.other")}
    </button>`;
}

/* A present on the day is promised where the programme gives one. */
function birthdayHint(age) {
  if (age !== null) return t("join.birthday.age", { age });
  return t(hints.birthday === "plain" ? "join.birthday.optional" : "join.birthday.hint");
}

function invites() {
  return phone.programme.referral !== null;
}

function byChannels(consent) {
  return consent.channels.map((channel) => t(`channel.${channel}`)).join(", ");
}
