"""What became of messages that were sent once, by the figures: one command for all that are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from domain.model.calendar import local_day
from domain.model.figures.increments import ALL
from domain.model.figures.period import add_up, below
from domain.model.values import dataclass
from domain.services.runtime import Runtime
from domain.store.figures import sums
from domain.store.operations.member_jobs import MemberJob

MOST_DAYS = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class OnceFates:
    """How often a message left, was read, failed, and was given up."""

    sent: int = 0
    opened: int = 0
    failed: int = 0
    dropped: int = 0


async def find_fates(
    runtime: Runtime, jobs: Sequence[MemberJob], *, now: datetime
) -> Mapping[str, OnceFates]:
    """Return what became of those jobs that send a message, by their ids."""
    codes = {job.id: job.at for job in jobs if job.kind == "message"}
    if not codes:
        return {}
    zone = runtime.programme.zone
    start = local_day(max(min(codes.values()), now - MOST_DAYS), zone)
    documents = await sums.find_days(
        runtime.store, shops=[ALL], tiers=[ALL], start=start, end=local_day(now, zone)
    )
    whole = add_up([sums.flat_sums(document) for document in documents])
    return {code: _fates(below(whole, f"messages.{code}")) for code in codes}


def _fates(counts: Mapping[str, int]) -> OnceFates:
    return OnceFates(
        sent=counts.get("sent", 0),
        opened=counts.get("opened", 0),
        failed=counts.get("failed", 0),
        dropped=counts.get("dropped", 0) + counts.get("no_consent", 0),
    )
