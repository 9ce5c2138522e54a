"""Vouchers: their value as issued, their state, and their code, which only their owner sees."""

from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated

import strawberry

from api.errors import BadInput
from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import CURSOR, EDGES, PAGE_INFO, TOTAL_COUNT
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.ids import decode_id_as, encode_id
from api.graphql.engine.merged_lists import ListPart, read_parts, total
from api.graphql.engine.paging import NumberedRow, connection, read_window
from api.graphql.engine.problems import renders
from api.graphql.engine.shared_types import Info, Node, PageInfo, Problem
from api.graphql.member.rewards import (
    Cost,
    Reward,
    RewardValue,
    offered_reward,
    reward_cost,
    reward_value,
    rewards_by_code,
)
from api.graphql.member.stores import Store, store_of, stores_by_code
from api.qr import BadSize, draw, png_data_url, svg
from api.texts import amount_text, say
from domain.model.programme import Programme
from domain.services.ledger import queries
from domain.services.ledger.redemption import VoucherRefused
from domain.services.ledger.voucher_terms import VoucherRefusalReason as StoredVoucherRefusalReason
from domain.store.ledger.vouchers import Voucher as StoredVoucher
from domain.store.ledger.vouchers import VoucherState as StoredVoucherState

LIST_NAME = "voucher"
# A list of one state examines at most this many vouchers for one page; its cursor says where it goes on.
MAX_EXAMINED = 400


@enum_of_words(StoredVoucherState, description="What has become of a voucher.")
class VoucherState(Enum):
    ISSUED = strawberry.enum_value("ISSUED", description="It can be used.")
    USED = strawberry.enum_value("USED", description="It was used.")
    EXPIRED = strawberry.enum_value("EXPIRED", description="Its time is over.")
    CANCELLED = strawberry.enum_value("CANCELLED", description="It was given back.")


@enum_of_words(StoredVoucherRefusalReason, description="Why a voucher cannot be used or given back.")
class VoucherRefusalReason(Enum):
    STATE = strawberry.enum_value(
        "STATE", description="Its state: it was used, expired or cancelled, or cannot be given back."
    )
    MINIMUM = strawberry.enum_value(
        "MINIMUM", description="The receipt's total is below the voucher's minimum."
    )
    DATES = strawberry.enum_value("DATES", description="The receipt is of a day before it was issued.")
    OTHER_MEMBER = strawberry.enum_value(
        "OTHER_MEMBER", description="It is not of the member who checks out."
    )


@strawberry.enum(description="How a QR code is drawn.")
class QrFormat(Enum):
    SVG = strawberry.enum_value("SVG", description="Vector, sharp at any size.")
    PNG = strawberry.enum_value("PNG", description="Pixels.")


@strawberry.type(description="SVG as text; PNG as a data: URL. One operation draws at most 20 pictures.")
class QrImage:
    media_type: str = strawberry.field(description="Such as image/svg+xml.")
    data: str = strawberry.field(description="The picture itself.")


