"""The programme as everybody may see it: its offers, and its rules in plain words. It needs no sign-in."""

from datetime import datetime, timedelta
from typing import Annotated

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.scalars import WalletCode
from api.graphql.engine.shared_types import Info
from api.graphql.member import badges, rewards
from api.graphql.member.badges import Badge
from api.graphql.member.catalogue.brand import (
    Brand,
    ProgrammeFlag,
    ProgrammeLinks,
    brand_of,
    flags_of,
    links_of,
)
from api.graphql.member.catalogue.referral_offer import ReferralOffer, referral_offer_of
from api.graphql.member.catalogue.spans import TimeSpan, span_of
from api.graphql.member.catalogue.units import ProgrammeWallet, units_by_code
from api.graphql.member.consents import ConsentPurpose, consent_purposes
from api.graphql.member.rewards import Reward
from api.graphql.member.stores import PlaceInput, Store, nearest_first, store_of
from api.graphql.member.tiers import Tier, tiers_by_code
from domain.model.ledger.deciding.earning import end_instant_of, instant_of
from domain.model.programme import PlanSpec as PlanSpec
from domain.model.programme import Rule, safe_address


@strawberry.type(description="What members agree to.")
class Terms:
    version: str = strawberry.field(description="Send it in `enrol` and `acceptTerms`.")
    url: str = strawberry.field(description="Where to read them.")


@strawberry.type(description="A way to earn, in plain words.")
class EarningRule:
    code: str = strawberry.field(description="Its code in the programme file.")
    title: str = strawberry.field(description="In the reader's language.")
    description: str = strawberry.field(
        description="In the reader's language; empty where the title says all."
    )
    wallets: list[WalletCode] = strawberry.field(description="The wallets that it awards to.")
    from_: datetime | None = strawberry.field(
        name="from", description="A campaign's start; null where it has none."
    )
    until: datetime | None = strawberry.field(
        description="A campaign's end, exclusive; null where it has none."
    )


@strawberry.type(description="Paid membership as the programme offers it.")
class Plan:
    code: str = strawberry.field(description="Its code in the programme file.")
    name: str = strawberry.field(description="In the reader's language.")
    price: int = strawberry.field(description="In minor units of `currency`, a period.")
    currency: str = strawberry.field(description="ISO 4217.")
    benefits: list[str] = strawberry.field(description="In the reader's language.")
    period: TimeSpan | None = strawberry.field(
        description="What `price` pays for; null where the programme does not say."
    )
    trial: TimeSpan | None = strawberry.field(
        description="What a member's first plan runs for, unpaid; null where there is no trial."
    )
    multiplier: float = strawberry.field(description="What awards are multiplied by; 1 where by nothing.")


@strawberry.type(
    description=(
        "A demo's clock, which `selo clock` moves forward, so that an app sees what weeks bring. Tokens,"
        " codes and cards stay on the world's time."
    )
)
class ProgrammeClock:
    now: datetime = strawberry.field(description="The programme's time.")
    ahead_seconds: int = strawberry.field(description="By how much it is ahead of the world's; 0 for none.")


