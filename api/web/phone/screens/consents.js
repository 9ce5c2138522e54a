/* What the member agrees to: each purpose, for each of its channels where it has some, and every answer so far. */

import { dayOf } from "/shared/format.js";
import { html, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { say } from "../faults.js";
import { ask, phone } from "../phone.js";
import { SET_CONSENT } from "../queries.js";
import { Section, toast } from "../ui.js";

export function Consents({ answers }) {
  const purposes = phone.programme?.consents ?? [];
  if (!purposes.length) return null;
  return html`<${Section} title=${t("consents")}>
    ${purposes.map(
      (purpose) => html`<${Purpose}
        key=${purpose.purpose}
        purpose=${purpose}
        answer=${answers.find((each) => each.purpose === purpose.purpose)}
      />`,
    )}
  <//>`;
}

/* What was never asked stands as not granted; granting means the wording shown here. An answer that was given
   when the purpose had no channels is about all of them. */
function Purpose({ purpose: { purpose, title, wording, wordingVersion, channels }, answer }) {
  const all = channels ?? [];
  const agreed = (channel) =>
    Boolean(answer?.granted) && (!answer.channels?.length || answer.channels.includes(channel));
  const [chosen, setChosen] = useState(all.length ? all.filter(agreed) : answer?.granted ? [""] : []);
  const toggle = async (channel, isOn) => {
    const before = chosen;
    const now = isOn ? [...before, channel] : before.filter((each) => each !== channel);
    setChosen(now);
    const granted = now.length > 0;
    const input = { purpose, granted, wordingVersion };
    try {
      await ask(SET_CONSENT, {
        input:
          all.length && granted ? { ...input, channels: all.filter((each) => now.includes(each)) } : input,
      });
      toast(t("saved"));
    } catch (error) {
      setChosen(before);
      toast(say(error), "bad");
    }
  };
  const box = (channel, name) =>
    html`<input type="checkbox" name=${name} checked=${chosen.includes(channel)} onChange=${(event) => toggle(channel, event.target.checked)} />`;
  const since = answer?.at && html`<small class="why">${told(answer)}</small>`;
  const words = html`<strong>${title}</strong><small class="why">${wording}</small>`;
  return html`<div class="stack tight">
    ${
      all.length
        ? html`<fieldset class="stack tight">
            <legend><span>${words}</span></legend>
            ${all.map(
              (channel) =>
                html`<label class="choice" key=${channel}>${box(channel, `${purpose}-${channel}`)}<span>${t(`channel.${channel}`)}</span></label>`,
            )}
            ${since}
          </fieldset>`
        : html`<label class="choice">${box("", purpose)}<span>${words}${since}</span></label>`
    }
    <${Earlier} answer=${answer} />
  </div>`;
}

function Earlier({ answer }) {
  const before = (answer?.history ?? []).slice(1);
  if (!before.length) return null;
  return html`<details>
    <summary class="small">${t("consents.earlier")}</summary>
    <ul class="lines">
      ${before.map((each) => html`<li key=${each.at}><span class="grow">${told(each)}<small class="why">${each.wording}</small></span></li>`)}
    </ul>
  </details>`;
}

function told(answer) {
  const day = dayOf(answer.at, phone.programme?.timezone);
  if (!answer.granted) return t("consents.refused", { day });
  const names = (answer.channels ?? []).map((channel) => t(`channel.${channel}`)).join(", ");
  return names ? t("consents.agreed.by", { day, channels: names }) : t("consents.agreed", { day });
}
