/* Who signs in at the console: everybody here has a second factor, and no store. */

import { LanguagePicker } from "/shared/language.js";
import { html } from "/shared/preact.js";
import { SignInSteps } from "/shared/staff-sign-in.js";
import { Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { desk, prefer, session } from "../console.js";
import { say } from "../faults.js";
import { SIGN_IN } from "../queries.js";

const ask = async (input) => (await session.askPublic(SIGN_IN, { input })).staffSignIn;
const begin = (signedIn) => session.begin(signedIn, { staff: signedIn.staff });

export function SignIn() {
  return html`<div class="narrow stack">
    <div class="welcome">
      <img src="/shared/selo.svg" alt="" width="72" height="72" />
      <h1 tabindex="-1">${desk.programme?.name ?? t("title")}</h1>
      <p class="quiet">${t("signin.hint")}</p>
    </div>
    ${session.lapsed && html`<${Notice} icon="lock" text=${t("fault.signedout")} />`}
    ${desk.trouble && html`<${Notice} kind="bad" icon="cloud" text=${desk.trouble} />`}
    <${SignInSteps} ask=${ask} say=${say} prefer=${prefer} begin=${begin} />
    <${LanguagePicker} prefer=${prefer} />
  </div>`;
}
