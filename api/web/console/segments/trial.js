/* A message sent to one member as a test, in every language, before the others get it. */

import { ask, desk } from "/console/console.js";
import { say } from "/console/faults.js";
import { instant } from "/shared/format.js";
import { newKey } from "/shared/graphql.js";
import { html, useRef, useState } from "/shared/preact.js";
import { Act, Field, Notice } from "/shared/ui.js";
import { has, t } from "/shared/words.js";
import { SEND_TEST } from "./queries.js";

/** `message()` is what is written now. */
export function Trial({ message }) {
  const [member, setMember] = useState("");
  const [sent, setSent] = useState(null);
  const [fault, setFault] = useState("");
  const key = useRef(newKey());
  const send = async () => {
    setFault("");
    setSent(null);
    if (!member.trim()) return setFault(t("trial.lacks"));
    try {
      const input = { member: member.trim(), message: message(), idempotencyKey: key.current };
      const { answer } = await ask(SEND_TEST, { input });
      if (answer.message) return setFault(answer.message);
      if (answer.skip) return setFault(whyNot(answer.skip));
      key.current = newKey();
      return setSent(answer);
    } catch (error) {
      return setFault(error.code === "NOT_FOUND" ? t("trial.nobody") : say(error));
    }
  };
  const write = (event) => {
    key.current = newKey();
    setFault("");
    setSent(null);
    setMember(event.target.value);
  };
  return html`<form class="stack tight trial" aria-label=${t("trial.title")}>
    <${Field} label=${t("trial.member")} hint=${t("trial.hint")} name="trial" maxlength="254" spellcheck="false" fault=${fault} value=${member} onInput=${write} />
    <div class="row"><${Act} class="button" act=${send}>${t("trial.send")}<//></div>
    <div aria-live="polite">
      <${Notice} kind="good" icon="check" text=${sent ? t("trial.sent", { count: sent.locales.length }) : ""} />
      ${sent?.waitsUntil && html`<p class="small quiet">${t("trial.waits", { at: instant(sent.waitsUntil, desk.timezone) })}</p>`}
    </div>
  </form>`;
}

const whyNot = (skip) => t("trial.not", { why: has(`skip.${skip}`) ? t(`skip.${skip}`) : skip });
