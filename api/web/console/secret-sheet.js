/* What is secret and shown once: to be copied and handed on, and gone with the sheet. */

import { toast } from "/shared/passing.js";
import { html } from "/shared/preact.js";
import { Notice, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";

/** Show secrets, each with its name in the words, until the sheet is closed. */
export function showSecrets(secrets) {
  return openSheet(t("secret"), Secrets, { secrets });
}

function Secrets({ secrets, close }) {
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      toast(t("secret.copied"));
    } catch {
      toast(t("secret.uncopied"), "bad");
    }
  };
  return html`<div class="stack">
    <h2>${t("secret")}</h2>
    <${Notice} icon="lock" text=${t("secret.hint")} />
    ${secrets.map(
      ([name, text]) => html`<div class="stack tight" key=${name}>
        <h3>${t(name)}</h3>
        <p class="secret-text mono" data-secret=${name}>${text}</p>
        <button class="button" type="button" onClick=${() => copy(text)}>${t("secret.copy")}</button>
      </div>`,
    )}
    <button class="button primary wide" type="button" onClick=${() => close()}>${t("secret.kept")}</button>
  </div>`;
}
