/* What members say: words beside the scores of surveys, and nicknames. Its parts stand in a row, and each has an
   address. */

import { desk, go } from "/console/console.js";
import { html } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { Comments } from "./comments.js";
import { Nicknames } from "./nicknames.js";

/* Analysts read what is said, and by nobody. */
const partsFor = (role) =>
  role === "ANALYST" ? { comments: Comments } : { comments: Comments, nicknames: Nicknames };

export function Voices({ thing, filters }) {
  const parts = partsFor(desk.staff.role);
  const name = thing in parts ? thing : "comments";
  const Part = parts[name];
  return html`<h1 tabindex="-1">${t("page.voices")}</h1>
    <nav class="parts" aria-label=${t("page.voices")}>
      ${Object.keys(parts).map(
        (
          each,
        ) => html`<button key=${each} type="button" aria-current=${each === name ? "page" : undefined} onClick=${() => go("voices", each)}>
          ${t(`voices.${each}`)}
        </button>`,
      )}
    </nav>
    <${Part} filters=${filters} />`;
}
