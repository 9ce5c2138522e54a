"""Vouchers: what they are worth as issued, their code for their owner alone, and redeeming, giving back,
using and undoing.
"""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.basics import Info, Node, PageInfo, Problem
from api.graphql.descriptions import CURSOR, EDGES, PAGE
from api.graphql.errors import BadInput
from api.graphql.ids import decode_as, encode
from api.graphql.paging import Numbered, connection, page
from api.graphql.problems import told_by
from api.graphql.reader import Reader
from api.graphql.rewards import Cost, Reward, RewardValue, rewards_in
from api.graphql.scalars import WalletCode
from api.graphql.stores import Store, store_of, stores_of
from api.qr import BadSize, png_data_url, svg
from api.texts import say
from domain.model.programme import Programme
from domain.services import reading
from domain.services.redemption import VoucherRefused
from domain.store.vouchers import Voucher as Issued

LIST = "voucher"
# A list that leaves vouchers out looks at so many at the most for those it shows; its cursor says where it
# goes on.
LOOKED_AT = 400


@strawberry.enum(description="What has become of a voucher.")
class VoucherState(Enum):
    ISSUED = strawberry.enum_value("ISSUED", description="It can be used.")
    USED = strawberry.enum_value("USED", description="It was used.")
    EXPIRED = strawberry.enum_value("EXPIRED", description="Its time is over.")
    CANCELLED = strawberry.enum_value("CANCELLED", description="It was given back.")


@strawberry.enum(description="How a QR code is drawn.")
class QrFormat(Enum):
    SVG = strawberry.enum_value("SVG", description="Vector, sharp at any size.")
    PNG = strawberry.enum_value("PNG", description="Pixels.")


@strawberry.type(description="SVG as text; PNG as a data: URL.")
class QrImage:
    media_type: str = strawberry.field(description="Such as image/svg+xml.")
    data: str = strawberry.field(description="The picture itself.")


@strawberry.type(description="What a reward became when it was redeemed or given.")
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
        description="From then on it cannot be used; null where it always can."
    )
    used_at: datetime | None = strawberry.field(description="When it was used; null where it was not.")
    cancellable: bool = strawberry.field(
        description="Whether cancelVoucher would give its cost back: unused, and not given for nothing."
    )
    issued: strawberry.Private[Issued]

    @strawberry.field(description="Where it was used; null where it was not.")
    async def used_in(self, info: Info) -> Store | None:
        code = self.issued.used_in
        return None if code is None else store_of(code, await info.context.loaders.store_names())

    @strawberry.field(description="Where it can be used; empty where everywhere.")
    async def stores(self, info: Info) -> list[Store]:
        return (
            stores_of(self.issued.stores, await info.context.loaders.store_names())
            if self.issued.stores
            else []
        )

    @strawberry.field(description="What the QR code holds: null for anyone but its owner.")
    def code(self, info: Info) -> str | None:
        return reading.voucher_code(info.context.services.house, self.issued)

    @strawberry.field(description="The code as a picture: null for anyone but its owner.")
    def qr(
        self,
        info: Info,
        format: Annotated[QrFormat | None, strawberry.argument(description="SVG by default.")] = QrFormat.SVG,
        size: Annotated[int | None, strawberry.argument(description="Pixels, 64 to 2048.")] = 256,
    ) -> QrImage | None:
        code = reading.voucher_code(info.context.services.house, self.issued)
        return None if code is None else picture(code, format, size)


@strawberry.type(description="A voucher in its list.")
class VoucherEdge:
    cursor: str = strawberry.field(description=CURSOR)
    node: Voucher = strawberry.field(description="The voucher.")


@strawberry.type(description="A window of vouchers.")
class VoucherConnection:
    edges: list[VoucherEdge] = strawberry.field(description=EDGES)
    page_info: PageInfo = strawberry.field(description=PAGE)


@strawberry.type(description="It is used, expired, cancelled, or cannot be given back.")
class VoucherNotUsable(Problem):
    voucher_state: VoucherState = strawberry.field(description="What it is.")
    used_at: datetime | None = strawberry.field(description="When it was used; null where it was not.")
    used_in: Store | None = strawberry.field(description="Where it was used; null where it was not.")


