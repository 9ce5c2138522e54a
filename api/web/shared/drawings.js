/* The line drawings of all pages. */

import { STROKES } from "./icons.js";
import { html } from "./preact.js";

/** A line drawing of ours, as large as the text beside it. */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${STROKES[name]} /></svg>`;
}
