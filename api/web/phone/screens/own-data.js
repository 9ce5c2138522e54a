/* The member's own data, as a file of the device. */

import { html } from "/shared/preact.js";
import { saveFile } from "/shared/saving.js";
import { t } from "/shared/words.js";
import { ask, session } from "../phone.js";
import { EXPORT } from "../queries.js";
import { Form, Section, toast } from "../ui.js";

export function OwnData() {
  const take = async () => {
    const { exportMyData } = await ask(EXPORT, {});
    await saveFile(session, exportMyData.path, "my-data.json");
    toast(t("data.done"));
  };
  return html`<${Section} title=${t("data")}>
    <${Form} act=${take} button=${t("data.fetch")} icon="download"><p class="small quiet">${t("data.hint")}</p><//>
  <//>`;
}