@strawberry.type(description="What a member gets when a reward is redeemed or given.")
class Voucher(Node):
    reward: Reward = strawberry.field(
        description="The reward in today's catalogue; as it was then, where it is no longer in it."
    )
    title: str = strawberry.field(description="What it is worth, as it was when issued.")
    value: RewardValue | None = strawberry.field(
        description="What it takes off a purchase, as issued; null where it takes nothing off."
    )
    cost: Cost | None = strawberry.field(description="What was paid for it; null where it was given.")
    voucher_state: VoucherState = strawberry.field(description="As of this answer.")
    issued_at: datetime = strawberry.field(description="When it was redeemed or given.")
    expires_at: datetime | None = strawberry.field(
        description="The instant from which it cannot be used; null where it never expires."
    )
    used_at: datetime | None = strawberry.field(description="When it was used; null where it was not.")
    cancellable: bool = strawberry.field(
        description="Whether cancelVoucher would give its cost back: unused, and not given for nothing."
    )
    stored_voucher: strawberry.Private[StoredVoucher]

    @strawberry.field(description="Where it was used; null where it was not.")
    async def used_in(self, info: Info) -> Store | None:
        code = self.stored_voucher.used_in_store
        return None if code is None else store_of(code, await info.context.loaders.store_names())

    @strawberry.field(description="Where it can be used; empty where everywhere.")
    def stores(self, info: Info) -> list[Store]:
        return stores_by_code(info, self.stored_voucher.stores)

    @strawberry.field(description="What the QR code holds: null for anyone but its owner.")
    def code(self, info: Info) -> str | None:
        return queries.voucher_code(info.context.dependencies.runtime, self.stored_voucher)

    @strawberry.field(description="The code as a picture: null for anyone but its owner.")
    async def qr(
        self,
        info: Info,
        format: Annotated[QrFormat | None, strawberry.argument(description="SVG by default.")] = QrFormat.SVG,
        size: Annotated[int | None, strawberry.argument(description="Pixels, 64 to 2048.")] = 256,
    ) -> QrImage | None:
        code = queries.voucher_code(info.context.dependencies.runtime, self.stored_voucher)
        return None if code is None else await qr_image(code, format, size)


@strawberry.type(description="A voucher in its list.")
class VoucherEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: Voucher = strawberry.field(description="The voucher.")


@strawberry.type(description="A window of vouchers.")
class VoucherConnection:
    edges: list[VoucherEdge] = strawberry.field(description=EDGES)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO)
    member: strawberry.Private[str]
    is_filtered: strawberry.Private[bool]

    @strawberry.field(description=TOTAL_COUNT)
    async def total_count(self, info: Info) -> int | None:
        if self.is_filtered:
            return None
        return await total(info, self.member, lambda counted: counted.issued)


@strawberry.type(
    description="It is used, expired, cancelled, cannot be given back, or is not for this receipt."
)
class VoucherNotUsable(Problem):
    voucher_state: VoucherState = strawberry.field(description="What it is.")
    used_at: datetime | None = strawberry.field(description="When it was used; null where it was not.")
    used_in: Store | None = strawberry.field(description="Where it was used; null where it was not.")
    refusal_reason: VoucherRefusalReason = strawberry.field(description="What it fails by.")
    voucher_id: strawberry.ID = strawberry.field(
        description="Which voucher; of a checkout's several the first."
    )


@renders(VoucherRefused)
async def _voucher_not_usable(info: Info, audience: Audience, refusal: VoucherRefused) -> VoucherNotUsable:
    voucher = refusal.voucher
    state = voucher.state_at(audience.now)
    names = await info.context.loaders.store_names() if voucher.used_in_store is not None else {}
    return VoucherNotUsable(
        message=_refusal_text(refusal, state, audience),
        voucher_state=VoucherState[state],
        used_at=voucher.used_at,
        used_in=store_of(voucher.used_in_store, names) if voucher.used_in_store is not None else None,
        refusal_reason=VoucherRefusalReason[refusal.reason],
        voucher_id=strawberry.ID(encode_id("Voucher", voucher.id)),
    )


def _refusal_text(refusal: VoucherRefused, state: StoredVoucherState, audience: Audience) -> str:
    if refusal.reason == "STATE":
        return say(f"voucher.{state}", audience.locale)
    if refusal.reason in ("DATES", "OTHER_MEMBER"):
        return say(f"voucher.{refusal.reason}", audience.locale)
    value, currency = refusal.voucher.value, audience.programme.programme.currency
    minimum = (value.minimum if value is not None else None) or 0
    return say(
        "voucher.MINIMUM",
        audience.locale,
        amount=amount_text(minimum, currency=currency, locale=audience.locale),
    )


# ---------------------------------------------------------------- rendering


