// Writes operations that select every field of the API, each once: a fragment for each type, and an operation for
// each field of a query, a mutation and a subscription. The compiler then has seen the types of all of them.
import { readFileSync, writeFileSync } from "node:fs";
import {
  buildSchema,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
} from "graphql";

const schema = buildSchema(readFileSync("schema.graphql", "utf8"));
const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
const isSelected = (field) => isLeafType(getNamedType(field.type));

/** A field by a name of its own, since those of two types of a union may differ; of what is no leaf, its type. */
function selected(type, field) {
  if (field.args.some(isRequiredArgument)) return null;
  return `${type.name}_${field.name}: ${field.name}${isSelected(field) ? "" : " { __typename }"}`;
}

const fragments = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type) && !roots.includes(type) && !type.name.startsWith("__"))
  .map((type) => {
    const fields = Object.values(type.getFields())
      .map((field) => selected(type, field))
      .filter(Boolean);
    return `fragment Every${type.name} on ${type.name} { __typename ${fields.join(" ")} }`;
  });

const operations = roots.flatMap((root, at) =>
  Object.values(root.getFields()).map((field) => {
    const needed = field.args.filter(isRequiredArgument);
    const variables = needed.map((arg) => `$${arg.name}: ${arg.type}`).join(", ");
    const given = needed.map((arg) => `${arg.name}: $${arg.name}`).join(", ");
    const type = getNamedType(field.type);
    const kinds = isUnionType(type) || isInterfaceType(type) ? schema.getPossibleTypes(type) : [type];
    const selection = isLeafType(type)
      ? ""
      : `{ __typename ${kinds.map((kind) => `...Every${kind.name}`).join(" ")} }`;
    const name = `Every${["Query", "Mutation", "Subscription"][at]}${field.name}`;
    const asked = `${field.name}${given && `(${given})`} ${selection}`;
    return `${["query", "mutation", "subscription"][at]} ${name}${variables && `(${variables})`} { ${asked} }`;
  }),
);
writeFileSync("every-field.graphql", `${[...fragments, ...operations].join("\n")}\n`);
console.log(`${fragments.length} types, ${operations.length} operations`);
