"""Objects with a global id, read again by it: for the caller who owns them, and for nobody else."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, cast

import strawberry

from api.caller import MemberCaller, StaffCaller
from api.errors import BadInput, NotFound, domain_api_error
from api.graphql.engine.audience import Audience
from api.graphql.engine.ids import decode_id
from api.graphql.engine.permissions import caller_kind
from api.graphql.engine.permitted.caller_kinds import MEMBER, STAFF
from api.graphql.engine.shared_types import Info, Node
from api.graphql.engine.titles import find_spec
from api.graphql.member.badges import badge_progress
from api.graphql.member.members import current_member
from api.graphql.member.messages import current_message
from api.graphql.member.points import entry_of, wallets_of
from api.graphql.member.receipts import purchase_of
from api.graphql.member.rewards import find_reward, member_reward
from api.graphql.member.tiers import tier_progress
from api.graphql.member.vouchers import voucher_of
from api.graphql.till.customers import current_customer
from api.graphql.till.staff import current_employee
from api.graphql.till.till_session import count_look_up, note_look_up, note_missed_look_up
from domain.services.ledger import entry_history
from domain.services.ledger.queries import MemberView

MAX_IDS = 100

Fetch = Callable[[Info, str], Awaitable[Node]]


@strawberry.type
class NodeQuery:
    @strawberry.field(
        description="The object with a global id, for the caller who owns it; for anyone else NOT_FOUND."
    )
    async def node(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="The id of an object whose type is a Node.")
        ],
    ) -> Node | None:
        return await fetch_node(info, id, field="id")

    @strawberry.field(
        description=(
            "The same for many ids, in their order; null for an object that does not exist or"
            " belongs to somebody else, and null with an error at its place for an id that cannot be read."
        )
    )
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 100.")]
    ) -> list[Node | None]:
        if len(ids) > MAX_IDS:
            raise BadInput(f"At most {MAX_IDS} ids at once.", field="ids")
        nodes = await asyncio.gather(
            *(fetch_node(info, id, field="ids") for id in ids), return_exceptions=True
        )
        # An exception in a list is the error of its place alone, and the others stand.
        return cast(list[Node | None], [None if _is_absence(each) else each for each in nodes])


def _is_absence(result: object) -> bool:
    """Tell whether a fetch found nothing for this caller: an object, or any other error, is no absence."""
    return isinstance(result, Exception) and isinstance(domain_api_error(result) or result, NotFound)


async def fetch_node(info: Info, id: strawberry.ID, *, field: str) -> Node:
    """Return the object that an id names, if this caller may see it. Raises NotFound, also for another
    owner's object, and BadInput for junk.
    """
    kind, key = decode_id(id, field=field)
    fetch = FETCHERS.get(kind)
    if fetch is None:
        raise BadInput("That is no id of anything that can be fetched.", field=field)
    return await fetch(info, key)


async def _member(info: Info, key: str) -> Node:
    caller = info.context.caller
    if not isinstance(caller, MemberCaller) or caller.member_id != key:
        raise NotFound
    return await current_member(info, key)


async def _customer(info: Info, key: str) -> Node:
    if caller_kind(info.context.caller) not in STAFF:
        raise NotFound
    count_look_up(info)
    try:
        customer = await current_customer(info, key)
    except NotFound:
        await note_missed_look_up(info, "ID")
        raise
    await note_look_up(info, key, "ID")
    return customer


async def _staff(info: Info, key: str) -> Node:
    caller = info.context.caller
    if not isinstance(caller, StaffCaller) or caller.staff_id != key:
        raise NotFound
    return await current_employee(info, caller)


async def _reward(info: Info, key: str) -> Node:
    audience = await info.context.loaders.audience()
    reward = find_reward(audience.programme, audience.locale, key)
    if reward is None:
        raise NotFound
    return reward


async def _entry(info: Info, key: str) -> Node:
    # Only a member's own history: a till gets entries in the answer that makes them, and reads none later.
    caller, (member, _, number) = info.context.caller, key.partition(":")
    if not number.isdecimal() or not isinstance(caller, MemberCaller) or not await _is_own(info, member):
        raise NotFound
    history_entry = await entry_history.find_entry(
        info.context.dependencies.runtime, member_id=member, n=int(number)
    )
    audience = await info.context.loaders.audience()
    if history_entry is None or history_entry.wallet in audience.programme.hidden_wallets:
        raise NotFound
    return entry_of(audience, member, history_entry)


async def _purchase(info: Info, key: str) -> Node:
    caller = info.context.caller
    if not _is_signed_in(info):
        raise NotFound
    purchase = await info.context.loaders.purchase(key)
    if purchase is None:
        raise NotFound
    if isinstance(caller, MemberCaller) and not await _is_own(info, purchase.member):
        raise NotFound
    if (
        isinstance(caller, StaffCaller)
        and caller.role not in ("OPERATOR", "SERVICE")
        and caller.store != purchase.purchase.store
    ):
        raise NotFound
    return await purchase_of(info, purchase)


async def _voucher(info: Info, key: str) -> Node:
    caller = info.context.caller
    voucher = await info.context.loaders.voucher(key) if _is_signed_in(info) else None
    if voucher is None or (isinstance(caller, MemberCaller) and not await _is_own(info, voucher.member)):
        raise NotFound
    return await voucher_of(info, voucher)


async def _message(info: Info, key: str) -> Node:
    caller = info.context.caller
    if not isinstance(caller, MemberCaller):
        raise NotFound
    return await current_message(info, caller.member_id, key)


async def _is_own(info: Info, member: str) -> bool:
    """Tell whether a member is the caller, or a membership that was merged into theirs."""
    caller = info.context.caller
    if not isinstance(caller, MemberCaller):
        return False
    return caller.member_id == member or member in (
        (await info.context.loaders.member_view(caller.member_id)).merged
    )


def _is_signed_in(info: Info) -> bool:
    return caller_kind(info.context.caller) in MEMBER | STAFF


async def _own_view(info: Info, member: str) -> tuple[Audience, MemberView]:
    """Return the caller's own membership. Raises NotFound for anybody else's."""
    caller = info.context.caller
    if not isinstance(caller, MemberCaller) or caller.member_id != member:
        raise NotFound
    loaders = info.context.loaders
    member_view = await loaders.member_view(member)
    return await loaders.audience(), member_view


async def _wallet(info: Info, key: str) -> Node:
    member, _, code = key.partition(":")
    audience, member_view = await _own_view(info, member)
    wallet = next((one for one in wallets_of(audience, member_view.member) if one.code == code), None)
    if wallet is None:
        raise NotFound
    return wallet


async def _member_reward(info: Info, key: str) -> Node:
    member, _, code = key.partition(":")
    audience, member_view = await _own_view(info, member)
    spec = find_spec(audience.programme.reward, code)
    if spec is None or spec.cost is None:
        raise NotFound
    return member_reward(audience, member_view.member, spec, await info.context.loaders.stock_state())


async def _badge_progress(info: Info, key: str) -> Node:
    member, _, code = key.partition(":")
    audience, member_view = await _own_view(info, member)
    spec = find_spec(audience.programme.badge, code)
    progress = (
        badge_progress(audience, member_view.member, spec, declined=member_view.details.declined)
        if spec is not None
        else None
    )
    if progress is None or not (progress.level or not progress.badge.secret):
        raise NotFound
    return progress


async def _tier_progress(info: Info, key: str) -> Node:
    audience, member_view = await _own_view(info, key)
    progress = tier_progress(audience, member_view.member)
    if progress is None:
        raise NotFound
    return progress


FETCHERS: Mapping[str, Fetch] = {
    "BadgeProgress": _badge_progress,
    "Customer": _customer,
    "Member": _member,
    "MemberReward": _member_reward,
    "Message": _message,
    "PointEntry": _entry,
    "Purchase": _purchase,
    "Reward": _reward,
    "Staff": _staff,
    "TierProgress": _tier_progress,
    "Voucher": _voucher,
    "Wallet": _wallet,
}
