/* The members of a segment, a page at a time; each page is a look-up that is noted. */

import { ask, go } from "/console/console.js";
import { say } from "/console/faults.js";
import { Table } from "/console/operations/waiting.js";
import { Reading, useReading } from "/console/reading.js";
import { html, useState } from "/shared/preact.js";
import { Act, Icon, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { MEMBERS } from "./queries.js";

export function Members({ filters }) {
  const segment = new URLSearchParams(filters).get("segment") ?? "";
  const [more, setMore] = useState({ members: [], end: null });
  const [fault, setFault] = useState("");
  const reading = useReading(async () => (await ask(MEMBERS, { segment })).segmentMembers, [segment]);
  const name = reading.answer?.segmentName ?? segment;
  const page = more.end ?? reading.answer?.pageInfo;
  const next = async () => {
    setFault("");
    try {
      const { segmentMembers } = await ask(MEMBERS, { segment, after: page.endCursor });
      setMore({ members: [...more.members, ...segmentMembers.members], end: segmentMembers.pageInfo });
    } catch (error) {
      setFault(say(error));
    }
  };
  return html`<div class="row spread wrap">
      <h2>${t("segment.of", { segment: name })}</h2>
      <button class="button" type="button" onClick=${() => go("segments")}><${Icon} name="back" />${t("segments.list")}</button>
    </div>
    <p class="quiet">${t("find.noted")}</p>
    <${Reading} reading=${reading}>${({ members }) =>
      members.length
        ? html`<${Table} name=${t("segment.of", { segment: name })} heads=${[t("member.name"), t("member.number"), t("tier"), t("tags")]}>
            ${[...members, ...more.members].map(
              (each) => html`<tr key=${each.customer}>
                <th scope="row"><button class="button plain flush" type="button" onClick=${() => go("member", each.customer)}>${each.name || each.number}</button>${each.isFrozen && html` <span class="chip">${t("status.FROZEN")}</span>`}</th>
                <td class="mono">${each.number}</td>
                <td>${each.tierName ?? each.tier ?? "–"}</td>
                <td>${each.tags.join(", ") || "–"}</td>
              </tr>`,
            )}
          <//>
          ${page.hasNextPage && html`<${Act} class="button wide" type="button" act=${next}>${t("more")}<//>`}`
        : html`<p class="card empty quiet">${t("segment.nobody")}</p>`}<//>
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>`;
}
