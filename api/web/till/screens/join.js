/* Not a member yet: they join by their phone number or e-mail, with this sale kept for them until they do; on
   their own phone by a code that stands here, at this store; or some other day, by the code of this sale. */

import { money } from "/shared/format.js";
import { html, useMemo, useRef, useState } from "/shared/preact.js";
import { picture } from "/shared/qr.js";
import { Field, Notice, openSheet, Within } from "/shared/ui.js";
import { language, t } from "/shared/words.js";
import { ENROL_AT_TILL } from "../queries.js";
import { signal } from "../sounds.js";
import { go, till } from "../till.js";
import { Guest } from "./guest.js";
import { ask, finish, note, say } from "./parts.js";
import { SaleForm, useSale, waitingFigures } from "./waiting-sale.js";

export function joinSheet() {
  return openSheet(t("join"), Join);
}

/** Where somebody joins on their own phone, at this till's store. */
export function joinAddress() {
  return new URL(`/phone?store=${encodeURIComponent(till.staff.store.code)}`, location.href).href;
}

const WAYS = [
  ["join.contact", Invite],
  ["join.own", OwnPhone],
  ["join.later", Guest],
];

function Join({ close }) {
  const [chosen, choose] = useState("join.contact");
  const [, Way] = WAYS.find(([key]) => key === chosen);
  return html`<div class="stack join">
    <h2>${t("join")}</h2>
    <div class="segments" role="group" aria-label=${t("join")}>
      ${WAYS.map(
        ([key]) => html`<button
          key=${key}
          type="button"
          aria-pressed=${String(key === chosen)}
          onClick=${() => choose(key)}
        >
          ${t(key)}
        </button>`,
      )}
    </div>
    <${Way} close=${close} />
  </div>`;
}

function OwnPhone() {
  const qr = useMemo(() => !till.isTraining && picture(joinAddress(), t("join.qr")), []);
  if (till.isTraining) return html`<${Notice} icon="school" text=${t("training.own")} />`;
  return html`<p>${t("join.hint")}</p>
    <${Within} element=${qr} />
    <p class="small quiet">${joinAddress()}</p>`;
}

function Invite({ close }) {
  const { currency } = till.programme;
  const [contact, setContact] = useState("");
  const [fault, setFault] = useState("");
  const sale = useSale(contact);
  const box = useRef(null);

  async function act() {
    setFault("");
    sale.leave();
    if (!contact.trim() || sale.total === null) return undefined;
    try {
      const { enrolAtTill: answer } = await ask(ENROL_AT_TILL, {
        input: { contact: contact.trim(), locale: language, sale: sale.take(), idempotencyKey: sale.key() },
      });
      return answered(answer);
    } catch (error) {
      signal("bad");
      return setFault(say(error));
    }
  }

  function answered(answer) {
    if (answer.__typename === "AlreadyEnrolled") {
      close();
      return go("customer", { customer: answer.customer });
    }
    if (answer.__typename !== "InvitedAtTill") {
      signal("bad");
      return setFault(answer.message);
    }
    const { sale: parked, codeSentTo } = answer;
    note(
      "MEMBER_INVITED",
      parked?.externalId ?? codeSentTo,
      parked ? { amount: parked.total, currency } : {},
    );
    finish(box.current, {
      title: t("joined"),
      name: parked ? money(parked.total, currency) : codeSentTo,
      subtitle: t(parked ? "joined.sale" : "joined.code", { contact: codeSentTo }),
      ...waitingFigures(parked, currency),
    });
    return close();
  }

  return html`<${SaleForm} box=${box} sale=${sale} fault=${fault} act=${act} button=${t("join.send")} hint=${t("join.contact.hint")}>
    <${Field}
      label=${t("join.contact.label")}
      name="contact"
      autocapitalize="none"
      spellcheck="false"
      fault=${sale.isLeft && !contact.trim() ? t("factor.empty") : ""}
      value=${contact}
      onInput=${(event) => setContact(event.target.value)}
    />
  <//>`;
}
