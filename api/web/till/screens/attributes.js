/* What staff know of a member beyond the profile: shown beneath the member, and set here. */

import { attributeFields } from "/shared/attributes.js";
import { busy, fill, h, toast } from "/shared/dom.js";
import { t } from "/shared/words.js";
import { SET_ATTRIBUTES } from "../queries.js";
import { ask, fail, note, say } from "./parts.js";

export function attributes(customer) {
  if (!customer.attributes?.length) return "";
  let { fields, changes } = attributeFields(customer.attributes);
  const fault = h("div", { "aria-live": "assertive" });
  const button = h("button.button.wide", {}, t("attributes.save"));
  const place = h("div.stack", {}, fields);
  const save = async (event) => {
    event.preventDefault();
    fill(fault);
    const changed = changes();
    if (!changed.length) return;
    await busy(button, async () => {
      try {
        const { setCustomerAttributes: answer } = await ask(SET_ATTRIBUTES, {
          input: { member: customer.id, attributes: changed },
        });
        if (answer.__typename !== "CustomerAttributesSet") return fail(fault, answer.message, "close");
        note("ATTRIBUTES", customer.name);
        ({ fields, changes } = attributeFields(answer.customer.attributes));
        fill(place, fields);
        return toast(t("attributes.saved"));
      } catch (error) {
        return fail(fault, say(error));
      }
    });
  };
  return h(
    "details.known",
    {},
    h("summary", {}, t("attributes")),
    h("form.stack", { onsubmit: save }, place, fault, button),
  );
}
