/* The second factor at the sign-in: the set-up key, the picture for the authenticator app, its codes, and the
   recovery codes, which are shown once. */

import { busy, field, fill, h, toast } from "/shared/dom.js";
import { t } from "/shared/words.js";
import { notice, say } from "./parts.js";

/** What asks for a second factor. `send(brought)` signs in with what is brought and returns why nobody is
 * signed in yet; `leave` goes back to the password. */
export function factorForm(needed, send, leave) {
  const brought = {};
  const form = h("form.card.stack", { novalidate: true });
  let key = "secondFactor";
  let answer = needed;

  function draw() {
    key = answer.step === "SETUP_KEY" ? "setupKey" : "secondFactor";
    const code = field(t(`factor.${answer.step}`), input(answer.step), t(`factor.${answer.step}.hint`));
    const button = h("button.button.primary.wide.tall", {}, t("factor.next"));
    const fault = h("div", { "aria-live": "assertive" });
    form.onsubmit = (event) => {
      event.preventDefault();
      const typed = code.input.value.trim();
      code.fault(typed ? "" : t("factor.empty"));
      if (!typed) return code.input.focus();
      busy(button, () => attempt(typed, code.input, fault));
    };
    fill(
      form,
      h("h2", {}, t("factor.title")),
      h("p", {}, answer.message),
      answer.step === "ENROL" && enrolment(answer),
      code,
      fault,
      button,
      h("button.button.wide", { type: "button", onclick: leave }, t("factor.leave")),
    );
    // The picture stays in view.
    code.input.focus({ preventScroll: answer.step === "ENROL" });
  }

  async function attempt(typed, place, fault) {
    fill(fault);
    try {
      const next = await send({ ...brought, [key]: typed });
      if (!next) return;
      if (next.step) {
        brought[key] = typed;
        answer = next;
        return draw();
      }
      fill(fault, notice(refusal(next), "bad", "lock"));
      // Who has begun to type it again goes on.
      if (place.value.trim() === typed) place.value = "";
      place.focus();
    } catch (error) {
      fill(fault, notice(say(error), "bad", "lock"));
    }
  }

  draw();
  return form;
}

/** Why nobody is signed in, and when the next try is heard. */
export function refusal({ message, retryAfter }) {
  return retryAfter ? `${message} ${t("signin.wait", { count: retryAfter })}` : message;
}

/** The recovery codes, until they are said to be kept; then `done` goes on. */
export function recoveryCodes(codes, done) {
  const button = h("button.button.primary.wide.tall", { disabled: true, onclick: done }, t("recovery.go"));
  const kept = h("input", {
    type: "checkbox",
    name: "kept",
    onchange: () => {
      button.disabled = !kept.checked;
    },
  });
  return h(
    "div.card.stack",
    {},
    h("h2", { tabindex: -1 }, t("recovery.title")),
    h("p", {}, t("recovery.why")),
    h(
      "ul.recovery",
      {},
      codes.map((code) => h("li", {}, h("code", {}, code))),
    ),
    h("button.button.wide", { type: "button", onclick: () => copy(codes) }, t("recovery.copy")),
    h("label.choice", {}, kept, t("recovery.kept")),
    button,
  );
}

async function copy(codes) {
  try {
    await navigator.clipboard.writeText(codes.join("\n"));
    toast(t("recovery.copied"));
  } catch {
    toast(t("recovery.uncopied"), "bad");
  }
}

/* An app's code is typed by figures; the same field takes a recovery code, which has letters. */
function input(step) {
  return h("input", {
    required: true,
    name: step === "SETUP_KEY" ? "setup-key" : "second-factor",
    autocomplete: step === "SETUP_KEY" ? "off" : "one-time-code",
    inputmode: step === "ENROL" ? "numeric" : "text",
    autocapitalize: step === "SETUP_KEY" ? "characters" : "none",
    spellcheck: "false",
    maxlength: 40,
  });
}

function enrolment({ qr, secret }) {
  return h(
    "div.stack.tight.enrolment",
    {},
    h("img.qr", { src: qr.data, alt: t("factor.picture"), width: 240, height: 240 }),
    h("p.small.quiet", { id: "factor-secret" }, t("factor.secret")),
    h("code.secret", { "aria-describedby": "factor-secret" }, secret.match(/.{1,4}/g).join(" ")),
  );
}
