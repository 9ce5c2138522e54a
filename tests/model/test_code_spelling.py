"""Codes that people type: one spelling for all ways to write one, and signs that are not mistaken."""

import secrets

import pytest

from domain.model.code_spelling import (
    SINGLE_USE_LENGTH,
    SINGLE_USE_SIGNS,
    code_digest,
    grouped,
    make_single_use,
    normal_code,
)


@pytest.mark.parametrize(
    "typed",
    [
        "JOAO-10",
        " joao10 ",
        "João 10",
        "JOAOIO",
        "j0ao.lo",
        "ＪＯＡＯ１０",
        "JOAO\u201310",
        "JOAO\u200b10",
        "joao_10\n",
        "jo\u00adao10",
    ],
)
def test_ways_to_type_a_code_are_one(typed: str) -> None:
    assert normal_code(typed) == normal_code("JOAO10") == "J0A010"


@pytest.mark.parametrize("typed", ["JOAO1", "JOAO100", "JOAO10!", "JO§AO10", "ДОАО10", ""])
def test_other_texts_are_other_codes(typed: str) -> None:
    assert normal_code(typed) != normal_code("JOAO10")


def test_a_polish_l_is_an_l() -> None:
    assert normal_code("Łukasz5") == normal_code("LUKASZ5")


def test_a_code_of_a_batch_has_twelve_signs_that_are_told_apart_and_is_its_own_spelling() -> None:
    codes = {make_single_use(secrets.randbelow) for _ in range(2_000)}
    assert len(codes) == 2_000
    assert {len(code) for code in codes} == {SINGLE_USE_LENGTH}
    assert {sign for code in codes for sign in code} == set(SINGLE_USE_SIGNS)
    assert not set(SINGLE_USE_SIGNS) & set("0O1IL2Z5S8BUV")
    assert all(normal_code(grouped(code).lower()) == code for code in codes)


def test_a_code_is_printed_in_groups_of_four() -> None:
    assert grouped("7KQM9RTA3XWD") == "7KQM-9RTA-3XWD"


def test_what_is_kept_of_a_code_depends_on_the_secret() -> None:
    first = code_digest(b"a" * 32, "7KQM9RTA3XWD")
    assert first == code_digest(b"a" * 32, "7KQM9RTA3XWD")
    assert len({first, code_digest(b"b" * 32, "7KQM9RTA3XWD"), code_digest(b"a" * 32, "7KQM9RTA3XWC")}) == 3
