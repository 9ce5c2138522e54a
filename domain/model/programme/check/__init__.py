"""The check of a programme file: every fault at once, each with its place and remedy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.model.programme.check.addresses import check_addresses
from domain.model.programme.check.badges import check_badges
from domain.model.programme.check.brand import check_brand
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.check.codes import check_codes, check_duplicate_codes
from domain.model.programme.check.costs import check_costs
from domain.model.programme.check.entered_codes import check_entered_codes
from domain.model.programme.check.expressions import check_expressions
from domain.model.programme.check.leaving import check_leaving
from domain.model.programme.check.loops import check_loops
from domain.model.programme.check.member_size import check_member_size
from domain.model.programme.check.past import check_past
from domain.model.programme.check.paying import check_paying
from domain.model.programme.check.returnable import check_returnable
from domain.model.programme.check.suspicious import check_suspicious
from domain.model.programme.check.texts import check_texts, missing_texts
from domain.model.programme.check.unused import check_unused
from domain.model.programme.check.values import check_values
from domain.model.programme.faults import Finding

__all__ = ["CheckedFile", "check_duplicate_codes", "check_findings", "missing_texts"]


def check_findings(checked_file: CheckedFile, now: datetime | None) -> Iterator[Finding]:
    """Find every fault and warning of a file, with `now` also what is over by then."""
    yield from check_codes(checked_file)
    yield from check_values(checked_file)
    yield from check_paying(checked_file)
    yield from check_leaving(checked_file)
    yield from check_member_size(checked_file)
    yield from check_badges(checked_file)
    yield from check_addresses(checked_file)
    yield from check_brand(checked_file)
    yield from check_expressions(checked_file)
    yield from check_costs(checked_file)
    yield from check_texts(checked_file)
    yield from check_loops(checked_file)
    yield from check_unused(checked_file)
    yield from check_suspicious(checked_file)
    yield from check_entered_codes(checked_file)
    yield from check_returnable(checked_file)
    if now is not None:
        yield from check_past(checked_file, now)
