/* The fields of what a programme knows of a member: one for each kind of value. */

import { field, h } from "./dom.js";
import { day, number } from "./format.js";
import { t } from "./words.js";

const option = (chosen) => (value, title) => h("option", { value, selected: value === chosen }, title);

function control(attribute) {
  const { name, attributeKind: kind, choices, value } = attribute;
  if (kind === "CHOICE" || kind === "BOOL") {
    const one = option(value ?? "");
    const all = kind === "BOOL" ? ["true", "false"].map((code) => [code, t(`attribute.${code}`)]) : [];
    const listed = [...all, ...choices.map((choice) => [choice.code, choice.title])];
    return h(
      "select",
      { name },
      one("", t("attribute.none")),
      listed.map((pair) => one(...pair)),
    );
  }
  const types = { STRING: "text", INT: "number", DATE: "date" };
  const limits =
    kind === "INT" ? { step: 1, inputmode: "numeric" } : kind === "STRING" ? { maxlength: 200 } : {};
  return h("input", { name, type: types[kind], value: value ?? "", ...limits });
}

/** How a value is read by people. */
export function shown({ attributeKind: kind, choices, value }) {
  if (value === null) return t("attribute.none");
  if (kind === "BOOL") return t(`attribute.${value}`);
  if (kind === "DATE") return day(value);
  if (kind === "INT") return number(Number(value));
  return choices.find((choice) => choice.code === value)?.title ?? value;
}

/** The fields of some attributes, and `changes()`: those that were changed, as the API takes them. */
export function attributeFields(attributes) {
  const controls = attributes.map((attribute) => [attribute, control(attribute)]);
  return {
    fields: controls.map(([attribute, input]) => field(attribute.title, input)),
    changes: () =>
      controls
        .map(([attribute, input]) => [attribute, input.value.trim() || null])
        .filter(([attribute, value]) => value !== attribute.value)
        .map(([{ name }, value]) => ({ name, value })),
  };
}
