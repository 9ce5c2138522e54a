/* Before the member is known: signing in with a code, or joining. The contact is proven by the code that is
   sent to it, and the membership that was applied for here begins by the token that this browser keeps. */

import { busy, field, fill, h, toast } from "/shared/dom.js";
import { newKey } from "/shared/graphql.js";
import { t } from "/shared/words.js";
import { languagePicker } from "../app.js";
import { installationId, phone, prefer, session, signInTokens } from "../phone.js";
import { ENROL, REQUEST_CODE, SIGN_IN } from "../queries.js";
import { tellEnrolmentCode } from "./codes.js";
import { notice, say, sending, termsLink } from "./parts.js";

export function welcomeScreen(element) {
  const stage = h("div.lift");
  element.append(
    h(
      "div.hero",
      {},
      h("img", { src: "/shared/selo.svg", alt: "", width: 96, height: 96 }),
      h("h1", { tabindex: -1 }, phone.programme?.name ?? "Selo"),
      h("p.quiet", {}, t("welcome.hint")),
    ),
    phone.programme ? "" : notice(phone.trouble ?? t("fault.network"), "bad", "cloud"),
    session.lapsed ? notice(t("fault.signedout"), "", "lock") : "",
    stage,
    languagePicker(),
  );
  contactStep(stage);
}

function stand(stage, ...children) {
  fill(stage, h("div.stamp.stack", {}, children));
}

function contactStep(stage, given = "") {
  const contact = h("input", {
    required: true,
    name: "contact",
    autocomplete: "username",
    inputmode: "email",
    autocapitalize: "none",
    spellcheck: "false",
    value: given,
  });
  const button = h("button.button.primary.wide.tall", {}, t("signin.send"));
  stand(
    stage,
    h("h2", {}, t("signin")),
    sending(button, [field(t("signin.contact"), contact, t("signin.contact.hint"))], async () => {
      const typed = contact.value.trim();
      const challenge = await requestCode(typed);
      // Who has turned to joining meanwhile is not led back.
      if (button.isConnected) codeStep(stage, typed, challenge);
    }),
    phone.programme ? h("button.button.wide", { onclick: () => joinStep(stage) }, t("join")) : null,
  );
}

/* Have a code sent; return the challenge that it belongs to. */
async function requestCode(contact) {
  const { deviceToken } = signInTokens();
  const { requestSignInCode } = await session.askPublic(REQUEST_CODE, { input: { contact, deviceToken } });
  return requestSignInCode.challenge;
}

function codeStep(stage, contact, challenge) {
  const code = h("input.big.code", {
    required: true,
    name: "code",
    inputmode: "numeric",
    autocomplete: "one-time-code",
    pattern: "[\\s\\-\u2010-\u2015]*([0-9][\\s\\-\u2010-\u2015]*){6}",
    maxlength: 20,
  });
  const button = h("button.button.primary.wide.tall", {}, t("signin"));
  const again = h(
    "button.button.plain",
    {
      type: "button",
      onclick: () =>
        busy(again, async () => {
          try {
            challenge = await requestCode(contact);
            toast(t("code.sent"));
          } catch (error) {
            toast(say(error), "bad");
          }
        }),
    },
    t("code.again"),
  );
  stand(
    stage,
    h("h2", {}, t("code.title")),
    h("p", {}, h("strong", {}, contact), h("span.why", {}, t("code.hint"))),
    sending(button, [field(t("code"), code)], async () => {
      const { value: sent } = code;
      const { signIn } = await session.askPublic(SIGN_IN, {
        input: { contact, code: sent, challenge, installationId: installationId(), ...signInTokens() },
      });
      if (signIn.__typename !== "SignedIn") {
        // Who has begun to type it again goes on.
        if (code.value === sent) {
          code.value = "";
          code.focus();
        }
        return signIn.message;
      }
      const promotion = prefer("promotion") ?? "";
      prefer("device", signIn.deviceToken);
      prefer("enrolment", null);
      prefer("promotion", null);
      session.begin(signIn);
      if (signIn.enrolmentCode) tellEnrolmentCode(signIn.enrolmentCode, promotion);
      return null;
    }),
    h(
      "div.stack.tight",
      {},
      again,
      h(
        "button.button.plain",
        { type: "button", onclick: () => contactStep(stage, contact) },
        t("code.other"),
      ),
    ),
  );
  code.focus();
}

function byChannels(consent) {
  return consent.channels.map((channel) => t(`channel.${channel}`)).join(", ");
}

function joinStep(stage) {
  const { terms, consents, takesCodes } = phone.programme;
  const name = h("input", { required: true, name: "name", autocomplete: "name", maxlength: 100 });
  const contact = h("input", {
    required: true,
    name: "contact",
    autocomplete: "email",
    inputmode: "email",
    autocapitalize: "none",
  });
  const age = phone.programme.minimumAge ?? null;
  const birthday = h("input", {
    type: "date",
    name: "birthday",
    autocomplete: "bday",
    required: age !== null,
  });
  const agreed = h("input", { type: "checkbox", required: true, name: "terms" });
  const boxes = consents.map((consent) =>
    h("input", { type: "checkbox", name: `consent-${consent.purpose}` }),
  );
  const referral = h("input", {
    name: "referralCode",
    autocomplete: "off",
    value: new URLSearchParams(location.search).get("r") ?? "",
  });
  const promotion = h("input", {
    name: "promotion",
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    maxlength: 100,
    value: phone.linkedCode,
  });
  const button = h("button.button.primary.wide.tall", {}, t("join"));
  const idempotencyKey = newKey();
  stand(
    stage,
    h("h2", {}, t("join.title")),
    sending(
      button,
      [
        field(t("profile.name"), name),
        field(t("signin.contact"), contact, t("signin.contact.hint")),
        field(
          t("profile.birthday"),
          birthday,
          age === null ? t("join.birthday.hint") : t("join.birthday.age", { age }),
        ),
        field(t("join.referral"), referral),
        takesCodes ? field(t("codes.join"), promotion) : null,
        h("label.choice", {}, agreed, h("span", {}, t("join.terms"), " ", termsLink(terms))),
        consents.map((consent, i) =>
          h(
            "label.choice",
            {},
            boxes[i],
            h(
              "span",
              {},
              consent.wording,
              consent.channels?.length ? h("small.why", {}, byChannels(consent)) : null,
            ),
          ),
        ),
      ],
      async () => {
        const typed = contact.value.trim();
        const code = (takesCodes && promotion.value.trim()) || null;
        const { enrol } = await session.askPublic(ENROL, {
          input: {
            name: name.value.trim(),
            [typed.includes("@") ? "email" : "phone"]: typed,
            birthday: birthday.value || null,
            termsVersion: terms.version,
            consents: consents.map((consent, i) => ({
              purpose: consent.purpose,
              granted: boxes[i].checked,
              wordingVersion: consent.wordingVersion,
            })),
            referralCode: referral.value.trim() || null,
            ...(code && { code }),
            idempotencyKey,
          },
        });
        if (enrol.__typename !== "Enrolled") return enrol.message;
        prefer("enrolment", enrol.enrolmentToken);
        prefer("promotion", code);
        phone.linkedCode = "";
        if (button.isConnected) codeStep(stage, typed, enrol.challenge);
        return null;
      },
    ),
    h("button.button.plain", { onclick: () => contactStep(stage) }, t("join.member")),
  );
  name.focus();
}
