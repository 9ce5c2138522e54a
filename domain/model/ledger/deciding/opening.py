"""A member brought along from another system: what they had there, in one row, of which nothing follows. No
rule is judged, nothing is announced, and what they could redeem already counts as unlocked.

What they bought there stands in rows of its own before it: receipts that gave nothing here and count toward
nothing, but are known, so that they count once and a next purchase is no first one.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, cast

from domain.model.event_names import IMPORTED, PURCHASED
from domain.model.ledger import ladder, rewards, wallet
from domain.model.ledger.deciding import challenges, event_effects
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.decision import WalletFull
from domain.model.ledger.events import Event, Json
from domain.model.ledger.lots import LotPart
from domain.model.ledger.member import TierFloor
from domain.model.ledger.validity.changes import expiry_of, origin_of
from domain.model.ledger.views.expression_view import held_tier_code
from domain.model.values import evolve

SOURCE: Final = "import"
NEVER: Final = "never"


def is_history(event: Event) -> bool:
    """Tell whether an event is a purchase of before the import: `data.history` says so."""
    return event.name == PURCHASED and event.data.get("history") is True


def settle_opening(builder: RowBuilder) -> bool:
    """Decide a row that brings along what was elsewhere; tell whether it is such a row. Raises WalletFull."""
    if builder.event.name == IMPORTED:
        _open_membership(builder)
    elif is_history(builder.event):
        event_effects.apply_effects(builder, None)
    else:
        return False
    return True


def _open_membership(builder: RowBuilder) -> None:
    event, programme = builder.event, builder.programme
    profile = event.profile or builder.member.profile
    builder.member = evolve(
        builder.member,
        profile=profile,
        joined_at=datetime.fromisoformat(str(event.data["joined"])),
        tier=ladder.begin(programme, at=builder.at),
    )
    _hold_tier(builder)
    if programme.goal_badges:
        challenges.fix_goals(builder, builder.member)
    for row in cast(list[dict[str, Json]], event.data.get("balances") or []):
        _open_balance(builder, str(row["wallet"]), int(str(row["amount"])), row.get("expires"))
    _take_as_known(builder)


def _hold_tier(builder: RowBuilder) -> None:
    """Hold the tier that was brought, at least, until its term is over; for good where that has no end."""
    code, until, standing = (
        builder.event.data.get("tier"),
        builder.event.data.get("tierUntil"),
        builder.member.tier,
    )
    if code is None or standing is None:
        return
    end = datetime.fromisoformat(str(until)) if until is not None else None
    floor = TierFloor(str(code), end, SOURCE)
    held = ladder.put_floor(builder.programme, standing, floor, at=builder.at)
    builder.set_standing(held, is_silent=True)


def _open_balance(builder: RowBuilder, code: str, amount: int, expires: Json) -> None:
    """Put a balance in that may be spent at once: through its own last day, by the wallet's rule without
    one, or for good (`never`).
    """
    before, since = builder.wallet(code), builder.today
    if amount > before.room:
        raise WalletFull(code, before.room)
    spec = builder.programme.wallet(code)
    if expires is None:
        until = expiry_of(spec, tier=held_tier_code(builder.programme, builder.member), since=since)
    else:
        until = None if expires == NEVER else date.fromisoformat(str(expires))
    origin = origin_of(spec, on=since, until=until)
    after, opened = wallet.award(
        before, amount=amount, available_at=None, expires_on=until, since=since, origin=origin
    )
    after = evolve(after, earned=before.earned, adjusted=before.adjusted + amount)
    parts = (LotPart(opened, until, since),) if opened else ()
    builder.write_entry(code, "OPENING", amount, after, lots=parts, expires_on=until)


def _take_as_known(builder: RowBuilder) -> None:
    """Put the member into their segments and unlock what they can have, without a word of it."""
    programme, at = builder.programme, builder.at
    view = rewards.member_only_view(programme, builder.member, at)
    segments = frozenset([spec.code for spec in programme.segments if view.test(spec.when)])
    builder.member = evolve(builder.member, segments=segments)
    view = rewards.member_only_view(programme, builder.member, at)
    unlocked = rewards.unlocked(programme, builder.member, now=at, stock=builder.stock, view=view)
    builder.member = evolve(builder.member, unlocked=unlocked)
