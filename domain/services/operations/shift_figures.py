"""The days of employees in figures, each beside what is usual in their store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta

from domain.model.people.shift_anomalies import ShiftFigure, unusual, usual_figures
from domain.model.values import dataclass
from domain.services.errors import InvalidInput
from domain.services.runtime import Runtime
from domain.store.operations.shift_days import ShiftDay, find_shift_days
from domain.store.people import staff
from domain.store.people.staff import Employee

USUAL_DAYS = 28
EARLIEST_UNTIL = date.min + timedelta(days=USUAL_DAYS)
MOST_DAYS = 31
MOST_EMPLOYEES = 300


@dataclass(frozen=True, slots=True)
class ShiftFigures:
    """A day of an employee, what is usual in the store, and which of its figures are not."""

    employee: Employee
    shift: ShiftDay
    usual: Mapping[ShiftFigure, int]
    unusual: tuple[ShiftFigure, ...]


async def list_shifts(
    runtime: Runtime, *, since: date, until: date, store: str | None = None, today: date
) -> list[ShiftFigures]:
    """Return the days of all employees between two days, in a store or all, those with unusual figures first.
    What is usual is that of the 28 days up to `until`, of employees who are still let in.

    Raises InvalidInput for more than 31 days.
    """
    if not timedelta(0) <= until - since < timedelta(days=MOST_DAYS):
        raise InvalidInput("until", f"Ask for a day from `since` on, at most {MOST_DAYS} days.")
    employees = {
        each.id: each
        for each in (await staff.find_all(runtime.store))[:MOST_EMPLOYEES]
        if each.disabled_at is None or each.disabled_at.date() >= since
    }
    first = min(since, max(until, EARLIEST_UNTIL) - timedelta(days=USUAL_DAYS - 1))
    days = [first + timedelta(days=count) for count in range((min(until, today) - first).days + 1)]
    shifts = await find_shift_days(runtime.store, list(employees), days)
    by_store: dict[str | None, list[Mapping[ShiftFigure, int]]] = defaultdict(list)
    for shift in shifts:
        by_store[shift.store].append(figures_of(shift))
    usual = {code: usual_figures(figures) for code, figures in by_store.items()}
    listed = [
        ShiftFigures(
            employees[shift.employee],
            shift,
            usual[shift.store],
            unusual(figures_of(shift), usual[shift.store]),
        )
        for shift in shifts
        if since <= shift.day <= until and store in (None, shift.store)
    ]
    return sorted(
        listed, key=lambda each: (-len(each.unusual), -each.shift.day.toordinal(), each.employee.username)
    )


def figures_of(shift: ShiftDay) -> dict[ShiftFigure, int]:
    """Return the figures of a day that can be unusual."""
    counts = shift.counts
    return {
        "refunded": counts.get("refunded", 0),
        "adjusted": counts.get("adjusted", 0),
        "bad_scans": counts.get("bad_scans", 0),
        "without_visit": counts.get("without_visit", 0),
        "look_ups": counts.get("look_ups", 0),
    }