@strawberry.type(description="The programme in force.")
class Programme:
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="In the reader's language.")
    currency: str = strawberry.field(description="ISO 4217: money is in its minor units throughout.")
    timezone: str = strawberry.field(description="IANA: days, campaigns and expiry are counted in it.")
    locales: list[str] = strawberry.field(description="The languages it speaks; the first is the default.")
    version: int = strawberry.field(description="Goes up by one with each publication.")
    terms: Terms = strawberry.field(description="What members agree to.")
    audience: strawberry.Private[Audience]

    @strawberry.field(
        description="Whether there are codes to enter (`enterCode`): which, only who has one knows."
    )
    def takes_codes(self) -> bool:
        return bool(self.audience.programme.codes)

    @strawberry.field(
        description=(
            "In years: who joins gives a birthday, and is that old by then. Null where any age will do."
        )
    )
    def minimum_age(self) -> int | None:
        return self.audience.programme.programme.minimum_age

    @strawberry.field(description="What members collect, in its order: the unit of every amount.")
    def wallets(self) -> list[ProgrammeWallet]:
        return list(units_by_code(self.audience.programme, self.audience.locale).values())

    @strawberry.field(description="How the company shows itself; null where the app knows.")
    def brand(self) -> Brand | None:
        return brand_of(self.audience)

    @strawberry.field(description="Pages that an app links to.")
    def links(self) -> ProgrammeLinks:
        return links_of(self.audience)

    @strawberry.field(
        description="The least version of the app that may go on, such as 2.4.0; null where any may."
    )
    def minimum_app_version(self) -> str | None:
        return self.audience.programme.programme.minimum_app_version

    @strawberry.field(description="Switches for apps, in the file's order.")
    def flags(self) -> list[ProgrammeFlag]:
        return flags_of(self.audience)

    @strawberry.field(
        description="Of a demo alone; null on every other server, where the time is the world's."
    )
    def clock(self, info: Info) -> ProgrammeClock | None:
        time = info.context.dependencies.runtime.programme_time
        if not time.is_demo:
            return None
        return ProgrammeClock(now=self.audience.now, ahead_seconds=time.ahead // timedelta(seconds=1))

    @strawberry.field(
        description=(
            "What a browser subscribes to for push: `applicationServerKey` of `PushManager.subscribe`, in"
            " base64url. Null where this server sends browsers no push."
        )
    )
    def web_push_key(self, info: Info) -> str | None:
        sender = info.context.dependencies.senders.web_push
        return None if sender is None else sender.public_key

    @strawberry.field(description="What an invitation brings each side; null where there are none.")
    def referral(self) -> ReferralOffer | None:
        return referral_offer_of(self.audience)

    @strawberry.field(description="What members are asked for at enrolment.")
    def consents(self) -> list[ConsentPurpose]:
        return consent_purposes(self.audience)

    @strawberry.field(description="How to earn, each listed rule in plain words.")
    def earning(self) -> list[EarningRule]:
        hidden = self.audience.programme.hidden_rules
        listed_rules = (
            rule for rule in self.audience.programme.rules if rule.listed and rule.code not in hidden
        )
        return [
            _earning_rule(self.audience, rule)
            for rule in listed_rules
            if any(action.award is not None for action in rule.all_actions)
        ]

    @strawberry.field(description="The ladder, lowest first; empty where there is none.")
    def tiers(self) -> list[Tier]:
        return list(tiers_by_code(self.audience.programme, self.audience.locale).values())

    @strawberry.field(description="Without the secret ones.")
    def badges(self) -> list[Badge]:
        return badges.public_badges(self.audience.programme, self.audience.locale)

    @strawberry.field(
        description=(
            "All that can be redeemed, in the programme's order; how a member stands to them is `me.rewards`."
        )
    )
    def rewards(self) -> list[Reward]:
        return rewards.redeemable_rewards(self.audience.programme, self.audience.locale)

    @strawberry.field(description="Paid memberships on offer.")
    def plans(self) -> list[Plan]:
        return [plan_of(self.audience, spec) for spec in self.audience.programme.plans]

    @strawberry.field(
        description="Every store, by its code; with a place the nearest first, and those without one last."
    )
    async def stores(
        self,
        info: Info,
        near: Annotated[
            PlaceInput | None, strawberry.argument(description="Where to measure from. It is never kept.")
        ] = None,
    ) -> list[Store]:
        names = await info.context.loaders.store_names()
        listed = [store_of(code, names) for code in sorted(names)]
        return listed if near is None else nearest_first(info, listed, near)


@strawberry.type
class ProgrammeQuery:
    @strawberry.field(
        description="Public: what the programme offers and its rules in plain words. Needs no sign-in."
    )
    async def programme(self, info: Info) -> Programme:
        return programme_of(await info.context.loaders.audience())


def programme_of(audience: Audience) -> Programme:
    header = audience.programme.programme
    return Programme(
        code=header.code,
        name=audience.text(header.name),
        currency=header.currency,
        timezone=header.timezone,
        locales=list(header.locales),
        version=audience.version,
        terms=Terms(version=header.terms.version, url=safe_address(header.terms.url, "page") or ""),
        audience=audience,
    )


def plan_of(audience: Audience, spec: PlanSpec) -> Plan:
    return Plan(
        code=spec.code,
        name=audience.text(spec.name),
        price=spec.price,
        currency=audience.programme.programme.currency,
        benefits=[audience.text(benefit) for benefit in spec.benefits],
        period=span_of(spec.period),
        trial=span_of(spec.trial),
        multiplier=float(spec.multiplier),
    )


def _earning_rule(audience: Audience, rule: Rule) -> EarningRule:
    zone, during = audience.programme.zone, rule.during
    wallets = dict.fromkeys(action.award.wallet for action in rule.all_actions if action.award is not None)
    return EarningRule(
        code=rule.code,
        title=audience.text(rule.title) if rule.title else rule.code,
        description=audience.text(rule.description) if rule.description else "",
        wallets=[WalletCode(code) for code in wallets if code not in audience.programme.hidden_wallets],
        from_=instant_of(during.from_, zone) if during and during.from_ is not None else None,
        until=end_instant_of(during.until, zone) if during and during.until is not None else None,
    )
