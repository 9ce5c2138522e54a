/* Finding a member: by number, e-mail or phone exactly, else by last digits or the beginning of a name. */

import { newKey } from "/shared/graphql.js";
import { toast } from "/shared/passing.js";
import { html, useRef, useState } from "/shared/preact.js";
import { Act, Field, Icon, Notice, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask, desk, go } from "../console.js";
import { say } from "../faults.js";
import { FIND, FIND_MANY, INVITE } from "../queries.js";

const SHORTEST_NAME = 3;
const SHORTEST_END = 4;
/* So many are told of at most: FIND_MANY asks for no more, and there is no next page of strangers. */
const MOST_MATCHES = 20;
/* So many digits may be a whole number. */
const WHOLE = 9;

export function Find() {
  const [text, setText] = useState(desk.search?.text ?? "");
  const [matches, setMatches] = useState(desk.search?.matches ?? null);
  const [fault, setFault] = useState("");
  const box = useRef(null);
  const find = async () => {
    setFault("");
    try {
      const answer = await search(text.trim());
      if (!box.current) return undefined; // gone on to another screen meanwhile
      if (answer.problem) return setFault(answer.problem);
      if (answer.id) return go("member", answer.id);
      desk.search = { text, matches: answer.matches };
      return setMatches(answer.matches);
    } catch (error) {
      return setFault(say(error));
    }
  };
  return html`<div class="row spread wrap">
      <h1 tabindex="-1">${t("page.find")}</h1>
      <div class="row wrap">
        <button class="button" type="button" onClick=${later("enrol", async () => (await import("/console/screens/enrolling.js")).Enrolling)}>
          <${Icon} name="plus" />${t("enrol")}
        </button>
        <button class="button" type="button" onClick=${() => openSheet(t("invite"), Inviting)}>
          <${Icon} name="share" />${t("invite")}
        </button>
        <button class="button" type="button" onClick=${later("bulk", async () => (await import("/console/screens/bulk.js")).Bulk)}>
          <${Icon} name="list" />${t("bulk")}
        </button>
      </div>
    </div>
    <form
      class="card search"
      role="search"
      ref=${box}
      onSubmit=${(event) => {
        event.preventDefault();
        box.current.querySelector(".primary").click();
      }}
    >
      <${Field}
        label=${t("find")}
        hint=${t("find.hint")}
        fault=${fault}
        name="member"
        autofocus
        spellcheck="false"
        maxlength="100"
        value=${text}
        onInput=${(event) => setText(event.target.value)}
      />
      <${Act} class="button primary" act=${find}>${t("find.go")}<//>
    </form>
    <div aria-live="polite">${matches && html`<${Matches} matches=${matches} />`}</div>
    <p class="small quiet">${t("find.noted")}</p>`;
}

/* Open a sheet that is fetched only now. */
function later(name, load) {
  return async () => {
    try {
      openSheet(t(name), await load());
    } catch {
      toast(t("fault.network"), "bad");
    }
  };
}

function Matches({ matches }) {
  if (!matches.length) return html`<${Notice} icon="person" text=${t("find.nobody")} />`;
  return html`<div class="stack tight">
    <p class="small quiet">${t(matches.length < MOST_MATCHES ? "find.count" : "find.first", { count: matches.length })}</p>
    <ul class="card matches">
      ${matches.map(
        (match) => html`<li key=${match.id}>
          <button type="button" onClick=${() => go("member", match.id)}>
            <strong>${match.name}</strong>
            <span class="num quiet">${match.numberHint}</span>
            <span class="quiet">${match.contacts.join(" · ")}</span>
            <${Icon} name="forward" />
          </button>
        </li>`,
      )}
    </ul>
  </div>`;
}

/* Return the one member that a text names, else those who may be meant, or why nobody can be found so. */
async function search(text) {
  const digits = text.replace(/[\s().-]/g, "");
  const isNumber = /^\+?\d+$/.test(digits);
  if (text.includes("@") || (isNumber && digits.length >= WHOLE)) {
    const { findCustomer } = await ask(FIND, { contact: text });
    if (findCustomer) return findCustomer;
    if (!isNumber) return { matches: [] };
  }
  if (isNumber && digits.length < SHORTEST_END) return { problem: t("find.digits", { count: SHORTEST_END }) };
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  if (!isNumber && letters < SHORTEST_NAME) return { problem: t("find.letters", { count: SHORTEST_NAME }) };
  const { findCustomers } = await ask(FIND_MANY, {
    first: MOST_MATCHES,
    ...(isNumber ? { lastDigits: digits.replace("+", "") } : { nameBegins: text }),
  });
  return { matches: findCustomers };
}

/* A code to their contact lets somebody join; nobody here ever sees it. */
function Inviting({ close }) {
  const [contact, setContact] = useState("");
  const [locale, setLocale] = useState(desk.programme?.locales[0]);
  const [fault, setFault] = useState("");
  const [known, setKnown] = useState(null);
  const key = useRef(newKey());
  const box = useRef(null);
  const send = async () => {
    setFault("");
    setKnown(null);
    try {
      const input = { contact: contact.trim(), locale, idempotencyKey: key.current };
      const { enrolAtTill } = await ask(INVITE, { input });
      if (enrolAtTill.__typename === "InvitedAtTill") {
        toast(t("invite.done", { contact: enrolAtTill.codeSentTo }));
        return close();
      }
      setKnown(enrolAtTill.customer ?? null);
      return setFault(enrolAtTill.message);
    } catch (error) {
      return setFault(say(error));
    }
  };
  const open = () => {
    close();
    go("member", known.id);
  };
  return html`<form
    class="stack"
    ref=${box}
    onInput=${() => {
      key.current = newKey();
    }}
    onSubmit=${(event) => {
      event.preventDefault();
      box.current.querySelector(".primary").click();
    }}
  >
    <h2>${t("invite")}</h2>
    <p class="quiet">${t("invite.hint")}</p>
    <${Field}
      label=${t("invite.contact")}
      name="contact"
      value=${contact}
      onInput=${(event) => setContact(event.target.value)}
    />
    ${
      desk.programme?.locales.length > 1 &&
      html`<${Field} as="select" label=${t("invite.locale")} name="locale" value=${locale} onChange=${(event) => setLocale(event.target.value)}>
        ${desk.programme.locales.map((each) => html`<option key=${each} value=${each}>${each}</option>`)}
      <//>`
    }
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    ${known && html`<button class="button wide" type="button" onClick=${open}>${t("invite.open")}</button>`}
    <${Act} class="button primary tall wide" act=${send}>${t("invite.go")}<//>
  </form>`;
}
