/* What the member agrees to: each purpose, for each of its channels where it has some, and every answer so far. */

import { h, toast } from "/shared/dom.js";
import { dayOf } from "/shared/format.js";
import { t } from "/shared/words.js";
import { ask, phone } from "../phone.js";
import { SET_CONSENT } from "../queries.js";
import { say, section } from "./parts.js";

export function consentSection(answers) {
  const purposes = phone.programme?.consents ?? [];
  if (!purposes.length) return null;
  return section(
    "consents",
    purposes.map((purpose) =>
      purposeLines(
        purpose,
        answers.find((answer) => answer.purpose === purpose.purpose),
      ),
    ),
  );
}

/* What was never asked stands as not granted; granting means the wording shown here. An answer that was given
   when the purpose had no channels is about all of them. */
function purposeLines(purpose, answer) {
  const channels = purpose.channels ?? [];
  const agreed = (channel) =>
    Boolean(answer?.granted) && (!answer.channels?.length || answer.channels.includes(channel));
  const boxes = channels.map((channel) =>
    checkbox(`${purpose.purpose}-${channel}`, agreed(channel), () => save()),
  );
  const whole = channels.length ? null : checkbox(purpose.purpose, Boolean(answer?.granted), () => save());
  const save = () => {
    const chosen = channels.filter((_, i) => boxes[i].checked);
    const granted = whole ? whole.checked : chosen.length > 0;
    const { wordingVersion } = purpose;
    const input = { purpose: purpose.purpose, granted, wordingVersion };
    return ask(SET_CONSENT, { input: whole || !granted ? input : { ...input, channels: chosen } });
  };
  const words = h(
    "span",
    {},
    h("strong", {}, purpose.title),
    h("small.why", {}, purpose.wording),
    whole ? since(answer) : null,
  );
  return h(
    "div.stack.tight",
    {},
    whole
      ? h("label.choice", {}, whole, words)
      : h(
          "fieldset.stack.tight",
          {},
          h("legend", {}, words),
          channels.map((channel, i) =>
            h("label.choice", {}, boxes[i], h("span", {}, t(`channel.${channel}`))),
          ),
          since(answer),
        ),
    earlier(answer),
  );
}

function checkbox(name, checked, save) {
  const box = h("input", {
    type: "checkbox",
    name,
    onchange: async () => {
      try {
        await save();
        toast(t("saved"));
      } catch (error) {
        box.checked = !box.checked;
        toast(say(error), "bad");
      }
    },
  });
  box.checked = checked;
  return box;
}

function since(answer) {
  return answer?.at ? h("small.why", {}, told(answer)) : null;
}

function earlier(answer) {
  const before = (answer?.history ?? []).slice(1);
  if (!before.length) return null;
  return h(
    "details",
    {},
    h("summary.small", {}, t("consents.earlier")),
    h(
      "ul.lines",
      {},
      before.map((each) => h("li", {}, h("span.grow", {}, told(each), h("small.why", {}, each.wording)))),
    ),
  );
}

function told(answer) {
  const day = dayOf(answer.at, phone.programme?.timezone);
  if (!answer.granted) return t("consents.refused", { day });
  const names = (answer.channels ?? []).map((channel) => t(`channel.${channel}`)).join(", ");
  return names ? t("consents.agreed.by", { day, channels: names }) : t("consents.agreed", { day });
}
