/* The rarer acts, behind one button that stands beside the frequent ones. */

import { html, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";

/** `about` says whose they are to who hears the page, where several such buttons stand on it. */
export function More({ about, children }) {
  const [isOpen, setOpen] = useState(false);
  const label = about && `${t("acts.more")}: ${about}`;
  return html`<button class="button" type="button" aria-label=${label} aria-expanded=${String(isOpen)} onClick=${() => setOpen(!isOpen)}>
      ${t("acts.more")}
    </button>
    ${isOpen && html`<div class="row wrap acts rarer">${children}</div>`}`;
}
