/* Terms that changed since they were accepted. */

import { html, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { sheet } from "../dialogs.js";
import { say } from "../faults.js";
import { session } from "../phone.js";
import { ACCEPT_TERMS } from "../queries.js";
import { Act, Notice, toast } from "../ui.js";
import { TermsLink } from "./parts.js";

export async function askForTerms(terms) {
  await sheet(t("terms.title"), Terms, { terms });
}

function Terms({ terms, close }) {
  const [fault, setFault] = useState("");
  const accept = async () => {
    try {
      const { acceptTerms } = await session.ask(ACCEPT_TERMS, { input: { version: terms.version } });
      if (acceptTerms.message) toast(acceptTerms.message, "bad");
      close();
    } catch (error) {
      setFault(say(error));
    }
  };
  return html`<div class="stack">
    <h2>${t("terms.title")}</h2>
    <p>${t("terms.changed")}</p>
    <${TermsLink} terms=${terms} />
    <div aria-live="assertive">${fault && html`<${Notice} kind="bad" icon="cloud">${fault}<//>`}</div>
    <${Act} class="button primary wide tall" act=${accept}>${t("terms.accept")}<//>
  </div>`;
}
