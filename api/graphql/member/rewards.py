"""Rewards: the catalogue, and for one member which rewards are locked and what would unlock them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum
from functools import lru_cache

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import CURSOR, EDGES, PAGE_INFO, UNIT
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.ids import decode_id_as, encode_id
from api.graphql.engine.paging import NumberedRow, connection, read_window
from api.graphql.engine.scalars import WalletCode
from api.graphql.engine.shared_types import Info, Node, PageInfo, later
from api.graphql.engine.titles import find_spec
from api.graphql.member.catalogue.pictures import PICTURE_URL, PictureWidth, picture_url
from api.graphql.member.catalogue.spans import MemberLimit, TimeSpan, limit_of, span_of
from api.graphql.member.catalogue.units import ProgrammeWallet, units_by_code
from api.graphql.member.stores import Store, stores_by_code
from api.graphql.member.tiers import Tier, tiers_by_code
from api.texts import instant_text, of_kind, say
from domain.model.ledger import decision, rewards
from domain.model.ledger.decision import RewardLock, StockState
from domain.model.ledger.member import Member
from domain.model.programme import Programme, RewardCost, RewardSpec, VoucherValue, safe_address

LIST_NAME = "reward"


@enum_of_words(RewardSpec.model_fields["kind"].annotation, description="What one gets.")
class RewardKind(Enum):
    DISCOUNT_AMOUNT = strawberry.enum_value("DISCOUNT_AMOUNT", description="An amount off a purchase.")
    DISCOUNT_PERCENT = strawberry.enum_value("DISCOUNT_PERCENT", description="A share off a purchase.")
    PRODUCT = strawberry.enum_value("PRODUCT", description="Goods.")
    EVENT = strawberry.enum_value("EVENT", description="A place at an event.")
    ACCESS = strawberry.enum_value("ACCESS", description="Permission to buy or see what others may not.")
    SERVICE = strawberry.enum_value("SERVICE", description="Somebody's time and skill.")


@strawberry.enum(description="Whether a member could redeem a reward now, balance included.")
class RewardState(Enum):
    UNLOCKED = strawberry.enum_value("UNLOCKED", description="It could.")
    LOCKED = strawberry.enum_value("LOCKED", description="It could not; `locks` says why.")


@enum_of_words(
    decision.LockReason,
    description=(
        "Why a reward cannot be redeemed now. New reasons may be added: show `message` for one that the app"
        " does not know."
    ),
)
class LockReason(Enum):
    BALANCE = strawberry.enum_value(
        "BALANCE", description="Not enough in the wallet; `missing` says how much."
    )
    TIER = strawberry.enum_value("TIER", description="For other tiers.")
    CONDITION = strawberry.enum_value(
        "CONDITION", description="Its own condition, in the words of the programme."
    )
    STOCK = strawberry.enum_value("STOCK", description="None left.")
    MEMBER_LIMIT = strawberry.enum_value("MEMBER_LIMIT", description="Redeemed as often as one member may.")
    NOT_YET = strawberry.enum_value("NOT_YET", description="Not available yet.")
    OVER = strawberry.enum_value("OVER", description="No longer available.")
    FROZEN = strawberry.enum_value("FROZEN", description="The membership is frozen.")


@strawberry.type(description="What a discount takes off.")
class RewardValue:
    amount: int | None = strawberry.field(description="In minor units of `currency`; null for a percentage.")
    percent: int | None = strawberry.field(description="1 to 100; null for an amount.")
    minimum: int | None = strawberry.field(
        description="The purchase it takes, in minor units of `currency`; null for any."
    )
    currency: str | None = strawberry.field(description="ISO 4217.")


@strawberry.type(description="What redeeming takes.")
class Cost:
    wallet: WalletCode = strawberry.field(description="From which wallet.")
    unit: ProgrammeWallet | None = strawberry.field(description=UNIT)
    amount: int = strawberry.field(description="In points, or minor units of the programme's currency.")


@strawberry.type(description="The catalogue's own facts, the same for everyone.")
class Reward(Node):
    code: str = strawberry.field(description="Its code in the programme file.")
    title: str = strawberry.field(description="In the reader's language.")
    description: str = strawberry.field(description="In the reader's language.")
    image: str | None = strawberry.field(
        description=(
            "A picture's path on this server, such as /media/discount-5.svg, or a whole URL; null where it"
            " has none."
        )
    )
    reward_kind: RewardKind = strawberry.field(description="What one gets.")
    cost: Cost | None = strawberry.field(
        description="Null for a reward that is only given: it is in no list and cannot be redeemed."
    )
    value: RewardValue | None = strawberry.field(
        description="What it takes off a purchase; null where it takes nothing off."
    )
    terms: str | None = strawberry.field(
        description="The small print, in the reader's language; null where there is none."
    )
    available_from: datetime | None = strawberry.field(
        description="Null where it always was. Some tiers may redeem earlier: their lock says when."
    )
    available_until: datetime | None = strawberry.field(description="Exclusive; null where that is open.")
    voucher_valid: TimeSpan | None = strawberry.field(
        description="How long its voucher can be used; null where for good."
    )
    limit: MemberLimit | None = strawberry.field(
        description="How often one member may redeem it; null where as often as they like."
    )
    is_limited: strawberry.Private[bool]
    store_codes: strawberry.Private[tuple[str, ...]]

    @strawberry.field(description=PICTURE_URL)
    def image_url(self, info: Info, width: PictureWidth = None) -> str | None:
        return picture_url(info, self.image, width)

    @strawberry.field(description="Null where unlimited.")
    def stock(self, info: Info) -> int | None:
        if not self.is_limited:
            return None
        left = info.context.loaders.known_stock_left()
        return left.get(self.code) if left is not None else later(self._read_stock(info))

    async def _read_stock(self, info: Info) -> int | None:
        return (await info.context.loaders.stock_left()).get(self.code)

    @strawberry.field(description="Where its voucher can be used; empty where everywhere.")
    def stores(self, info: Info) -> list[Store]:
        return stores_by_code(info, self.store_codes)


@strawberry.type(description="One reason why a reward is locked.")
class Lock:
    reason: LockReason = strawberry.field(
        description="The kind of lock, by which the app can choose a picture or a button."
    )
    message: str = strawberry.field(
        description="The same in words, in the reader's language, with figures and dates."
    )
    tier: Tier | None = strawberry.field(
        description="The lowest tier that unlocks it; null unless the reason is TIER."
    )
    from_: datetime | None = strawberry.field(
        name="from", description="When it becomes available; null unless the reason is NOT_YET."
    )


@strawberry.type(description="A reward for one member, locked or unlocked.")
class MemberReward(Node):
    reward: Reward = strawberry.field(description="The catalogue's own facts.")
    reward_state: RewardState = strawberry.field(
        description="Whether it could be redeemed now, balance included."
    )
    missing: int = strawberry.field(description="Still missing to afford it; 0 where affordable.")
    spec: strawberry.Private[RewardSpec]
    reward_locks: strawberry.Private[tuple[RewardLock, ...]]
    audience: strawberry.Private[Audience]

    @strawberry.field(description="Why it is locked, each reason with what would unlock it.")
    def locks(self) -> list[Lock]:
        return locks_of(self.audience, self.spec, self.reward_locks)


@strawberry.type(description="A reward in its list.")
class MemberRewardEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: MemberReward = strawberry.field(description="The reward for this member.")


@strawberry.type(description="A window of rewards.")
class MemberRewardConnection:
    edges: list[MemberRewardEdge] = strawberry.field(description=EDGES)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO)


# ---------------------------------------------------------------- the catalogue


@lru_cache(maxsize=64)
def rewards_by_code(programme: Programme, locale: str) -> Mapping[str, Reward]:
    """Return each reward by its code, also those that are only given, in one language. Every answer shares
    the same objects.
    """
    return {spec.code: _reward(programme, spec, locale) for spec in programme.rewards}


@lru_cache(maxsize=64)
def _offers(programme: Programme, locale: str) -> Mapping[tuple[str, str], Reward]:
    """Return the rewards that have variants by their codes and those of the variants, in one language."""
    return {
        (spec.code, variant.code): _reward(programme, spec.as_variant(variant.code), locale)
        for spec in programme.rewards
        for variant in spec.variants
    }


def offered_reward(programme: Programme, locale: str, spec: RewardSpec) -> Reward:
    """Return a reward as a member's variant of it says."""
    if spec.variant is not None:
        return _offers(programme, locale)[spec.code, spec.variant]
    return rewards_by_code(programme, locale)[spec.code]


