"""One-time codes: so many an hour, bound to contact, purpose and challenge; two inputs never share a fingerprint."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.model.people import sign_in

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
SECRET = b"s" * 32


def test_a_code_has_six_digits_whatever_the_number() -> None:
    assert [sign_in.make_code(number) for number in (0, 42, 999_999)] == ["000000", "000042", "999999"]


def test_four_codes_in_the_last_hour_leave_room_for_one() -> None:
    sent = [NOW - timedelta(minutes=minutes) for minutes in (60, 59, 30, 20, 10)]
    room = sign_in.hour_allowance(sent, per_hour=5, now=NOW)
    assert (room.is_free, room.left, len(room.recent)) == (True, 1, 4)


def test_the_sixth_code_waits_until_the_first_is_an_hour_old() -> None:
    sent = [NOW - timedelta(minutes=minutes) for minutes in (59, 30, 20, 10, 0)]
    room = sign_in.hour_allowance(sent, per_hour=5, now=NOW)
    assert (room.is_free, room.left, room.wait) == (False, 0, timedelta(minutes=1))


def test_a_code_is_known_for_its_contact_purpose_and_challenge_only() -> None:
    parts = {"contact": "email:ana@example.com", "purpose": "sign_in", "challenge": "c1", "code": "123456"}
    known = sign_in.code_hash(SECRET, **parts)
    others = [
        sign_in.code_hash(SECRET, **{**parts, **other})
        for other in (
            {"contact": "email:bo@example.com"},
            {"purpose": "change:m1"},
            {"challenge": "c2"},
            {"code": "123457"},
        )
    ]
    others.append(sign_in.code_hash(b"t" * 32, **parts))
    assert sign_in.hashes_match(known, sign_in.code_hash(SECRET, **parts))
    assert not any(sign_in.hashes_match(known, other) for other in others)


@pytest.mark.parametrize(
    "typed",
    [
        "123456",
        " 123 456 ",
        "123-456",
        "12 34 56",
        "1-2-3-4-5-6",
        "123\u00a0456",
        "123\u2013456",
        "123\u200b456\n",
    ],
)
def test_spaces_and_dashes_in_a_code_do_not_matter(typed: str) -> None:
    assert sign_in.read_code(typed) == "123456"


@pytest.mark.parametrize(
    "typed", ["", "abc", "12345", "1234567", "12345a", "123.456", "\u0661" * 6, "1" * 10_000]
)
def test_what_is_not_six_digits_is_no_code(typed: str) -> None:
    assert sign_in.read_code(typed) is None


def test_an_enrolments_token_and_challenge_are_those_of_its_key_and_input() -> None:
    parts = {"request": "r1", "request_input": "i1"}
    token, challenge = sign_in.enrolment_token(SECRET, **parts), sign_in.enrolment_challenge(SECRET, **parts)
    assert (len(token), len(challenge)) == (43, 22)
    assert sign_in.enrolment_token(SECRET, **parts) == token
    assert sign_in.enrolment_challenge(SECRET, **parts) == challenge
    for other in ({"request": "r2"}, {"request_input": "i2"}):
        assert sign_in.enrolment_token(SECRET, **{**parts, **other}) != token
        assert sign_in.enrolment_challenge(SECRET, **{**parts, **other}) != challenge
    assert sign_in.enrolment_token(b"t" * 32, **parts) != token
    assert challenge not in token


def test_no_two_lists_of_parts_share_a_fingerprint() -> None:
    assert (
        len(
            {
                sign_in.input_hash(SECRET, *parts)
                for parts in (("ab", "c"), ("a", "bc"), ("abc",), ("", "abc"), ("abc", ""))
            }
        )
        == 5
    )
