/* What operators run: its parts stand in a row, and each has an address. */

import { go } from "/console/console.js";
import { useTabs } from "/console/tabs.js";
import { html } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { Audit } from "./audit.js";
import { Shifts } from "./shifts.js";
import { Staff } from "./staff.js";
import { Stores } from "./stores.js";
import { Systems } from "./systems.js";
import { Intake, Outbox, Waiting } from "./waiting.js";

const PARTS = {
  waiting: Waiting,
  intake: Intake,
  outbox: Outbox,
  staff: Staff,
  stores: Stores,
  systems: Systems,
  shifts: Shifts,
  audit: Audit,
};

export function Operations({ thing, filters }) {
  const name = thing in PARTS ? thing : "waiting";
  const row = useTabs(name);
  const Part = PARTS[name];
  return html`<h1 tabindex="-1">${t("page.operations")}</h1>
    <nav class="parts tabs" ref=${row} aria-label=${t("page.operations")}>
      ${Object.keys(PARTS).map(
        (each) => html`<button
          key=${each}
          type="button"
          aria-current=${each === name ? "page" : undefined}
          onClick=${() => go("operations", each)}
        >
          ${t(`part.${each}`)}
        </button>`,
      )}
    </nav>
    <${Part} filters=${filters} />`;
}
