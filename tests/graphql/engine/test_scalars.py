"""The contract's scalars: read strictly, written one way."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from api.errors import BadInput
from api.graphql.engine.scalars import (
    read_date_time,
    read_json,
    read_local_date,
    read_long,
    read_wallet_code,
    write_date_time,
    write_local_date,
)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01T10:00:00.5Z", datetime(2026, 3, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-03-01T10:00:00.123Z", datetime(2026, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC)),
        ("2026-03-01T10:00:00.123999999Z", datetime(2026, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_to_the_millisecond(text: str, instant: datetime) -> None:
    assert read_date_time(text) == instant


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2026-03-01",
        "2026-03-01T10:00:00",
        "2026-03-01T10:00:00+00:00",
        "2026-03-01t10:00:00z",
        "2026-02-30T10:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T10:00:60Z",
        "0000-01-01T00:00:00Z",
        "2026-03-01T10:00:00.Z",
        "2026-03-01T10:00:00.1234567890Z",
        " 2026-03-01T10:00:00Z",
        1,
        None,
        "２026-03-01T10:00:00Z",
        "2026-03-01T10:00:00Z\n",
    ],
)
def test_anything_but_an_instant_in_utc_is_refused(value: object) -> None:
    with pytest.raises(BadInput):
        read_date_time(value)


def test_an_instant_is_written_in_utc_with_milliseconds() -> None:
    assert write_date_time(datetime(2026, 3, 1, 10, tzinfo=UTC)) == "2026-03-01T10:00:00.000Z"
    assert (
        write_date_time(datetime(2026, 7, 1, 10, 0, 0, 7_000, tzinfo=timezone(timedelta(hours=2))))
        == "2026-07-01T08:00:00.007Z"
    )
    with pytest.raises(AssertionError):
        write_date_time(datetime(2026, 3, 1, 10))  # noqa: DTZ001 - the point of it


def test_a_day_is_read_and_written() -> None:
    assert read_local_date("2024-02-29") == date(2024, 2, 29)
    assert write_local_date(date(2024, 2, 29)) == "2024-02-29"


@pytest.mark.parametrize(
    "value", ["2026-02-29", "2026-2-1", "20260201", "2026-W05-1", "2026-02-01T00:00:00Z", 20260201, None, ""]
)
def test_anything_but_a_day_is_refused(value: object) -> None:
    with pytest.raises(BadInput):
        read_local_date(value)


@pytest.mark.parametrize("value", [0, 2**53 + 1, 2**63 - 1, -(2**63)])
def test_a_long_has_64_bits(value: int) -> None:
    assert read_long(value) == value


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 1.0, "1", True, None])
def test_anything_but_64_bits_is_refused(value: object) -> None:
    with pytest.raises(BadInput):
        read_long(value)


def test_json_is_an_object() -> None:
    assert read_json({"a": [1, {"b": None}]}) == {"a": [1, {"b": None}]}
    others: list[object] = [[], "x", 1, None, {1: 2}]
    for value in others:
        with pytest.raises(BadInput):
            read_json(value)


def test_a_wallet_code_is_a_word() -> None:
    assert read_wallet_code("points") == "points"
    others: list[object] = ["", "a b", "ü", "x" * 65, 1, None]
    for value in others:
        with pytest.raises(BadInput):
            read_wallet_code(value)
