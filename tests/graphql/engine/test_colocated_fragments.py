"""The documents of apps that are put together from many parts: each part asks `id`, and all are accepted."""

import pytest
from graphql import parse, print_ast

from api.graphql.engine.document_cache import DocumentCache
from api.graphql.engine.limits import DocumentLimits, without_repeats
from api.graphql.schema import make_schema

PARTS = 25
FIELDS = ("name", "number", "email", "phone", "birthday", "locale", "timezone", "status", "joinedAt")
SPREADS = " ".join(f"...Part{n}" for n in range(PARTS))


def fragments(on: str, fields: tuple[str, ...]) -> str:
    return " ".join(
        f"fragment Part{n} on {on} {{ __typename id {fields[n % len(fields)]} }}" for n in range(PARTS)
    )


@pytest.fixture(scope="module")
def documents() -> DocumentCache:
    return DocumentCache(make_schema()._schema, DocumentLimits())


@pytest.mark.parametrize(
    "text",
    [
        # As Apollo and urql send them, and as compilers write them into one place.
        f"query Screen {{ viewer {{ id {SPREADS} }} }} {fragments('Member', FIELDS)}",
        "query Screen { viewer { %s } }"
        % " ".join(f"__typename id {FIELDS[n % len(FIELDS)]}" for n in range(PARTS)),
        "query Screen { viewer { %s } }"
        % " ".join(f"... on Member {{ __typename id {FIELDS[n % len(FIELDS)]} }}" for n in range(PARTS)),
        "query Screen { viewer { %s } }"
        % " ".join(
            f"wallets {{ id {each} }}" for each in ("code", "name", "available", "pending", "debt") * 5
        ),
        "query Screen { viewer { pointHistory(first: 20) { edges { node { %s } } } } } %s"
        % (SPREADS, fragments("PointEntry", ("amount", "title", "occurredAt", "wallet", "expiresOn"))),
        "query Screen { viewer { %s } } %s"
        % (
            SPREADS,
            " ".join(
                f"fragment Part{n} on Member {{ pointHistory(first: 50) {{ edges {{ node {{ {each} }} }} }} }}"
                for n, each in enumerate(("id amount", "title occurredAt", "wallet", "id", "expiresOn") * 5)
            ),
        ),
        "query Screen { %s } %s"
        % (
            SPREADS,
            " ".join(
                f"fragment Part{n} on Query {{ viewer {{ id }} programme {{ code }} }}" for n in range(PARTS)
            ),
        ),
    ],
    ids=["fragments", "one place", "inline fragments", "objects", "rows", "one list", "of the query"],
)
def test_a_screen_of_25_parts_is_accepted(documents: DocumentCache, text: str) -> None:
    (plan,) = documents.get(text).plans
    plan.check({}, documents.limits)


def test_what_one_place_asks_again_is_dropped_and_nothing_else() -> None:
    text = "{ a { id id x: id id(of: 1) id @skip(if: true) id { z z } ... { id id } ...F ...F id } } fragment F on Q { b b }"
    kept = (
        "{ a { id x: id id(of: 1) id @skip(if: true) id { z } ... { id } ...F ...F } } fragment F on Q { b }"
    )
    assert print_ast(without_repeats(parse(text))) == print_ast(parse(kept))
    untouched = parse(kept)
    assert without_repeats(untouched) is untouched
