"""The whole schema: the committed file is the code's own, no field is forgotten, every text exists in every
language.
"""

import string
from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_specified_scalar_type,
)

from api.graphql.engine.problems import NotAllowedReason, SignInRefusal
from api.graphql.member.points import EntryKind
from api.graphql.member.rewards import LockReason
from api.graphql.schema import make_schema, schema_text
from api.texts import SPOKEN, TEXTS
from tests.graphql.engine.permission_proof import permission_faults
from tests.running_app import ROOT

# The fixed words of an outcome: the first stand alone, of the last two what follows a colon is the winner or
# an instant.
REASONS = (
    "when",
    "during",
    "limit",
    "cap",
    "holdout",
    "nothing_to_count",
    "rounded_to_zero",
    "no_consent",
    "frozen",
    "best_of",
    "later",
)


def said(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Every type, field, argument and value with its description; an argument `input` has its type's."""
    for name, kind in schema.type_map.items():
        if name.startswith("__") or is_specified_scalar_type(kind):
            continue
        yield name, kind.description
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, each in kind.fields.items():
                yield f"{name}.{field}", each.description
                yield from (
                    (f"{name}.{field}({word})", one.description)
                    for word, one in each.args.items()
                    if word != "input"
                )
        elif isinstance(kind, GraphQLInputObjectType):
            yield from ((f"{name}.{field}", given.description) for field, given in kind.fields.items())
        elif isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{word}", value.description) for word, value in kind.values.items())


def test_everything_in_the_schema_says_what_it_means() -> None:
    everything = dict(said(make_schema()._schema))
    assert len(everything) > 800
    assert [name for name, words in everything.items() if not (words or "").endswith(".")] == []


def test_the_kept_schema_is_the_code_s_own() -> None:
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == schema_text(), (
        "write it: scripts/selo schema > schema.graphql"
    )


def test_every_field_and_type_is_in_the_table_of_permissions() -> None:
    assert permission_faults(make_schema()._schema) == []


def test_every_text_speaks_every_language_with_the_same_figures() -> None:
    for name, texts in TEXTS.items():
        assert set(texts) == set(SPOKEN), name
        figures = {
            locale: {field for _, field, _, _ in string.Formatter().parse(text) if field}
            for locale, text in texts.items()
        }
        assert len({frozenset(each) for each in figures.values()}) == 1, name


def test_every_fixed_word_has_its_text() -> None:
    wanted = [
        *(f"lock.{each.value}" for each in LockReason),
        *(f"entry.{each.value}" for each in EntryKind),
        *(f"refused.{each.value}" for each in SignInRefusal),
        *(f"not_allowed.{each.value}" for each in NotAllowedReason),
        *(f"why.{word}" for word in REASONS),
    ]
    assert [name for name in wanted if name not in TEXTS] == []
