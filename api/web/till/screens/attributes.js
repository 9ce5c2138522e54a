/* What staff know of a member beyond the profile: shown beneath the member, and set here. */

import { toast } from "/shared/passing.js";
import { html, useRef, useState } from "/shared/preact.js";
import { Act, Field, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { SET_ATTRIBUTES } from "../queries.js";
import { signal } from "../sounds.js";
import { ask, note, say } from "./parts.js";

const TYPES = { STRING: "text", INT: "number", DATE: "date" };

function AttributeField({ attribute, value, onInput }) {
  const { title: label, name, attributeKind: kind, choices } = attribute;
  const input = { label, name, value, onInput: ({ target }) => onInput(target.value) };
  if (kind !== "CHOICE" && kind !== "BOOL") {
    const limits =
      kind === "INT" ? { step: 1, inputmode: "numeric" } : kind === "STRING" ? { maxlength: 200 } : {};
    return html`<${Field} type=${TYPES[kind]} ...${input} ...${limits} />`;
  }
  const own =
    kind === "BOOL" ? ["true", "false"].map((code) => ({ code, title: t(`attribute.${code}`) })) : choices;
  return html`<${Field} as="select" ...${input}>
    ${[{ code: "", title: t("attribute.none") }, ...own].map(
      ({ code, title }) =>
        html`<option key=${code} value=${code} selected=${code === value}>${title}</option>`,
    )}
  <//>`;
}

export function Attributes({ customer }) {
  const [known, setKnown] = useState(customer.attributes);
  const [typed, setTyped] = useState({});
  const [fault, setFault] = useState("");
  const box = useRef(null);
  const valueIn = ({ name, value }) => typed[name] ?? value ?? "";
  const save = async () => {
    setFault("");
    const changed = known
      .map((attribute) => ({ name: attribute.name, value: valueIn(attribute).trim() || null }))
      .filter(({ value }, at) => value !== known[at].value);
    if (!changed.length) return undefined;
    try {
      const { setCustomerAttributes: answer } = await ask(SET_ATTRIBUTES, {
        input: { member: customer.id, attributes: changed },
      });
      if (answer.__typename !== "CustomerAttributesSet") {
        signal("bad");
        return setFault(answer.message);
      }
      note("ATTRIBUTES", customer.name);
      setKnown(answer.customer.attributes);
      setTyped({});
      return toast(t("attributes.saved"));
    } catch (error) {
      signal("bad");
      return setFault(say(error));
    }
  };
  return html`<details class="known">
    <summary>${t("attributes")}</summary>
    <form
      class="stack"
      ref=${box}
      onSubmit=${(event) => {
        event.preventDefault();
        box.current.querySelector(".wide").click();
      }}
    >
      ${known.map(
        (attribute) =>
          html`<${AttributeField}
            key=${attribute.name}
            attribute=${attribute}
            value=${valueIn(attribute)}
            onInput=${(value) => setTyped((before) => ({ ...before, [attribute.name]: value }))}
          />`,
      )}
      <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
      <${Act} class="button wide" act=${save}>${t("attributes.save")}<//>
    </form>
  </details>`;
}
