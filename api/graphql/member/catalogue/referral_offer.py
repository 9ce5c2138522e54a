"""What an invitation brings: to the friend who joins by it, and to the member who invited them."""

from collections.abc import Iterable

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.member.badges import Badge, badges_by_code
from api.graphql.member.catalogue.spans import MemberLimit, TimeSpan, limit_of, span_of
from api.graphql.member.catalogue.units import ProgrammeWallet, unit_of
from api.graphql.member.rewards import Reward, rewards_by_code
from api.graphql.member.tiers import Tier, tiers_by_code
from domain.model.programme.rules import Action


@strawberry.type(description="One thing that is given: an amount, a voucher of a reward, a badge or a tier.")
class ReferralGift:
    amount: int | None = strawberry.field(description="Units of `unit`; null where something else is given.")
    unit: ProgrammeWallet | None = strawberry.field(description="What `amount` counts.")
    reward: Reward | None = strawberry.field(description="Whose voucher is given.")
    badge: Badge | None = strawberry.field(description="Which badge is given; null where it is secret.")
    tier: Tier | None = strawberry.field(description="Which tier is given.")


@strawberry.type(description="What an invitation brings, once the friend did what the programme asks for.")
class ReferralOffer:
    friend: list[ReferralGift] = strawberry.field(description="What the friend gets.")
    referrer: list[ReferralGift] = strawberry.field(description="What the member who invited them gets.")
    limit: MemberLimit | None = strawberry.field(
        description="For how many friends the member gets something; null for any number."
    )
    wait: TimeSpan | None = strawberry.field(
        description="How long after what is asked for it is given: what is returned by then does not count."
    )


def referral_offer_of(audience: Audience) -> ReferralOffer | None:
    """Return what an invitation brings; None where the programme has none."""
    spec = audience.programme.referral
    if spec is None:
        return None
    return ReferralOffer(
        friend=gifts_of(audience, spec.friend),
        referrer=gifts_of(audience, spec.referrer),
        limit=limit_of(spec.limit),
        wait=span_of(audience.programme.referral_wait),
    )


def gifts_of(audience: Audience, actions: Iterable[Action]) -> list[ReferralGift]:
    """Return what actions give that people see."""
    gifts = (_gift(audience, action) for action in actions)
    return [gift for gift in gifts if gift is not None]


def _gift(audience: Audience, action: Action) -> ReferralGift | None:
    """Return what an action gives that people see; None for a message, a tag, or what is hidden or secret."""
    programme, locale = audience.programme, audience.locale
    amount = action.award.fixed if action.award is not None else None
    unit = unit_of(audience, action.award.wallet) if action.award is not None else None
    reward = rewards_by_code(programme, locale).get(action.voucher or "")
    badge = badges_by_code(programme, locale).get(action.badge or "")
    badge = None if badge is not None and badge.secret else badge
    tier = tiers_by_code(programme, locale).get(action.tier or "")
    if unit is None and reward is None and badge is None and tier is None:
        return None
    return ReferralGift(amount=amount, unit=unit, reward=reward, badge=badge, tier=tier)
