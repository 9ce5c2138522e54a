"""Badges: those that can be earned, and how far a member has come. Only a member who has earned a secret
badge sees it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import deprecated_on
from api.graphql.engine.ids import encode_id
from api.graphql.engine.shared_types import Info, Node
from api.graphql.member.catalogue.pictures import PICTURE_URL, PictureWidth, picture_url
from api.graphql.member.catalogue.spans import LimitPeriod
from api.texts import of_kind
from domain.model.ledger import badges
from domain.model.ledger.deciding.earning import end_instant_of, instant_of
from domain.model.ledger.member import Member
from domain.model.programme import Action, BadgeSpec, Programme, StampCard, safe_address

_IMAGE = (
    "A picture's path on this server, such as /media/collector.svg, or a whole URL; null where it has none."
)


@strawberry.type(description="A badge as everybody may see it; how far a member has come is BadgeProgress.")
class Badge:
    id: strawberry.ID = strawberry.field(description="Global id.")
    code: str = strawberry.field(description="Its code in the programme file.")
    name: str = strawberry.field(description="In the reader's language.")
    description: str = strawberry.field(description="What earns it, in the reader's language.")
    image: str | None = strawberry.field(description=_IMAGE)
    art: str | None = strawberry.field(
        description=_IMAGE, deprecation_reason=f"Use `image`. {deprecated_on(2026, 11, 29)}"
    )
    levels: list[int] = strawberry.field(
        description="The count that each level takes, lowest first; empty where `every` or `personal` is set."
    )
    every: int | None = strawberry.field(
        description="A stamp card: how many stamps fill it, again and again; null where it is none."
    )
    streak: LimitPeriod | None = strawberry.field(
        description=(
            "It counts these periods in a row, and a missed one starts again; null where it is no streak."
        )
    )
    personal: bool = strawberry.field(
        description="Whether each member has a goal of their own: `goal` of their BadgeProgress."
    )
    accept: bool = strawberry.field(
        description="Whether it counts only for members who take it up, by `acceptChallenge`."
    )
    secret: bool = strawberry.field(description="Shown only to members who have earned it.")
    gifts: list[str] = strawberry.field(
        description="What reaching a level gives, in words of the reader's language; secret badges left out."
    )
    from_: datetime | None = strawberry.field(
        name="from", description="A challenge's start; null where it has none."
    )
    until: datetime | None = strawberry.field(
        description="A challenge's end, exclusive; null where it has none."
    )

    @strawberry.field(description=PICTURE_URL)
    def image_url(self, info: Info, width: PictureWidth = None) -> str | None:
        return picture_url(info, self.image, width)


@strawberry.type(description="How far the member has come with one badge.")
class BadgeProgress(Node):
    badge: Badge = strawberry.field(description="Which badge.")
    level: int = strawberry.field(description="How many levels are reached; 0 where it is not earned yet.")
    progress: int = strawberry.field(
        description="What has counted so far; for a streak, the run that is still alive."
    )
    target: int | None = strawberry.field(
        description="The count that the next level takes; null at the last level."
    )
    goal: int | None = strawberry.field(
        description=(
            "The member's own goal, reached or not; null where it is not fixed yet, or there is none for"
            " them."
        )
    )
    accepted_at: datetime | None = strawberry.field(
        description="When the member took the challenge up; null where they did not."
    )
    acceptable: bool = strawberry.field(description="Whether the member can take the challenge up now.")
    declined: bool = strawberry.field(
        description=(
            "Whether they do not want to be offered it, by `declineChallenge`; they may still take it up."
        )
    )
    stamps: int | None = strawberry.field(
        description="A stamp card: the stamps on the card in hand, 0 to `badge.every`; null where it is none."
    )
    fraction: float = strawberry.field(
        description="0 to 1 of the way to the next level, of a stamp card its stamps; 1 at the last level."
    )
    earned_at: datetime | None = strawberry.field(
        description="When the present level was reached; null where none is."
    )


@lru_cache(maxsize=64)
def badges_by_code(programme: Programme, locale: str) -> Mapping[str, Badge]:
    """Return each badge by its code, secret ones too, in one language. All answers share the objects."""
    return {spec.code: _badge(programme, spec, locale) for spec in programme.badges}


def _badge(programme: Programme, spec: BadgeSpec, locale: str) -> Badge:
    during = spec.during
    return Badge(
        id=strawberry.ID(encode_id("Badge", spec.code)),
        code=spec.code,
        name=spec.name.for_locale(locale),
        description=spec.description.for_locale(locale),
        image=safe_address(spec.art, "picture"),
        art=safe_address(spec.art, "picture"),
        levels=list(spec.levels) if not isinstance(spec.levels, StampCard) and spec.target is None else [],
        every=spec.levels.every if isinstance(spec.levels, StampCard) else None,
        streak=LimitPeriod[spec.streak.per.upper()] if spec.streak is not None else None,
        personal=spec.target is not None,
        accept=spec.accept,
        secret=spec.secret,
        gifts=[words for action in spec.do if (words := _gift_words(programme, action, locale))],
        from_=instant_of(during.from_, programme.zone) if during and during.from_ is not None else None,
        until=end_instant_of(during.until, programme.zone) if during and during.until is not None else None,
    )


def _gift_words(programme: Programme, action: Action, locale: str) -> str | None:
    """Return what an action gives, in words; None for what people do not see."""
    if (
        action.award is not None
        and action.award.fixed
        and action.award.wallet not in programme.hidden_wallets
    ):
        wallet, currency = programme.wallet(action.award.wallet), programme.programme.currency
        amount = of_kind(wallet.kind, action.award.fixed, currency=currency, locale=locale)
        return f"{amount} {wallet.name.for_locale(locale)}" if wallet.kind == "points" else amount
    if action.voucher is not None:
        return programme.reward(action.voucher).title.for_locale(locale)
    if action.badge is not None:
        badge = programme.badge(action.badge)
        return None if badge.secret else badge.name.for_locale(locale)
    return None if action.tier is None else programme.tier(action.tier).name.for_locale(locale)


def public_badges(programme: Programme, locale: str) -> list[Badge]:
    """Return the badges that everybody may see."""
    return [badge for badge in badges_by_code(programme, locale).values() if not badge.secret]


def badge_progress(
    audience: Audience,
    member: Member,
    spec: BadgeSpec,
    *,
    level: int | None = None,
    declined: Collection[str] = (),
) -> BadgeProgress:
    """Return how a member stands to one badge; `level` replaces the level of now, `declined` are challenges
    that they do not want to be offered.
    """
    view = badges.view(audience.programme, member, spec, now=audience.now)
    return BadgeProgress(
        id=strawberry.ID(encode_id("BadgeProgress", f"{member.id}:{spec.code}")),
        badge=badges_by_code(audience.programme, audience.locale)[spec.code],
        level=view.level if level is None else level,
        progress=view.progress,
        target=view.target,
        goal=view.goal,
        accepted_at=view.accepted_at,
        acceptable=view.is_acceptable,
        declined=view.is_acceptable and spec.code in declined,
        stamps=view.stamps,
        fraction=view.fraction,
        earned_at=view.earned_at,
    )


def badges_of(audience: Audience, member: Member, declined: Collection[str] = ()) -> list[BadgeProgress]:
    """Return how a member stands to each badge, in the file's order; secret ones once earned."""
    progress_list = (
        badge_progress(audience, member, spec, declined=declined) for spec in audience.programme.badges
    )
    return [progress for progress in progress_list if progress.level or not progress.badge.secret]
