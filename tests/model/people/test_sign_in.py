"""One-time codes: five an hour, bound to contact and purpose; two inputs never share a fingerprint."""

from datetime import UTC, datetime, timedelta

from domain.model.people import sign_in

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
SECRET = b"s" * 32


def test_a_code_has_six_digits_whatever_the_number() -> None:
    assert [sign_in.make_code(number) for number in (0, 42, 999_999)] == ["000000", "000042", "999999"]


def test_four_codes_in_the_last_hour_leave_room_for_one() -> None:
    sent = [NOW - timedelta(minutes=minutes) for minutes in (60, 59, 30, 20, 10)]
    room = sign_in.code_allowance(sent, per_hour=5, now=NOW)
    assert room.is_free
    assert len(room.sent) == 4


def test_the_sixth_code_waits_until_the_first_is_an_hour_old() -> None:
    sent = [NOW - timedelta(minutes=minutes) for minutes in (59, 30, 20, 10, 0)]
    room = sign_in.code_allowance(sent, per_hour=5, now=NOW)
    assert not room.is_free
    assert room.wait == timedelta(minutes=1)


def test_a_code_is_known_for_its_contact_and_purpose_only() -> None:
    known = sign_in.code_hash(SECRET, contact="email:ana@example.com", purpose="sign_in", code="123456")
    others = [
        sign_in.code_hash(SECRET, contact="email:bo@example.com", purpose="sign_in", code="123456"),
        sign_in.code_hash(SECRET, contact="email:ana@example.com", purpose="change:m1", code="123456"),
        sign_in.code_hash(SECRET, contact="email:ana@example.com", purpose="sign_in", code="123457"),
        sign_in.code_hash(b"t" * 32, contact="email:ana@example.com", purpose="sign_in", code="123456"),
    ]
    assert sign_in.hashes_match(
        known, sign_in.code_hash(SECRET, contact="email:ana@example.com", purpose="sign_in", code="123456")
    )
    assert not any(sign_in.hashes_match(known, other) for other in others)


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
