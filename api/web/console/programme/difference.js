/* What differs between two versions, place by place, as people read it. */

import { html, useEffect, useState } from "/shared/preact.js";
import { Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask } from "../console.js";
import { say } from "../faults.js";
import { DIFFERENCE } from "./queries.js";

const KINDS = { ADDED: "good", REMOVED: "bad", CHANGED: "gold", MOVED: "" };

/** What differs from `base`: `version`, or `text`, is the newer one. `goTo(line)`, where given, leads there. */
export function Difference({ base, version, text, goTo }) {
  const [changes, setChanges] = useState(null);
  const [fault, setFault] = useState("");
  useEffect(() => {
    let isGone = false;
    setFault("");
    ask(DIFFERENCE, { base, version, text }).then(
      ({ programmeDifference }) => !isGone && setChanges(programmeDifference),
      (error) => {
        if (isGone) return;
        setChanges([]);
        setFault(error.code === "BAD_INPUT" ? t("changes.unread") : say(error));
      },
    );
    return () => {
      isGone = true;
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