def find_reward(programme: Programme, locale: str, key: str) -> Reward | None:
    """Return a reward by the key of its id: its code, with that of a variant where it is one."""
    code, _, variant = key.partition(":")
    spec = find_spec(programme.reward, code)
    return None if spec is None else offered_reward(programme, locale, spec.as_variant(variant or None))


def decode_reward_id(id: str) -> str:
    """Return the code of a reward that an input names, in whichever variant. Raises BadInput."""
    return decode_id_as("Reward", id, field="rewardId").partition(":")[0]


def redeemable_rewards(programme: Programme, locale: str) -> list[Reward]:
    """Return the rewards that can be redeemed, in the file's order."""
    return [reward for reward in rewards_by_code(programme, locale).values() if reward.cost is not None]


def reward_value(value: VoucherValue | None, currency: str) -> RewardValue | None:
    """Return what a reward, or its voucher, takes off a purchase; None where it takes nothing off."""
    if value is None:
        return None
    return RewardValue(amount=value.amount, percent=value.percent, minimum=value.minimum, currency=currency)


def reward_cost(programme: Programme, locale: str, cost: RewardCost | None) -> Cost | None:
    """Return what redeeming takes, or took; None for what is given."""
    if cost is None:
        return None
    unit = units_by_code(programme, locale).get(cost.wallet)
    return Cost(wallet=WalletCode(cost.wallet), unit=unit, amount=cost.amount)


