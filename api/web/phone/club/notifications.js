/* Which messages the member wants, and by which channel. The inbox has all of them in any case. */

import { html, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { say } from "../faults.js";
import { ask } from "../phone.js";
import { Section, toast } from "../ui.js";
import { SET_NOTIFICATION } from "./queries.js";

export function Notifications({ settings }) {
  const [known, setKnown] = useState(settings ?? []);
  if (!known.length) return null;
  const choose = async (purpose, channel, wanted) => {
    const before = known;
    const turned = (each) => (each.channel === channel ? { ...each, wanted } : each);
    setKnown(
      before.map((each) =>
        each.purpose === purpose ? { ...each, channels: each.channels.map(turned) } : each,
      ),
    );
    try {
      const { setNotification } = await ask(SET_NOTIFICATION, { input: { purpose, channel, wanted } });
      setKnown(setNotification.notifications);
      toast(t("saved"));
    } catch (error) {
      setKnown(before);
      toast(say(error), "bad");
    }
  };
  return html`<${Section} title=${t("notifications")}>
    <p class="small quiet">${t("notifications.hint")}</p>
    ${known.map(
      ({ purpose, title, channels }) => html`<fieldset class="stack tight" key=${purpose}>
        <legend><strong>${title}</strong></legend>
        ${channels.map(
          ({ channel, wanted, consented }) => html`<label class="choice" key=${channel}>
            <input
              type="checkbox"
              name=${`notify-${purpose}-${channel}`}
              checked=${wanted && consented}
              disabled=${!consented}
              onChange=${(event) => choose(purpose, channel, event.target.checked)}
            />
            <span>${t(`channel.${channel}`)}${!consented && html`<small class="why">${t("notifications.consent")}</small>`}</span>
          </label>`,
        )}
      </fieldset>`,
    )}
  <//>`;
}
