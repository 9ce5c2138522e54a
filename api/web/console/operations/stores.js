/* Stores: opened, and given another name. */

import { ask } from "/console/console.js";
import { say } from "/console/faults.js";
import { Reading, useReading } from "/console/reading.js";
import { toast } from "/shared/passing.js";
import { html, useState } from "/shared/preact.js";
import { WithReason } from "/shared/reasoned.js";
import { Field, Icon, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ADD_STORE, RENAME_STORE, STORES } from "./queries.js";
import { Table } from "./waiting.js";

export function Stores() {
  const reading = useReading(async () => (await ask(STORES)).stores, []);
  const open = (props) => () => openSheet(t("part.stores"), Saving, { ...props, again: reading.again });
  return html`<p class="quiet">${t("stores.hint")}</p>
    <${Reading} reading=${reading}>${(stores) => html`
      <div class="row"><button class="button primary" type="button" onClick=${open({})}><${Icon} name="plus" />${t("stores.add")}</button></div>
      ${
        stores.length
          ? html`<${Table} name=${t("part.stores")} heads=${[t("stores.name"), t("stores.code"), ""]}>
              ${stores.map(
                (each) => html`<tr key=${each.code}>
                  <th scope="row">${each.name}</th>
                  <td class="mono">${each.code}</td>
                  <td><button class="button" type="button" onClick=${open({ store: each })}>${t("stores.rename")}</button></td>
                </tr>`,
              )}
            <//>`
          : html`<p class="card empty quiet">${t("stores.none")}</p>`
      }`}<//>`;
}

function Saving({ store, again, close }) {
  const [name, setName] = useState(store?.name ?? "");
  const [code, setCode] = useState(store?.code ?? "");
  const [isAsked, setAsked] = useState(false);
  const title = t(store ? "stores.rename" : "stores.add");
  const act = async (reason) => {
    await ask(store ? RENAME_STORE : ADD_STORE, { input: { code: code.trim(), name: name.trim(), reason } });
    toast(t("stores.saved", { name }));
    again();
    return "";
  };
  const fault = (text) => (isAsked && !text.trim() ? t("fill") : "");
  return html`<${WithReason} title=${title} hint=${t(store ? "stores.rename.hint" : "stores.add.hint")} isReady=${Boolean(name.trim() && code.trim())} onAsked=${() => setAsked(true)} confirm=${title} act=${act} say=${say} close=${close}>
    <${Field} label=${t("stores.name")} name="name" autofocus maxlength="100" fault=${fault(name)} value=${name} onInput=${(event) => setName(event.target.value)} />
    ${!store && html`<${Field} label=${t("stores.code")} hint=${t("stores.code.hint")} name="code" spellcheck="false" maxlength="64" fault=${fault(code)} value=${code} onInput=${(event) => setCode(event.target.value)} />`}
  <//>`;
}
