"""How members leave: what is wrong with the time to change one's mind, or the term of retention."""

import pytest

from domain.model.calendar import Span
from domain.model.programme import load
from tests.model.programme.mistakes import CLUB, faults_of

WARNING = "  - {code: away, title: Away, on: member.inactive, do: [{message: bye}]}\n"
MISTAKES = [
    ("erasure: {after: {days: 45}}", "erasure.after", "at most {days: 30}"),
    ("erasure: {after: {hours: 5}}", "erasure.after", "at most {days: 30}"),
    ("retention: {inactive: {months: 2}}", "retention.inactive", "at least {months: 6}"),
    ("retention: {inactive: {months: 36}}", "retention", "write a rule on: member.inactive"),
    ("retention: {}", "retention.inactive", "{months: "),
]


@pytest.mark.parametrize(("line", "path", "remedy"), MISTAKES)
def test_what_is_wrong_is_told_with_its_place_and_remedy(line: str, path: str, remedy: str) -> None:
    faults = faults_of(f"{CLUB.rstrip()}\n{line}\n")
    assert path in [fault.path for fault in faults], faults
    assert any(remedy in fault.remedy for fault in faults if fault.path == path), faults


def test_two_weeks_are_left_where_the_file_says_nothing_and_nobody_is_erased_by_time() -> None:
    programme = load(CLUB)
    assert (programme.erasure.after, programme.retention) == (Span(days=14), None)