async def voucher_of(info: Info, stored_voucher: StoredVoucher) -> Voucher:
    """Return a voucher as its owner or a till sees it."""
    await info.context.dependencies.runtime.programmes.load_versions([stored_voucher.version])
    audience = await info.context.loaders.audience()
    programme_then = audience.programme_of_version(stored_voucher.version)
    state = stored_voucher.state_at(audience.now)
    return Voucher(
        id=strawberry.ID(encode_id("Voucher", stored_voucher.id)),
        reward=_reward(audience, programme_then, stored_voucher),
        title=_title(programme_then, stored_voucher, audience.locale),
        value=reward_value(stored_voucher.value, programme_then.programme.currency),
        cost=reward_cost(audience.programme, audience.locale, stored_voucher.cost),
        voucher_state=VoucherState[state],
        issued_at=stored_voucher.issued_at,
        expires_at=stored_voucher.expires_at,
        used_at=stored_voucher.used_at,
        cancellable=state == "ISSUED" and not stored_voucher.is_free,
        stored_voucher=stored_voucher,
    )


def _title(programme_then: Programme, stored_voucher: StoredVoucher, locale: str) -> str:
    spec = programme_then.reward(stored_voucher.reward).as_variant(stored_voucher.variant)
    return spec.title.for_locale(locale)


def _reward(audience: Audience, programme_then: Programme, stored_voucher: StoredVoucher) -> Reward:
    """Return a reward as today's catalogue has it, in the voucher's variant where it still has that; one that
    has left the catalogue as it was then.
    """
    code, variant = stored_voucher.reward, stored_voucher.variant
    is_there = code in rewards_by_code(audience.programme, audience.locale)
    programme = audience.programme if is_there else programme_then
    return offered_reward(programme, audience.locale, programme.reward(code).as_variant(variant))


async def qr_image(code: str, format: QrFormat | None, size: int | None) -> QrImage:
    """Return a code as a picture, drawn beside the event loop. Raises BadInput naming `size`."""
    pixels = 256 if size is None else size
    try:
        if format is QrFormat.PNG:
            return QrImage(media_type="image/png", data=await draw(png_data_url, code, pixels))
        return QrImage(media_type="image/svg+xml", data=await draw(svg, code, pixels))
    except BadSize as fault:
        raise BadInput(f"{fault}.", field="size") from None


def decode_voucher_id(id: strawberry.ID) -> str:
    """Return the key of the voucher that an input's `voucherId` names. Raises BadInput."""
    return decode_id_as("Voucher", id, field="voucherId")


# ---------------------------------------------------------------- lists


async def voucher_history(
    info: Info, member: str, *, first: int | None, after: str | None, state: VoucherState | None = None
) -> VoucherConnection:
    """Return a window of a member's vouchers, newest first. Where one state is asked for, it reads batches
    that grow.
    """
    window = read_window(first, after, list_name=LIST_NAME)
    loaders = info.context.loaders

    async def read(owner: str, size: int, before: int | None) -> ListPart[Voucher]:
        below = before if before is not None else (await loaders.member_view(owner)).member.issued + 1
        vouchers: list[StoredVoucher] = []
        batch_size, examined = size, 0
        while below > 1 and len(vouchers) < size and examined < MAX_EXAMINED:
            rows = await queries.list_vouchers(
                info.context.dependencies.runtime,
                member_id=owner,
                first=batch_size,
                before=below,
                now=loaders.now,
            )
            vouchers += [
                one for one in rows.items if state is None or one.state_at(loaders.now) == state.name
            ]
            below, examined, batch_size = max(1, below - batch_size), examined + batch_size, batch_size * 2
        nodes = [NumberedRow(one.number, await voucher_of(info, one)) for one in vouchers]
        if len(nodes) > size:  # a batch may hold more than were asked for: the next page goes on after them
            return ListPart(nodes[:size], has_more=True)
        return ListPart(nodes, has_more=below > 1, read_down_to=below if below > 1 else None)

    part = await read_parts(
        info, member, window, read=read, count=lambda counted: counted.issued, goes_on=True
    )
    return connection(
        part.rows,
        window,
        list_name=LIST_NAME,
        edge=VoucherEdge,
        page_info=PageInfo,
        make=partial(VoucherConnection, member=member, is_filtered=state is not None),
        has_more=part.has_more,
        read_down_to=part.read_down_to,
    )
