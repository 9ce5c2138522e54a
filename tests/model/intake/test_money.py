"""Money is exact in the currency's own decimals, and instants are read in every form that systems write."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.model.intake.bodies import BodyMalformed, parse_body
from domain.model.intake.instants import InstantUnreadable, instant_of
from domain.model.intake.money import MoneyUnreadable, minor_units


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [
        ("19.99", "EUR", 1999), (19.99, "EUR", 1999), (Decimal("19.99"), "EUR", 1999), (20, "EUR", 2000),
        ("1234", "JPY", 1234), (1234.0, "JPY", 1234), ("1.234", "KWD", 1234), ("-5.00", "USD", -500), (".5", "EUR", 50),
        ("0.131774", "CHF", 13), ("0.005", "EUR", 1), (1.005, "EUR", 101), (" 7.5 ", "EUR", 750), (4.35, "EUR", 435),
        (1.15, "EUR", 115), (0.1 + 0.2, "EUR", 30), ("1e2", "EUR", 10000),
    ],
)  # fmt: skip
def test_an_amount_is_exact(value: object, currency: str, minor: int) -> None:
    assert minor_units(value, currency) == minor


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1,50",
        "1 000",
        "€5",
        "NaN",
        "Infinity",
        None,
        True,
        [],
        {},
        "9" * 41,
        10**13,
        "1e99",
        float("nan"),
    ],
)
def test_what_is_no_amount_is_refused_without_saying_it(value: object) -> None:
    with pytest.raises(MoneyUnreadable, match="amount is") as fault:
        minor_units(value, "EUR")
    assert "€" not in str(fault.value)


@pytest.mark.parametrize(
    ("value", "zone", "iso"),
    [
        ("2026-03-01T10:00:05", "UTC", "2026-03-01T10:00:05+00:00"),
        ("2026-07-01T12:00:00", "Europe/Lisbon", "2026-07-01T11:00:00+00:00"),
        ("2026-07-01 12:00:00", "UTC", "2026-07-01T12:00:00+00:00"),
        ("2008-01-10T11:00:00-05:00", "UTC", "2008-01-10T16:00:00+00:00"),
        ("2026-07-01T12:00:00.123456Z", "UTC", "2026-07-01T12:00:00.123000+00:00"),
        (1614265330, "UTC", "2021-02-25T15:02:10+00:00"),
        (1614265330123, "UTC", "2021-02-25T15:02:10.123000+00:00"),
        ("1614265330", "UTC", "2021-02-25T15:02:10+00:00"),
        (Decimal("1614265330.5"), "UTC", "2021-02-25T15:02:10.500000+00:00"),
        (datetime(2026, 1, 1, tzinfo=UTC), "UTC", "2026-01-01T00:00:00+00:00"),
    ],
)
def test_an_instant_is_read(value: object, zone: str, iso: str) -> None:
    assert instant_of(value, zone).isoformat() == iso


@pytest.mark.parametrize(
    "value", ["", "yesterday", None, True, 10**20, "2026-13-01", "0001-01-01T00:00:00+23:00"]
)
def test_what_is_no_instant_is_refused(value: object) -> None:
    with pytest.raises(InstantUnreadable):
        instant_of(value)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b"NaN", b"[" * 70 + b"]" * 70, b"1" * 5000, b'{"a": Infinity}']
)
def test_a_body_that_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(BodyMalformed):
        parse_body(raw)


def test_numbers_of_a_body_stay_exact() -> None:
    assert parse_body(b'{"a": 195.67, "b": 820982911946154508, "c": "[[["}') == {
        "a": Decimal("195.67"),
        "b": 820982911946154508,
        "c": "[[[",
    }
