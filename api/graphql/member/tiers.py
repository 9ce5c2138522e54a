"""Tiers: the ladder as everybody may see it, and a member's progress on it."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import TIER_STEP_REASON, deprecated_on
from api.graphql.engine.ids import encode_id
from api.graphql.engine.shared_types import Node
from api.graphql.member.catalogue.units import ProgrammeWallet, units_by_code
from domain.model.ledger import member as ledger
from domain.model.ledger import tiers
from domain.model.ledger.member import Member
from domain.model.programme import CountSpec, NamedCount, Programme, TierSpec, safe_address

_REACHED_BY = (
    "The qualifying count that reaches it; where the programme has several, that of the first that does."
)
_HELD_THROUGH = "The last day the current tier is held before its review; null where it cannot be lost."

_COUNTED = "The wallet whose gains it counts; null where it counts something else, such as nights."


@strawberry.type(description="What reaches and keeps a tier by one of a programme's counts.")
class TierThreshold:
    code: str = strawberry.field(description="The count's code in the programme file.")
    title: str = strawberry.field(description="What is counted, such as nights, in the reader's language.")
    currency: str | None = strawberry.field(
        description="Where it counts money: `threshold` and `keep` are minor units of it."
    )
    unit: ProgrammeWallet | None = strawberry.field(description=_COUNTED)
    threshold: int | None = strawberry.field(
        description="What reaches the tier; null where this count alone does not."
    )
    from_: int | None = strawberry.field(
        name="from",
        description="What reaches the tier; null where this count alone does not.",
        deprecation_reason=f"Use `threshold`. {deprecated_on(2026, 11, 29)}",
    )
    keep: int | None = strawberry.field(
        description="What keeps it at a review; null where this count alone does not."
    )


@strawberry.type(description="A rung of the ladder.")
class Tier:
    id: strawberry.ID = strawberry.field(description="Global id.")
    code: str = strawberry.field(description="Its code in the programme file.")
    name: str = strawberry.field(description="In the reader's language.")
    threshold: int = strawberry.field(description=_REACHED_BY)
    from_: int = strawberry.field(
        name="from",
        description=_REACHED_BY,
        deprecation_reason=f"Use `threshold`. {deprecated_on(2026, 11, 29)}",
    )
    unit: ProgrammeWallet | None = strawberry.field(description=f"What `threshold` counts. {_COUNTED}")
    thresholds: list[TierThreshold] = strawberry.field(
        description=(
            "Of a programme with several counts, such as nights or spend, each in its order: any one reaches"
            " and keeps the tier. Empty where there is a single one."
        )
    )
    multiplier: float = strawberry.field(description="What awards are multiplied by.")
    benefits: list[str] = strawberry.field(description="In the reader's language.")
    colour: str | None = strawberry.field(description="Such as #c9a227; null where it has none.")
    card_art: str | None = strawberry.field(
        description=(
            "What lies behind the card of its members, in place of the brand's: a picture's path on this"
            " server, or a whole URL; null where there is none."
        )
    )


@strawberry.type(description="A change of tier.")
class TierStep:
    previous: str | None = strawberry.field(description="The code of the tier before; null for the first.")
    from_: str | None = strawberry.field(
        name="from",
        description="The code of the tier before; null for the first.",
        deprecation_reason=f"Use `previous`. {deprecated_on(2026, 11, 29)}",
    )
    to: str = strawberry.field(description="The code of the tier held since.")
    at: datetime = strawberry.field(description="When.")
    reason: str = strawberry.field(description=TIER_STEP_REASON)


@strawberry.type(description="A member's progress by one of a programme's counts.")
class CountProgress:
    code: str = strawberry.field(description="The count's code in the programme file.")
    title: str = strawberry.field(description="What is counted, such as nights, in the reader's language.")
    currency: str | None = strawberry.field(
        description="Where it counts money: amounts are minor units of it."
    )
    unit: ProgrammeWallet | None = strawberry.field(description=_COUNTED)
    qualifying: int = strawberry.field(description="What counts in the current window.")
    to_next: int | None = strawberry.field(
        description="What it misses for the next tier; null where it does not reach that, or there is none."
    )
    to_keep: int | None = strawberry.field(
        description="What it misses to keep the current tier at its review; null where it does not keep it."
    )
    fraction: float = strawberry.field(description="0..1 of what reaches the next tier, from 0.")


@strawberry.type(description="Where the member stands on the ladder.")
class TierProgress(Node):
    current: Tier = strawberry.field(description="The tier held now.")
    since: datetime = strawberry.field(description="Since when.")
    held_through: date | None = strawberry.field(description=_HELD_THROUGH)
    until: date | None = strawberry.field(
        description=_HELD_THROUGH,
        deprecation_reason=f"Use `heldThrough`. {deprecated_on(2026, 11, 29)}",
    )
    next: Tier | None = strawberry.field(description="The tier above; null at the top.")
    qualifying: int = strawberry.field(
        description=(
            "What counts toward tiers in the current window. Spending points never lowers it. Where the"
            " programme has several `counts`, this and `toNext` are of the one nearest to the next tier."
        )
    )
    to_next: int | None = strawberry.field(
        description="What `qualifying` still misses for the next tier; null at the top."
    )
    to_keep: int | None = strawberry.field(
        description=(
            "Still missing to keep the current tier at its review: of several counts by the one that is the"
            " nearest to it."
        )
    )
    fraction: float = strawberry.field(
        description="0..1 of the way from the current tier to the next; 1 at the top."
    )
    counts: list[CountProgress] = strawberry.field(
        description=(
            "Of a programme with several counts, such as nights or spend, each in its order: any one reaches"
            " and keeps a tier. Empty where there is a single one."
        )
    )
    steps: strawberry.Private[tuple[ledger.TierStep, ...]]

    @strawberry.field(description="The last 20 steps.")
    def history(self) -> list[TierStep]:
        return [tier_step(step) for step in self.steps]


@lru_cache(maxsize=64)
def tiers_by_code(programme: Programme, locale: str) -> Mapping[str, Tier]:
    """Return each tier by its code, lowest first, in one language. Every answer shares the same objects."""
    return {
        rung.code: Tier(
            id=strawberry.ID(encode_id("Tier", rung.code)),
            code=rung.code,
            name=rung.name.for_locale(locale),
            threshold=next(iter(rung.reaching.values()), 0),
            from_=next(iter(rung.reaching.values()), 0),
            unit=_unit(programme, _nearest_count(programme, rung), locale),
            thresholds=[
                TierThreshold(
                    code=code,
                    title=count.title.for_locale(locale),
                    currency=_currency(programme, count),
                    unit=_unit(programme, count, locale),
                    threshold=rung.reaching.get(code),
                    from_=rung.reaching.get(code),
                    keep=rung.keeping.get(code),
                )
                for code, count in _named_counts(programme).items()
            ],
            multiplier=float(rung.multiplier),
            benefits=[benefit.for_locale(locale) for benefit in rung.benefits],
            colour=rung.colour,
            card_art=safe_address(rung.card_art, "picture"),
        )
        for rung in (programme.tiers.ladder if programme.tiers else ())
    }


def _named_counts(programme: Programme) -> Mapping[str, NamedCount]:
    return programme.tiers.counts if programme.tiers is not None else {}


def _currency(programme: Programme, count: NamedCount) -> str | None:
    return programme.programme.currency if programme.is_count_of_money(count) else None


def _nearest_count(programme: Programme, rung: TierSpec) -> CountSpec | None:
    """Return the count that `threshold` is of: the first that reaches the tier."""
    name = next(iter(rung.reaching), None)
    return None if programme.tiers is None or name is None else programme.tiers.all_counts.get(name)


def _unit(programme: Programme, count: CountSpec | None, locale: str) -> ProgrammeWallet | None:
    return (
        None if count is None or count.wallet is None else units_by_code(programme, locale).get(count.wallet)
    )


def tier_step(step: ledger.TierStep) -> TierStep:
    return TierStep(previous=step.origin, from_=step.origin, to=step.to, at=step.at, reason=step.reason)


def tier_progress(audience: Audience, member: Member) -> TierProgress | None:
    """Return a member's progress; None where the programme has no tiers."""
    progress = tiers.tier_progress(audience.programme, member, now=audience.now)
    if progress is None or member.tier is None:
        return None
    by_code = tiers_by_code(audience.programme, audience.locale)
    named = _named_counts(audience.programme)
    return TierProgress(
        id=strawberry.ID(encode_id("TierProgress", member.id)),
        current=by_code[progress.code],
        since=progress.since,
        held_through=progress.until,
        until=progress.until,
        next=by_code[progress.next] if progress.next else None,
        qualifying=progress.qualifying,
        to_next=progress.to_next,
        to_keep=progress.to_keep,
        fraction=progress.fraction,
        counts=[
            CountProgress(
                code=one.name,
                title=audience.text(named[one.name].title),
                currency=_currency(audience.programme, named[one.name]),
                unit=_unit(audience.programme, named[one.name], audience.locale),
                qualifying=one.qualifying,
                to_next=one.to_next,
                to_keep=one.to_keep,
                fraction=one.fraction,
            )
            for one in progress.counts
            if one.name in named
        ],
        steps=member.tier.steps,
    )
