/* Who stands here chooses the language, also before the sign-in; `prefer` keeps it on this device. */

import { html } from "/shared/preact.js";
import { language, t } from "/shared/words.js";

const LANGUAGES = [
  ["en", "English"],
  ["pt", "Português"],
  ["pl", "Polski"],
];

export function LanguagePicker({ prefer }) {
  const choose = (tag) => {
    prefer("language", tag);
    location.reload();
  };
  return html`<div class="segments" role="group" aria-label=${t("language")}>
    ${LANGUAGES.map(
      ([tag, name]) => html`<button
        key=${tag}
        type="button"
        lang=${tag}
        aria-pressed=${String(tag === language)}
        onClick=${() => choose(tag)}
      >
        ${name}
      </button>`,
    )}
  </div>`;
}
