"""Refresh tokens: one successor each, a seal that nobody else can make, and the meaning of each use."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.model.people.sessions import (
    SessionTerms,
    SessionTokens,
    answered_successor,
    first_token,
    idle_until,
    read_token,
    successor,
    use_of,
    write_token,
)

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
KEY = b"k" * 32
FIRST = first_token(bytes(range(48)))


def test_a_token_reads_back_as_itself() -> None:
    text = write_token(FIRST, key=KEY)
    assert len(text) == 86
    assert read_token(text, keys=[KEY]) == FIRST


def test_a_token_with_any_character_changed_is_not_ours() -> None:
    text = write_token(FIRST, key=KEY)
    # The last character holds spare bits: a spelling that decodes to the same bytes is the same token.
    changed = [text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :] for at in range(len(text) - 1)]
    assert [read_token(one, keys=[KEY]) for one in changed] == [None] * 85


@pytest.mark.parametrize("text", ["", "x", "A" * 86, "A" * 85, "A" * 10_000, "é" * 86, "=" * 86])
def test_junk_is_not_ours(text: str) -> None:
    assert read_token(text, keys=[KEY]) is None


def test_another_servers_token_is_not_ours() -> None:
    assert read_token(write_token(FIRST, key=b"j" * 32), keys=[KEY]) is None


def test_the_successor_is_always_the_same_and_needs_the_key() -> None:
    assert successor(FIRST, key=KEY) == successor(FIRST, key=KEY)
    assert successor(FIRST, key=KEY) != successor(FIRST, key=b"j" * 32)
    assert successor(FIRST, key=KEY).session == FIRST.session


def test_a_retry_after_the_key_was_replaced_is_given_what_the_one_before_made() -> None:
    old, new = b"o" * 32, KEY
    second = successor(FIRST, key=old)
    tokens = SessionTokens(current=second.hashed, previous=FIRST.hashed, rotated_at=NOW)
    assert answered_successor(FIRST, tokens, keys=[new, old]) == second
    assert read_token(write_token(FIRST, key=old), keys=[new, old]) == FIRST


def test_what_each_use_means() -> None:
    second = successor(FIRST, key=KEY)
    third = successor(second, key=KEY)
    tokens = SessionTokens(current=third.hashed, previous=second.hashed, rotated_at=NOW)
    assert use_of(third, tokens) == "current"
    assert use_of(second, tokens) == "retry"
    assert use_of(FIRST, tokens) == "again"


def test_a_session_ends_idle_or_at_its_longest() -> None:
    terms = SessionTerms(idle=timedelta(days=30), longest=timedelta(days=90))
    assert idle_until(terms, began=NOW, now=NOW) == NOW + timedelta(days=30)
    assert idle_until(terms, began=NOW, now=NOW + timedelta(days=80)) == NOW + timedelta(days=90)
