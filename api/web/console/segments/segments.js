/* Segments, and what is done with many members: its parts stand in a row, and each has an address. */

import { ask, go } from "/console/console.js";
import { Table } from "/console/operations/waiting.js";
import { Reading, useReading } from "/console/reading.js";
import { useTabs } from "/console/tabs.js";
import { html } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { Files } from "./files.js";
import { Members } from "./members.js";
import { Messages } from "./messages.js";
import { SEGMENTS } from "./queries.js";
import { sizeOf } from "./size.js";
import { Tags } from "./tags.js";

const PARTS = { list: List, messages: Messages, tags: Tags, files: Files };

export function Segments({ thing, filters }) {
  const name = thing in PARTS ? thing : "list";
  const row = useTabs(name);
  const isMembers = thing === "members";
  const Part = isMembers ? Members : PARTS[name];
  return html`<h1 tabindex="-1">${t("page.segments")}</h1>
    <nav class="parts tabs" ref=${row} aria-label=${t("page.segments")}>
      ${Object.keys(PARTS).map(
        (each) => html`<button
          key=${each}
          type="button"
          aria-current=${each === name ? "page" : undefined}
          onClick=${() => go("segments", each)}
        >
          ${t(`segments.${each}`)}
        </button>`,
      )}
    </nav>
    <${Part} filters=${filters} />`;
}

function List() {
  const reading = useReading(async () => (await ask(SEGMENTS)).segments, []);
  return html`<p class="quiet">${t("segments.hint")}</p>
    <${Reading} reading=${reading}>${(segments) =>
      segments.length
        ? html`<${Table} isStacked name=${t("segments.list")} heads=${[t("segment"), t("segment.rule"), t("segment.members"), ""]}>
            ${segments.map((each) => html`<${Row} key=${each.code} each=${each} />`)}
          <//>`
        : html`<p class="card empty quiet">${t("segments.none")}</p>`}<//>`;
}

function Row({ each }) {
  const to = (part) => () => go("segments", part, new URLSearchParams({ segment: each.code }));
  const acts = [
    ["members", "segment.look"],
    ["messages", "segment.write"],
    ["tags", "segment.tag"],
    ["files", "segment.file"],
  ];
  return html`<tr>
    <th scope="row">${each.name}<small class="under quiet mono">${each.code}</small></th>
    <td class="mono">${each.rule}</td>
    <td class="num" data-head=${t("segment.members")}>${sizeOf(each)}${!each.isCounted && html`<small class="under quiet">${t("segment.uncounted")}</small>`}</td>
    <td><div class="row acts">
      ${acts.map(([part, word]) => html`<button key=${part} class="button" type="button" aria-label=${`${t(word)}: ${each.name}`} onClick=${to(part)}>${t(word)}</button>`)}
    </div></td>
  </tr>`;
}
