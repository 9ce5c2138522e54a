/* A screen that is read from the server: while it comes, where it does not, and what it shows. */

import { html, useEffect, useState } from "/shared/preact.js";
import { Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { say } from "./faults.js";

/** Read once, and anew whenever one of `keys` changes or `again` is called; what stood there stays meanwhile. */
export function useReading(read, keys) {
  const [reading, setReading] = useState({ answer: null, fault: "" });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isMeant = true;
    read().then(
      (answer) => isMeant && setReading({ answer, fault: "" }),
      (error) => isMeant && setReading((before) => ({ ...before, fault: say(error) })),
    );
    return () => {
      isMeant = false;
    };
  }, [...keys, round]);
  return { ...reading, again: () => setRound((before) => before + 1) };
}

/** Why nothing came, or that it is on its way; `children` draws the answer once it is here. */
export function Reading({ reading, children }) {
  const { answer, fault, again } = reading;
  return html`${
    fault &&
    html`<${Notice} kind="bad" icon="cloud" text=${fault} />
        <button class="button" type="button" onClick=${again}>${t("again")}</button>`
  }
    ${!answer && !fault && html`<div class="skeleton tall" role="status" aria-label=${t("loading")}></div>`}
    ${answer && children(answer)}`;
}
