"""The words of the domain and the enums of the schema are the same words."""

import ast
from collections.abc import Iterator
from enum import Enum
from typing import Literal, get_args

import pytest
import strawberry
from graphql import GraphQLEnumType

from api.graphql.engine.enums import DOMAIN_WORDS, enum_of_words
from api.graphql.schema import make_schema
from api.texts import TEXTS
from domain.services.ledger.scanning import UnusableReason
from tests.running_app import ROOT

# Enums of the API's own, and values that it derives from a state of the domain which is no word there.
OWN_ENUMS = {
    "AttributeKind",
    "AttributeSetter",
    "ClaimedReceiptState",
    "HeldKind",
    "RewardState",
    "QrFormat",
    "SpanUnit",
}
DERIVED_VALUES = {"MemberStatus": {"FROZEN", "BEING_DELETED"}}

# Words in upper case are what a client sees. These literals have no enum, each for the reason it is given.
WITHOUT_ENUM = {
    "UnusableReason": "a scan tells it as a text",
    "LookUpKey": "the subject of an audit entry of a look-up",
    "TokenLossReason": "a part of PushFault, as a device stores it",
    "DeviceAddressKind": "the words of TokenKind, for the sender",
    "SecondPersonFault": "NotAllowed tells it as a text",
}


def client_words() -> Iterator[tuple[str, frozenset[str]]]:
    """Every `Literal` that a module of the domain names, and whose words are in upper case."""
    for path in sorted((ROOT / "domain").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name)
                and isinstance(node.value, ast.Subscript)
                and isinstance(node.value.value, ast.Name)
                and node.value.value.id == "Literal"
            ):
                words = frozenset(ast.literal_eval(node.value.slice))
                if all(isinstance(word, str) and word.isupper() for word in words):
                    yield node.targets[0].id, words


def test_each_enum_of_the_schema_has_exactly_the_words_of_the_domain() -> None:
    enums = {
        name: set(each.values)
        for name, each in make_schema()._schema.type_map.items()
        if isinstance(each, GraphQLEnumType) and not name.startswith("__")
    }
    assert len(enums) > 40
    assert set(enums) == set(DOMAIN_WORDS) | OWN_ENUMS
    assert {name: enums[name] - DERIVED_VALUES.get(name, set()) for name in DOMAIN_WORDS} == DOMAIN_WORDS


def test_each_literal_in_upper_case_has_its_enum_or_a_reason_to_have_none() -> None:
    literals = dict(client_words())
    assert {"EntryKind", "LockReason", "VoucherState", "StaffRole", "Action"} <= set(literals)
    assert set(WITHOUT_ENUM) <= set(literals)
    tied = set(DOMAIN_WORDS.values())
    assert [name for name, words in literals.items() if name not in WITHOUT_ENUM and words not in tied] == []


def test_an_enum_that_lacks_a_word_or_has_one_too_many_is_not_made() -> None:
    class Flavour(Enum):
        SWEET = strawberry.enum_value("SWEET", description="Sugar.")
        SOUR = strawberry.enum_value("SOUR", description="Lemon.")

    for words in (Literal["sweet"], Literal["sweet", "sour", "bitter"], str):
        with pytest.raises(TypeError, match="the domain's words differ"):
            enum_of_words(words, description="A taste.")(Flavour)
    assert "Flavour" not in DOMAIN_WORDS


def test_why_a_scanned_voucher_cannot_be_used_has_its_text() -> None:
    for reason in get_args(UnusableReason):
        assert f"voucher.{reason}" in TEXTS or f"not_allowed.{reason}" in TEXTS, reason
