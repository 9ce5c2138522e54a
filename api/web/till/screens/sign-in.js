/* Who stands at the till, and in which store. The store is remembered on this device. */

import { listed } from "/shared/format.js";
import { LanguagePicker } from "/shared/language.js";
import { toast } from "/shared/passing.js";
import { html } from "/shared/preact.js";
import { SignInSteps } from "/shared/staff-sign-in.js";
import { Field, mount, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { SIGN_IN } from "../queries.js";
import { isMine, queued } from "../queue.js";
import { hints, prefer, programmeName, session, till } from "../till.js";
import { say } from "./parts.js";

/* Who made what waits: it goes out under their own sign-in. */
function makers(rows) {
  return listed([...new Set(rows.map((row) => row.cashier))]);
}

const ask = async (input) => (await session.askPublic(SIGN_IN, { input })).staffSignIn;

export async function signInScreen(element) {
  const waiting = await queued(true);
  return mount(html`<${SignIn} waiting=${waiting} />`, element);
}

function SignIn({ waiting }) {
  const stores = till.programme?.stores ?? [];
  return html`<div class="welcome">
      <img src=${hints.icon ?? "/shared/selo.svg"} alt="" width="88" height="88" />
      <h1 tabindex="-1">${programmeName()}</h1>
      <p class="quiet">${t("signin.hint")}</p>
    </div>
    ${session.lapsed && html`<${Notice} icon="lock" text=${t("fault.signedout")} />`}
    ${
      waiting.length > 0 &&
      html`<${Notice} text=${t("signin.waiting", { count: waiting.length, cashiers: makers(waiting) })} />`
    }
    ${
      stores.length
        ? html`<${SignInSteps} Store=${Store} ask=${ask} say=${say} prefer=${prefer} begin=${begin} />`
        : till.programme
          ? html`<${Notice} text=${t("signin.nostore")} />`
          : html`<${Notice} kind="bad" icon="cloud" text=${till.trouble} />`
    }
    <${LanguagePicker} prefer=${prefer} />`;
}

function Store({ chosen }) {
  const { stores } = till.programme;
  const known = chosen ?? prefer("store");
  const first = stores.some(({ code }) => code === known) ? known : stores[0].code;
  return html`<${Field} label=${t("store")} as="select" name="store" required>
    ${stores.map(({ code, name }) => html`<option key=${code} value=${code} selected=${code === first}>${name}</option>`)}
  <//>`;
}

function begin(signedIn) {
  session.begin(signedIn, { staff: signedIn.staff, since: new Date().toISOString() });
  queued().then((rows) => {
    const theirs = rows.filter((row) => !isMine(row));
    if (theirs.length) toast(t("queue.others", { cashiers: makers(theirs) }));
  });
}