@told_by(VoucherRefused)
async def _refused(info: Info, reader: Reader, refusal: VoucherRefused) -> VoucherNotUsable:
    voucher = refusal.voucher
    state = voucher.state_at(reader.now)
    names = await info.context.loaders.store_names() if voucher.used_in is not None else {}
    return VoucherNotUsable(
        message=say(f"voucher.{state}", reader.locale),
        voucher_state=VoucherState[state],
        used_at=voucher.used_at,
        used_in=store_of(voucher.used_in, names) if voucher.used_in is not None else None,
    )


# --- showing one
# -----------------------------------------------------------------------------------------------------


async def voucher_of(info: Info, issued: Issued) -> Voucher:
    """Return a voucher as its owner or a till sees it."""
    await info.context.services.house.programmes.know([issued.version])
    reader = await info.context.loaders.reader()
    then = reader.of_version(issued.version)
    state = issued.state_at(reader.now)
    return Voucher(
        id=strawberry.ID(encode("Voucher", issued.id)),
        reward=_reward(reader, then, issued.reward),
        title=then.reward(issued.reward).title.in_(reader.locale),
        value=_value(issued, then.programme.currency),
        cost=Cost(wallet=WalletCode(issued.cost.wallet), amount=issued.cost.amount) if issued.cost else None,
        voucher_state=VoucherState[state],
        issued_at=issued.issued_at,
        expires_at=issued.expires_at,
        used_at=issued.used_at,
        cancellable=state == "ISSUED" and not issued.given,
        issued=issued,
    )


def _reward(reader: Reader, then: Programme, code: str) -> Reward:
    """Return a reward as it stands in the catalogue; one that is no longer in it as it stood then."""
    return rewards_in(reader.programme, reader.locale).get(code) or rewards_in(then, reader.locale)[code]


def _value(issued: Issued, currency: str) -> RewardValue | None:
    if issued.value is None:
        return None
    return RewardValue(
        amount=issued.value.amount,
        percent=issued.value.percent,
        minimum=issued.value.minimum,
        currency=currency,
    )


def picture(code: str, format: QrFormat | None, size: int | None) -> QrImage:
    """Return a code as a picture. Raises BadInput naming `size`."""
    pixels = 256 if size is None else size
    try:
        if format is QrFormat.PNG:
            return QrImage(media_type="image/png", data=png_data_url(code, pixels))
        return QrImage(media_type="image/svg+xml", data=svg(code, pixels))
    except BadSize as fault:
        raise BadInput(f"{fault}.", field="size") from None


def voucher_key(id: strawberry.ID) -> str:
    """Return the voucher that an input's `voucherId` names. Raises BadInput."""
    return decode_as("Voucher", id, field="voucherId")


# --- lists
# -----------------------------------------------------------------------------------------------------------


async def voucher_history(
    info: Info, member: str, *, first: int | None, after: str | None, state: VoucherState | None = None
) -> VoucherConnection:
    """Return a window of a member's vouchers, newest first; of one state alone where it is named, by windows
    that widen.
    """
    window = page(first, after, of=LIST)
    loaders = info.context.loaders
    before = (await loaders.seen(member)).member.issued + 1 if window.after is None else window.after
    found: list[Issued] = []
    step, looked = window.size, 0
    while before > 1 and len(found) < window.size and looked < LOOKED_AT:
        rows = await reading.vouchers_of(
            info.context.services.house, member_id=member, first=step, before=before, now=loaders.now
        )
        found += [one for one in rows.items if state is None or one.state_at(loaders.now) == state.name]
        before, looked, step = max(1, before - step), looked + step, step * 2
    return connection(
        [Numbered(one.n, await voucher_of(info, one)) for one in found],
        window,
        of=LIST,
        edge=VoucherEdge,
        page_info=PageInfo,
        make=VoucherConnection,
        more=before > 1,
        reached=before if before > 1 else None,
    )
