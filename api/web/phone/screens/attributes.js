/* The fields of what a programme knows of a member: one for each kind of value. */

import { day, number } from "/shared/format.js";
import { html } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { Field, useName } from "../ui.js";

const TYPES = { STRING: "text", INT: "number", DATE: "date" };

/** How a value is read by people. */
export function shown({ attributeKind: kind, choices, value }) {
  if (value === null) return t("attribute.none");
  if (kind === "BOOL") return t(`attribute.${value}`);
  if (kind === "DATE") return day(value);
  if (kind === "INT") return number(Number(value));
  return choices.find((choice) => choice.code === value)?.title ?? value;
}

export function AttributeField({ attribute }) {
  const { name, title, attributeKind: kind, choices, value } = attribute;
  const id = useName();
  if (kind === "CHOICE" || kind === "BOOL") {
    const own =
      kind === "BOOL" ? ["true", "false"].map((code) => ({ code, title: t(`attribute.${code}`) })) : choices;
    return html`<div class="field">
      <label for=${id}>${title}</label>
      <select id=${id} name=${name}>
        ${[{ code: "", title: t("attribute.none") }, ...own].map(
          (each) =>
            html`<option key=${each.code} value=${each.code} selected=${each.code === (value ?? "")}>${each.title}</option>`,
        )}
      </select>
    </div>`;
  }
  const limits =
    kind === "INT" ? { step: 1, inputmode: "numeric" } : kind === "STRING" ? { maxlength: 200 } : {};
  return html`<${Field} label=${title} name=${name} type=${TYPES[kind]} defaultValue=${value ?? ""} ...${limits} />`;
}

/** What of a form was changed, as the API takes it. */
export function changesIn(form, attributes) {
  return attributes
    .map((attribute) => [attribute, form.elements.namedItem(attribute.name).value.trim() || null])
    .filter(([attribute, value]) => value !== attribute.value)
    .map(([{ name }, value]) => ({ name, value }));
}