def _reward(programme: Programme, spec: RewardSpec, locale: str) -> Reward:
    start, end = rewards.redemption_window(programme, spec, None)
    return Reward(
        id=strawberry.ID(encode_id("Reward", ":".join(filter(None, (spec.code, spec.variant))))),
        code=spec.code,
        title=spec.title.for_locale(locale),
        description=spec.description.for_locale(locale),
        image=safe_address(spec.image, "picture"),
        reward_kind=RewardKind[spec.kind.upper()],
        cost=reward_cost(programme, locale, spec.cost),
        value=reward_value(spec.value, programme.programme.currency),
        terms=spec.terms.for_locale(locale) if spec.terms else None,
        available_from=start,
        available_until=end,
        voucher_valid=span_of(spec.voucher.valid),
        limit=limit_of(spec.limit),
        is_limited=spec.stock is not None,
        store_codes=spec.voucher.stores,
    )


# ---------------------------------------------------------------- one member's rewards


def member_reward(audience: Audience, member: Member, spec: RewardSpec, stock: StockState) -> MemberReward:
    """Return one reward with its locks for a member, who is settled at the audience's instant."""
    spec = spec.for_member(member.id)
    return _member_reward_of(
        audience, member, spec, rewards.locks(audience.programme, member, spec, now=audience.now, stock=stock)
    )


def _member_reward_of(
    audience: Audience, member: Member, spec: RewardSpec, reward_locks: tuple[RewardLock, ...]
) -> MemberReward:
    return MemberReward(
        id=strawberry.ID(encode_id("MemberReward", f"{member.id}:{spec.code}")),
        reward=offered_reward(audience.programme, audience.locale, spec),
        reward_state=RewardState.LOCKED if reward_locks else RewardState.UNLOCKED,
        missing=rewards.missing(member, spec),
        spec=spec,
        reward_locks=reward_locks,
        audience=audience,
    )


def locks_of(audience: Audience, spec: RewardSpec, reward_locks: tuple[RewardLock, ...]) -> list[Lock]:
    """Return locks with their texts in the reader's language."""
    tiers = tiers_by_code(audience.programme, audience.locale)
    return [
        Lock(
            reason=LockReason[lock.reason],
            message=_lock_message(audience, spec, lock),
            tier=tiers.get(lock.tier) if lock.tier else None,
            from_=lock.start,
        )
        for lock in reward_locks
    ]


def _lock_message(audience: Audience, spec: RewardSpec, lock: RewardLock) -> str:
    programme, locale = audience.programme, audience.locale
    match lock.reason:
        case "BALANCE" if spec.cost is not None:
            wallet = programme.wallet(spec.cost.wallet)
            amount = of_kind(wallet.kind, lock.missing, currency=programme.programme.currency, locale=locale)
            return say("lock.BALANCE", locale, amount=amount, wallet=audience.text(wallet.name))
        case "TIER" if lock.tier is not None:
            return say("lock.TIER", locale, tier=audience.text(programme.tier(lock.tier).name))
        case "NOT_YET" if lock.start is not None:
            return say(
                "lock.NOT_YET", locale, **{"from": instant_text(lock.start, programme.zone, locale=locale)}
            )
        case "CONDITION" if spec.lock is not None:
            return audience.text(spec.lock)
    return say(f"lock.{lock.reason}", locale)


def member_rewards(
    audience: Audience,
    member: Member,
    stock: StockState,
    *,
    first: int | None,
    after: str | None,
    state: RewardState | None,
) -> MemberRewardConnection:
    """Return a window of the list, in the file's order. A cursor holds a reward's position."""
    window = read_window(first, after, list_name=LIST_NAME)
    rows: list[NumberedRow[MemberReward]] = []
    for row in _numbered_rewards(audience, member, stock, after=window.after or 0):
        if state is None or row.node.reward_state is state:
            rows.append(row)
        if len(rows) > window.size:
            break
    return connection(
        rows,
        window,
        list_name=LIST_NAME,
        edge=MemberRewardEdge,
        page_info=PageInfo,
        make=MemberRewardConnection,
    )


def _numbered_rewards(
    audience: Audience, member: Member, stock: StockState, *, after: int
) -> Iterator[NumberedRow[MemberReward]]:
    view = rewards.member_only_view(audience.programme, member, audience.now)
    for position, spec in enumerate(rewards.listed(audience.programme), start=1):
        if position > after:
            spec = spec.for_member(member.id)
            reward_locks = rewards.locks(
                audience.programme, member, spec, now=audience.now, stock=stock, view=view
            )
            yield NumberedRow(position, _member_reward_of(audience, member, spec, reward_locks))
