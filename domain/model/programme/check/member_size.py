"""How large a member becomes: the lots and counts of one who buys daily fit into a member's document.

A document is 64 KB at most; what is not of lots and counts takes 20 KB of it. The bytes are those of long
amounts, measured by `tests/laws/test_bounds.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain.model.calendar import Span
from domain.model.fault_text import FaultText
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.faults import Finding, KeyPath
from domain.model.programme.models import Programme
from domain.model.programme.wallets import WalletSpec

MOST_BYTES = 44_000
_DAYS_KEPT = 432  # of what lapsed and of what counted
_LOTS_KEPT = 1_000
_WALLET_BYTES = 400
_LOT_BYTES, _PENDING_BYTES, _LAPSE_BYTES, _REMINDER_BYTES = 16, 80, 9, 18
_RENEWAL_BYTES = 6_000
_COUNT_BYTES = 10
_MONTH_DAYS = 31
_DAYS_BY_ROUNDING = {"day": 1, "month": 28, "year": 365}


def check_member_size(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find wallets and counts that together would let a member's document grow beyond its bound."""
    programme = checked_file.programme
    bytes_by_path = dict[KeyPath, int]()
    for index, wallet in enumerate(programme.wallets):
        bytes_by_path["wallets", index] = _wallet_bytes(wallet)
    if programme.tiers is not None:
        bytes_by_path["tiers",] = _count_bytes(programme)
    total = sum(bytes_by_path.values())
    if total > MOST_BYTES:
        path = max(bytes_by_path, key=lambda each: bytes_by_path[each])
        yield Finding(
            path,
            FaultText(
                "lots and counts of a member who buys daily would take {total} KB, of which"
                " {here} here: at most {most} are allowed",
                total=total // 1000,
                here=bytes_by_path[path] // 1000,
                most=MOST_BYTES // 1000,
            ),
            FaultText("write round: month in expiry, a shorter pending, or fewer wallets and counts"),
        )


def _wallet_bytes(wallet: WalletSpec) -> int:
    expiry = wallet.expiry
    validities = [expiry.after, *(each for each in expiry.by_tier.values() if isinstance(each, Span))]
    pending_days = _days(wallet.pending)
    size = _WALLET_BYTES + pending_days * _PENDING_BYTES
    every = _DAYS_BY_ROUNDING[expiry.round]
    longest = max(map(_days, validities))
    if longest:
        size += min(_LOTS_KEPT, longest // every + 2) * _LOT_BYTES
        size += (_DAYS_KEPT // every + 1) * _LAPSE_BYTES + (_days(wallet.remind) // every) * _REMINDER_BYTES
    return size + (_RENEWAL_BYTES if expiry.renewing_events else 0)


def _count_bytes(programme: Programme) -> int:
    """Return the bytes of all counts; a multiplier's extras are kept by day and tier."""
    assert programme.tiers is not None, "programmes without tiers count nothing toward them"
    multiplied = [rung.code for rung in programme.tiers.ladder if rung.multiplier != 1]
    extras = max((len(code) + 1 + _COUNT_BYTES for code in multiplied), default=0)
    return sum(
        _DAYS_KEPT * (_COUNT_BYTES + (extras if count.wallet is not None else 0))
        for count in programme.tiers.all_counts.values()
    )


def _days(span: Span | None) -> int:
    return 0 if span is None else span.days + span.months * _MONTH_DAYS + -(-span.hours // 24)
