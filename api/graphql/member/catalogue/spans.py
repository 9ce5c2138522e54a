"""Spans of time and limits as the programme file writes them, for what an app shows in words of its own."""

from enum import Enum

import strawberry

from api.graphql.engine.enums import enum_of_words
from domain.model import calendar
from domain.model.calendar import Span
from domain.model.programme.rules import Limit


@strawberry.enum(description="What a span counts.")
class SpanUnit(Enum):
    HOURS = strawberry.enum_value("HOURS", description="Hours.")
    DAYS = strawberry.enum_value("DAYS", description="Days, at the same time of the clock.")
    MONTHS = strawberry.enum_value(
        "MONTHS", description="Months, to the same day or the last of a shorter month."
    )


@enum_of_words(calendar.Per, description="The time in which something is counted, in the programme's zone.")
class LimitPeriod(Enum):
    DAY = strawberry.enum_value("DAY", description="A calendar day.")
    WEEK = strawberry.enum_value("WEEK", description="From Monday.")
    MONTH = strawberry.enum_value("MONTH", description="A calendar month.")
    YEAR = strawberry.enum_value("YEAR", description="A calendar year.")
    EVER = strawberry.enum_value("EVER", description="All of the membership.")


@strawberry.type(description="A span of time.")
class TimeSpan:
    count: int = strawberry.field(description="How many.")
    unit: SpanUnit = strawberry.field(description="Of what.")


@strawberry.type(description="How often something may happen for one member.")
class MemberLimit:
    times: int = strawberry.field(description="How often.")
    per: LimitPeriod = strawberry.field(description="In which time.")


def span_of(span: Span | None) -> TimeSpan | None:
    """Return a span of the file; None where it has none."""
    if span is None:
        return None
    if span.months:
        return TimeSpan(count=span.months, unit=SpanUnit.MONTHS)
    if span.days:
        return TimeSpan(count=span.days, unit=SpanUnit.DAYS)
    return TimeSpan(count=span.hours, unit=SpanUnit.HOURS)


def limit_of(limit: Limit | None) -> MemberLimit | None:
    """Return a limit of the file; None where it has none."""
    return None if limit is None else MemberLimit(times=limit.times, per=LimitPeriod[limit.per.upper()])
