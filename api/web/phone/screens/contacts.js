/* How the member signs in: contacts that are changed and taken away. */

import { field, fill, h, sheet, toast } from "/shared/dom.js";
import { t } from "/shared/words.js";
import { ask, go } from "../phone.js";
import { CHANGE_CONTACT, REMOVE_CONTACT } from "../queries.js";
import { section, sending } from "./parts.js";

export function contactSection(me) {
  return section(
    "contacts",
    h(
      "ul.lines",
      {},
      [
        ["contact.email", me.email],
        ["contact.phone", me.phone],
      ].map(([key, value]) =>
        h(
          "li",
          {},
          h("span.grow", {}, t(key), h("small.why", {}, value ?? t("contact.none"))),
          h("button.button.plain", { onclick: () => changeContact(key) }, t("change")),
          me.email && me.phone ? removeButton(key, value) : null,
        ),
      ),
    ),
  );
}

/* First the new contact, then the code that was sent to it; where the sign-in is a while ago, also the one that
   was sent to a present contact. */
function changeContact(key) {
  return sheet(t(key), t("close"), (close) => {
    const contact = h("input", {
      required: true,
      name: "contact",
      autocomplete: key === "contact.email" ? "email" : "tel",
      inputmode: key === "contact.email" ? "email" : "tel",
    });
    const code = h("input", {
      name: "code",
      inputmode: "numeric",
      autocomplete: "one-time-code",
      maxlength: 20,
    });
    const current = h("input", {
      name: "current-code",
      inputmode: "numeric",
      autocomplete: "one-time-code",
      maxlength: 20,
    });
    let challenge = null;
    let approval = null;
    const codeField = field(t("code"), code);
    const currentPlace = h("div.stack");
    codeField.hidden = true;
    const button = h("button.button.primary.wide.tall", {}, t("signin.send"));
    return h(
      "div.stack",
      {},
      h("h2", {}, t(key)),
      sending(
        button,
        [field(t("contact.new"), contact, t("signin.contact.hint")), codeField, currentPlace],
        async () => {
          const { changeContact: answer } = await ask(CHANGE_CONTACT, {
            input: {
              contact: contact.value.trim(),
              code: codeField.hidden ? null : code.value,
              challenge,
              currentCode: approval ? current.value : null,
              currentChallenge: approval?.challenge ?? null,
            },
          });
          if (answer.__typename === "SignInCodeRequested") {
            challenge = answer.challenge;
            approval = answer.approval;
            if (approval)
              fill(
                currentPlace,
                h("p.small", {}, t("contact.approval")),
                field(t("contact.approval.code", { contact: approval.codeSentTo }), current),
              );
            current.required = Boolean(approval);
            codeField.hidden = false;
            code.required = true;
            contact.readOnly = true;
            fill(button, t("save"));
            code.focus();
            return null;
          }
          if (answer.message) return answer.message;
          close();
          toast(t("saved"));
          if (document.body.dataset.screen === "me") go("me");
          return null;
        },
      ),
    );
  });
}

/* Where the sign-in is a while ago, a code that was sent to a present contact approves it. */
function removeButton(key, value) {
  const kind = key === "contact.email" ? "EMAIL" : "PHONE";
  const remove = async (proof) => {
    const { removeContact: answer } = await ask(REMOVE_CONTACT, { input: { kind, ...proof } });
    if (answer.__typename === "ContactRemoved") {
      toast(t("contact.removed"));
      if (document.body.dataset.screen === "me") go("me");
    }
    return answer;
  };
  const confirm = () =>
    sheet(t("contact.remove", { contact: value }), t("close"), (close) => {
      const code = h("input", {
        name: "code",
        inputmode: "numeric",
        autocomplete: "one-time-code",
        maxlength: 20,
      });
      const place = h("div.stack");
      let approval = null;
      return h(
        "div.stack",
        {},
        h("h2", {}, t("contact.remove", { contact: value })),
        h("p", {}, t("contact.remove.hint")),
        sending(h("button.button.primary.wide.tall", {}, t("remove")), [place], async () => {
          const answer = await remove(approval ? { code: code.value, challenge: approval.challenge } : {});
          if (answer.__typename === "SignInCodeRequested") {
            approval = answer.approval;
            fill(place, field(t("contact.approval.code", { contact: approval.codeSentTo }), code));
            code.required = true;
            code.focus();
            return null;
          }
          if (answer.message) return answer.message;
          close();
          return null;
        }),
      );
    });
  return h("button.button.plain", { onclick: confirm }, t("remove"));
}
