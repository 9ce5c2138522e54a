"""Odd texts in every text argument of every query over the wire: each is answered by data, or by a refusal that
is not INTERNAL.
"""

import json
from itertools import product

from graphql import (
    GraphQLArgument,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
)

from tests.running_app import ROOT, RunningApp

ODD_TEXTS = [
    "\0",
    "\x1b[31m",
    "\u202eabc",
    "\u2800",
    "\ufeff",
    "\U0010ffff",
    "a" * 5_000,
    "",
    " ",
    "\ud800",
    "%00",
    "$where",
    "\ufdfa" * 50,
]
SCHEMA: GraphQLSchema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
TEXT_TYPES = {"String", "ID", "Date", "DateTime", "Locale"}
PLAIN = {
    "Int": 1,
    "Boolean": True,
    "String": "x",
    "ID": "x",
    "Date": "2026-01-01",
    "DateTime": "2026-01-01T00:00:00Z",
}


def _value(argument: GraphQLArgument, odd: str, *, is_odd: bool) -> object:
    """Return a value for an argument; inputs are filled whole, so that every text in them is the odd one."""
    named = get_named_type(argument.type)
    value: object
    if isinstance(named, GraphQLInputObjectType):
        value = {name: _value(field, odd, is_odd=is_odd) for name, field in named.fields.items()}
    elif named.name in TEXT_TYPES:
        value = odd if is_odd else PLAIN[named.name]
    elif hasattr(named, "values"):
        value = next(iter(named.values))
    else:
        value = PLAIN.get(named.name, 1)
    return [value] if is_list_type(get_nullable_type(argument.type)) else value


def _has_text(argument: GraphQLArgument) -> bool:
    named = get_named_type(argument.type)
    if isinstance(named, GraphQLInputObjectType):
        return any(get_named_type(field.type).name in TEXT_TYPES for field in named.fields.values())
    return named.name in TEXT_TYPES


def _documents(owner: GraphQLObjectType, around: str) -> list[tuple[str, dict[str, GraphQLArgument]]]:
    """Return a document for each field of a type that takes a text, with the arguments that it declares."""
    documents = []
    for name, field in owner.fields.items():
        odd = {key: argument for key, argument in field.args.items() if _has_text(argument)}
        if not odd:
            continue
        used = odd | {key: argument for key, argument in field.args.items() if is_required_argument(argument)}
        declared = ", ".join(f"${key}: {argument.type}" for key, argument in used.items())
        passed = ", ".join(f"{key}: ${key}" for key in used)
        selection = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
        inner = f"{name}({passed}){selection}"
        documents.append((f"query({declared}) {{ {around.replace('FIELD', inner)} }}", used))
    return documents


QUERY = SCHEMA.query_type
assert QUERY is not None
MEMBER = SCHEMA.type_map["Member"]
assert isinstance(MEMBER, GraphQLObjectType)
DOCUMENTS = [*_documents(QUERY, "FIELD"), *_documents(MEMBER, "me { FIELD }")]


async def test_odd_texts_in_queries(app: RunningApp) -> None:
    tokens = {"member": await app.enrol_member(), "till": await app.hire("rui", "MANAGER"), "nobody": ""}
    assert len(DOCUMENTS) > 8
    for (document, arguments), text in product(DOCUMENTS, ODD_TEXTS):
        variables = {key: _value(argument, text, is_odd=True) for key, argument in arguments.items()}
        for who, token in tokens.items():
            headers = {"content-type": "application/json"}
            if token:
                headers["authorization"] = f"Bearer {token}"
            body = json.dumps({"query": document, "variables": variables}).encode("utf-8", "surrogatepass")
            answer = (await app.client.post("/graphql", content=body, headers=headers)).json()
            codes = [error.get("extensions", {}).get("code", "") for error in answer.get("errors", [])]
            assert "INTERNAL" not in codes, (who, document, ascii(text)[:20], answer)
