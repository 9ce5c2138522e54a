/* The published versions: what each was for, who published it, what it changed, and the way back to it. */

import { instant } from "/shared/format.js";
import { html, useState } from "/shared/preact.js";
import { saveBlob } from "/shared/saving.js";
import { Act, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask, desk } from "../console.js";
import { Difference } from "./difference.js";
import { TEXT, VERSIONS } from "./queries.js";

/** `listed` is the first page of versions; `load(text, version)` puts one into the editor. */
export function Versions({ listed, load, tell }) {
  const [older, setOlder] = useState([]);
  const all = [...listed.versions, ...older];
  const last = all.at(-1)?.version ?? 1;
  const more = async () => {
    const { programmeVersions } = await ask(VERSIONS, { before: last });
    setOlder([...older, ...programmeVersions.versions]);
  };
  return html`<ul class="lines versions">
      ${all.map((each) => html`<li key=${each.version}><${Version} each=${each} current=${listed.current} load=${load} tell=${tell} /></li>`)}
    </ul>
    ${last > 1 && html`<${Act} class="button wide" type="button" act=${() => tell(more)}>${t("more")}<//>`}`;
}

function Version({ each, current, load, tell }) {
  const { version, note, publishedAt, approvedBy, isCurrent } = each;
  const fetched = async () => (await ask(TEXT, { version })).programmeText;
  const save = () => tell(async () => download(await fetched(), version));
  return html`<div class="grow stack tight">
    <div class="row wrap part">
      <h2 class="third">${t("version", { version })}</h2>
      ${isCurrent && html`<span class="chip good">${t("version.rules")}</span>`}
      <span class="quiet small">${instant(publishedAt, desk.timezone)}</span>
    </div>
    <p>${note ?? html`<span class="quiet">${t("version.noteless")}</span>`}</p>
    <p class="small quiet">
      ${byText(each)}
      ${approvedBy && ` ${t("proposal.approved", { name: approvedBy })}`}
    </p>
    <div class="row wrap tight-row">
      ${version > 1 && html`<button class="button plain" type="button" onClick=${() => openSheet(t("version", { version }), Changed, { each })}>${t("version.changes")}</button>`}
      ${version !== current && html`<${Act} class="button plain" type="button" act=${() => tell(async () => load(await fetched(), version))}>${t("version.back")}<//>`}
      <${Act} class="button plain" type="button" act=${save}>${t("version.save")}<//>
    </div>
  </div>`;
}

/* Who published: the first start and some commands leave no name. */
function byText({ publishedBy, version }) {
  const [kind, name] = publishedBy.split(":");
  if (!publishedBy && version === 1) return t("version.start");
  if (!publishedBy || (kind === "cli" && !name)) return t("version.nameless");
  if (kind === "cli") return `${t("version.by", { name })}, ${t("version.shell")}`;
  return t("version.by", { name: publishedBy });
}

function Changed({ each: { version } }) {
  return html`<div class="stack">
    <h2>${t("version.changed", { version })}</h2>
    <${Difference} base=${version - 1} version=${version} />
  </div>`;
}

/** Save a text as a file on this device. */
export function download(text, version) {
  saveBlob(new Blob([text], { type: "application/yaml" }), `programme-${version}.yaml`);
}
