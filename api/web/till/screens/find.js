/* A member without card and number: by the last digits of their phone or number, or the beginning of their name.
   Each who is shown counts as a look-up, so few are. */

import { html, useEffect, useRef, useState } from "/shared/preact.js";
import { Act, Field, Icon, Notice, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { FIND_BY_ID, FIND_MANY } from "../queries.js";
import { signal } from "../sounds.js";
import { go } from "../till.js";
import { ask, say } from "./parts.js";

const LEAST_DIGITS = 4;
const LEAST_LETTERS = 2;

export function findSheet() {
  return openSheet(t("find"), Find);
}

/** Return what is asked of the server for what somebody typed, null where it is too little. */
export function askedBy(typed) {
  const text = typed.trim();
  const digits = text.replace(/[\s().+-]/g, "");
  if (/^\d+$/.test(digits)) return digits.length < LEAST_DIGITS ? null : { lastDigits: digits };
  return text.length < LEAST_LETTERS ? null : { nameBegins: text };
}

function Find({ close }) {
  const [typed, setTyped] = useState("");
  const [matches, setMatches] = useState(null);
  const [fault, setFault] = useState("");
  const box = useRef(null);
  useEffect(() => box.current.querySelector("input").focus(), []);

  async function act() {
    const asked = askedBy(typed);
    setMatches(null);
    if (!asked) return setFault(t("find.short"));
    setFault("");
    try {
      return setMatches((await ask(FIND_MANY, asked)).findCustomers);
    } catch (error) {
      signal("bad");
      return setFault(say(error));
    }
  }

  async function choose({ id }) {
    try {
      const { node } = await ask(FIND_BY_ID, { id });
      close();
      go("customer", { customer: node });
    } catch (error) {
      signal("bad");
      setFault(say(error));
    }
  }

  return html`<div class="stack" ref=${box}>
    <form
      class="stack"
      onSubmit=${(event) => {
        event.preventDefault();
        box.current.querySelector(".primary").click();
      }}
    >
      <h2>${t("find")}</h2>
      <${Field}
        label=${t("find.label")}
        hint=${t("find.hint")}
        name="who"
        spellcheck="false"
        value=${typed}
        onInput=${(event) => setTyped(event.target.value)}
      />
      <${Act} class="button primary wide" act=${act}>${t("refund.find")}<//>
    </form>
    <div class="stack tight" aria-live="polite">
      <${Notice} kind="bad" icon="close" text=${fault} />
      ${matches?.length === 0 && html`<${Notice} icon="person" text=${t("find.nobody")} />`}
      ${
        matches?.length > 0 &&
        html`<ul class="lines card matches">
          ${matches.map(
            (each) => html`<li key=${each.id}>
              <span class="grow"
                ><strong>${each.name}</strong><small class="why">${[each.numberHint, ...each.contacts].join(" · ")}</small></span
              >
              <${Act} class="button round plain" aria-label=${t("find.choose", { name: each.name })} act=${() => choose(each)}>
                <${Icon} name="forward" />
              <//>
            </li>`,
          )}
        </ul>`
      }
    </div>
  </div>`;
}
