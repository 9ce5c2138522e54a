/* What differs between two versions, place by place, as people read it. */

import { html, useEffect, useState } from "/shared/preact.js";
import { Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask } from "../console.js";
import { say } from "../faults.js";
import { DIFFERENCE } from "./queries.js";

/* What the server was too busy for is asked again after this pause. */
const AGAIN_MS = 1500;
const KINDS = { ADDED: "good", REMOVED: "bad", CHANGED: "gold", MOVED: "" };

/** What differs from `base`: `version`, or `text`, is the newer one. `goTo(line)`, where given, leads there. */
export function Difference({ base, version, text, goTo }) {
  const [changes, setChanges] = useState(null);
  const [fault, setFault] = useState("");
  useEffect(() => {
    let isGone = false;
    let timer;
    const look = async () => {
      try {
        const { programmeDifference } = await ask(DIFFERENCE, { base, version, text });
        if (isGone) return;
        setChanges(programmeDifference);
        setFault("");
      } catch (error) {
        if (isGone) return;
        setFault(error.code === "BAD_INPUT" ? t("changes.unread") : say(error));
        if (error.code === "BUSY") timer = setTimeout(look, AGAIN_MS);
      }
    };
    setFault("");
    look();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [base, version, text]);
  if (fault) return html`<${Notice} kind="bad" icon="alert" text=${fault} />`;
  if (!changes) return html`<div class="skeleton" role="status" aria-label=${t("loading")}></div>`;
  if (!changes.length) return html`<p class="quiet" role="status">${t("changes.none")}</p>`;
  return html`<p class="small quiet" role="status">${t("changes.count", { count: changes.length })}</p>
    <ul class="lines changes">
      ${changes.map((change, place) => html`<li key=${place}><${Change} change=${change} goTo=${change.changeKind !== "REMOVED" ? goTo : undefined} /></li>`)}
    </ul>`;
}

function Change({ change, goTo }) {
  const { changeKind, path, before, after, line } = change;
  return html`<div class="grow stack tight">
    <div class="row wrap part">
      <span class=${`chip ${KINDS[changeKind]}`}>${t(`change.${changeKind}`)}</span>
      <code class="code small">${path}</code>
      ${goTo && html`<button class="button plain small-button" type="button" onClick=${() => goTo(line)}>${t("line", { line })}</button>`}
    </div>
    ${before !== null && html`<p class="value was"><span class="unseen">${t("change.before")} </span><del>${before}</del></p>`}
    ${after !== null && html`<p class="value"><span class="unseen">${t("change.after")} </span><ins>${after}</ins></p>`}
  </div>`;
}
