"""Of what began before the period no share is told, but the two counts."""

from __future__ import annotations

from datetime import date

import pytest

from domain.model.figures.definitions.asking import (
    click_rate,
    code_conversion,
    open_rate,
    referral_conversion,
)
from domain.model.figures.period import PeriodFigures
from domain.model.programme import MessageSpec


def period_of(sums: dict[str, int]) -> PeriodFigures:
    return PeriodFigures(date(2026, 3, 1), date(2026, 3, 31), sums=sums)


def message(*channels: str) -> MessageSpec:
    return MessageSpec.model_validate({"code": "hello", "channels": channels, "title": "Hello"})


@pytest.mark.parametrize(
    ("qualified", "unmade", "registered", "value"),
    [
        (9, 0, 27, 1 / 3),
        (27, 0, 27, 1.0),
        (40, 0, 27, None),
        (1, 0, 0, None),
        (0, 1, 5, None),
        (0, 0, 5, 0.0),
    ],
)
def test_an_invitation_counts_of_those_who_joined_or_beside_them(
    qualified: int, unmade: int, registered: int, value: float | None
) -> None:
    sums = {"qualified": qualified, "unmade": unmade, "registered": registered}
    figure = referral_conversion(period_of({f"referrals.{name}": sum_ for name, sum_ in sums.items()}))
    assert figure.value == (None if value is None else pytest.approx(value))
    assert (figure.numerator, figure.denominator) == (qualified - unmade, registered)


def test_codes_and_messages_of_before_the_period_make_no_share_above_one() -> None:
    period = period_of(
        {
            "codes.welcome.converted": 3,
            "codes.welcome.entered": 2,
            "messages.hello.opened": 5,
            "messages.hello.sent": 4,
        }
    )
    for figure in (code_conversion(period, "welcome"), open_rate(period, message("inbox"))):
        assert figure.value is None
        assert figure.numerator == (figure.denominator or 0) + 1


@pytest.mark.parametrize(
    ("channels", "opened", "clicked"),
    [
        (("inbox", "email"), 0.5, 0.25),
        (("push",), None, 0.25),
        (("push", "email"), None, 0.25),
        (("email",), None, None),
        (("sms", "email"), None, None),
    ],
)
def test_of_channels_that_tell_nobody_a_share_is_unknown_and_not_none(
    channels: tuple[str, ...], opened: float | None, clicked: float | None
) -> None:
    sums = {"messages.hello.sent": 4, "messages.hello.opened": 2, "messages.hello.clicked": 1}
    period, spec = period_of(sums), message(*channels)
    assert (open_rate(period, spec).value, click_rate(period, spec).value) == (opened, clicked)
