"""Whatever has a global id, fetched again by it: for the caller whose thing it is, and for nobody else."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

import strawberry

from api.graphql.basics import Info, Node
from api.graphql.context import MemberCaller, StaffCaller
from api.graphql.customers import customer
from api.graphql.errors import BadInput, NotFound
from api.graphql.ids import decode
from api.graphql.members import me
from api.graphql.messages import message
from api.graphql.points import entry_of
from api.graphql.receipts import purchase_of
from api.graphql.rewards import rewards_in
from api.graphql.staff import employee
from api.graphql.vouchers import voucher_of
from domain.services import reading

IDS_AT_MOST = 100

Fetch = Callable[[Info, str], Awaitable[Node]]


@strawberry.type
class NodeQuery:
    @strawberry.field(
        description="Anything with a global id, for the caller whose it is; for anyone else NOT_FOUND."
    )
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Of a type that is a Node.")],
    ) -> Node | None:
        return await fetched(info, id, field="id")

    @strawberry.field(
        description="The same for many ids, in their order; null for what is not there or somebody else's."
    )
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 100.")]
    ) -> list[Node | None]:
        if len(ids) > IDS_AT_MOST:
            raise BadInput(f"At most {IDS_AT_MOST} ids at once.", field="ids")
        return list(await asyncio.gather(*(_or_none(info, id) for id in ids)))


async def _or_none(info: Info, id: strawberry.ID) -> Node | None:
    try:
        return await fetched(info, id, field="ids")
    except NotFound:
        return None


async def fetched(info: Info, id: strawberry.ID, *, field: str) -> Node:
    """Return what an id names, as this caller may see it. Raises NotFound, also for what is somebody else's,
    and BadInput for junk.
    """
    kind, key = decode(id, field=field)
    fetch = KINDS.get(kind)
    if fetch is None:
        raise BadInput("That is no id of anything that can be fetched.", field=field)
    return await fetch(info, key)


async def _member(info: Info, key: str) -> Node:
    caller = info.context.caller
    if not isinstance(caller, MemberCaller) or caller.member_id != key:
        raise NotFound
    return await me(info, key)


async def _customer(info: Info, key: str) -> Node:
    if not isinstance(info.context.caller, StaffCaller):
        raise NotFound
    return await customer(info, key)


async def _staff(info: Info, key: str) -> Node:
    caller = info.context.caller
    if not isinstance(caller, StaffCaller) or caller.staff_id != key:
        raise NotFound
    return await employee(info, caller)


async def _reward(info: Info, key: str) -> Node:
    reader = await info.context.loaders.reader()
    found = rewards_in(reader.programme, reader.locale).get(key)
    if found is None:
        raise NotFound
    return found


async def _entry(info: Info, key: str) -> Node:
    # A member's own history: a till is told of entries where it makes them, and reads nobody's.
    caller, (member, _, n) = info.context.caller, key.partition(":")
    if not n.isdecimal() or not isinstance(caller, MemberCaller) or caller.member_id != member:
        raise NotFound
    found = await reading.entry(info.context.services.house, member_id=member, n=int(n))
    if found is None:
        raise NotFound
    return entry_of(await info.context.loaders.reader(), member, found)


async def _purchase(info: Info, key: str) -> Node:
    caller = info.context.caller
    if not _is_signed_in(info):
        raise NotFound
    found = await info.context.loaders.purchase(key)
    if found is None:
        raise NotFound
    if isinstance(caller, MemberCaller) and caller.member_id != found.member:
        raise NotFound
    if isinstance(caller, StaffCaller) and caller.role != "OPERATOR" and caller.store != found.purchase.store:
        raise NotFound
    return await purchase_of(info, found)


async def _voucher(info: Info, key: str) -> Node:
    caller = info.context.caller
    found = await info.context.loaders.voucher(key) if _is_signed_in(info) else None
    if found is None or (isinstance(caller, MemberCaller) and caller.member_id != found.member):
        raise NotFound
    return await voucher_of(info, found)


async def _message(info: Info, key: str) -> Node:
    caller = info.context.caller
    if not isinstance(caller, MemberCaller):
        raise NotFound
    return await message(info, caller.member_id, key)


def _is_signed_in(info: Info) -> bool:
    return isinstance(info.context.caller, MemberCaller | StaffCaller)


KINDS: Mapping[str, Fetch] = {
    "Customer": _customer,
    "Member": _member,
    "Message": _message,
    "PointEntry": _entry,
    "Purchase": _purchase,
    "Reward": _reward,
    "Staff": _staff,
    "Voucher": _voucher,
}
