/* One of the stores, or all of them; one that an address names and nobody knows stands there as its code. */

import { ask } from "/console/console.js";
import { useReading } from "/console/reading.js";
import { html } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { STORE_NAMES } from "./queries.js";
import { Choice } from "./waiting.js";

export function StorePicker({ value, choose }) {
  const { answer } = useReading(async () => (await ask(STORE_NAMES)).stores, []);
  const stores = (answer ?? []).map((each) => [each.code, each.name]);
  const isKnown = !value || stores.some(([code]) => code === value);
  const all = [["", t("stores.all")], ...stores, ...(isKnown ? [] : [[value, value]])];
  return html`<${Choice} name="store" label=${t("store")} of=${all} value=${value} choose=${choose} />`;
}
