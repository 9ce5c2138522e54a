"""A member's entries and purchases, newest first, by windows on gapless counters.

The newest entries are stored with the member, so the first page reads nothing more; a later page reads one
window of the journal.
"""

import asyncio
from functools import partial

from api.errors import BadInput
from api.graphql.engine.paging import NumberedRow, connection, read_window
from api.graphql.engine.shared_types import Info, PageInfo
from api.graphql.engine.titles import find_spec
from api.graphql.member.points import PointEntryConnection, PointEntryEdge, entry_of
from api.graphql.member.receipts import PurchaseConnection, PurchaseEdge, purchase_of
from domain.services.ledger import entry_history, queries
from domain.services.ledger.entry_history import EntryFilter
from domain.services.ledger.queries import PurchaseFilter

ENTRY_LIST = "entry"
# The entries of one wallet have their own counter, so their cursors are of another list.
WALLET_ENTRY_LIST = "walletentry"
PURCHASE_LIST = "purchase"


async def point_history(
    info: Info,
    member: str,
    *,
    first: int | None,
    after: str | None,
    wallet: str | None,
    wanted: EntryFilter | None = None,
) -> PointEntryConnection:
    """Return a window of the entries that are wanted, of all wallets or of one by its own counter."""
    list_name = ENTRY_LIST if wallet is None else WALLET_ENTRY_LIST
    window = read_window(first, after, list_name=list_name)
    loaders = info.context.loaders
    member_view = await loaders.member_view(member) if window.after is None else None
    audience = await loaders.audience()
    programme = audience.programme
    if wallet is not None and (
        find_spec(programme.wallet, wallet) is None or wallet in programme.hidden_wallets
    ):
        raise BadInput("The programme has no such wallet.", field="wallet")
    history = await entry_history.list_history(
        info.context.dependencies.runtime,
        member_id=member,
        first=window.size,
        before=window.after,
        wallet=wallet,
        hidden=programme.hidden_wallets,
        wanted=wanted,
        member_view=member_view,
        now=loaders.now,
    )
    rows = [
        NumberedRow(told.n if wallet is None else told.wallet_n, entry_of(audience, member, told))
        for told in history.items
    ]
    return connection(
        rows,
        window,
        list_name=list_name,
        edge=PointEntryEdge,
        page_info=PageInfo,
        make=partial(PointEntryConnection, member=member, wallet=wallet, is_filtered=wanted is not None),
        has_more=history.has_more,
        read_down_to=history.read_down_to,
    )


async def purchase_history(
    info: Info,
    member: str,
    *,
    first: int | None,
    after: str | None,
    wanted: PurchaseFilter | None = None,
) -> PurchaseConnection:
    """Return a window of a member's purchases, of those that are wanted."""
    window = read_window(first, after, list_name=PURCHASE_LIST)
    loaders = info.context.loaders
    member_view = await loaders.member_view(member) if window.after is None else None
    purchases = await queries.list_purchases(
        info.context.dependencies.runtime,
        member_id=member,
        first=window.size,
        before=window.after,
        wanted=wanted,
        member_view=member_view,
        now=loaders.now,
    )
    nodes = await asyncio.gather(*(purchase_of(info, one) for one in purchases.items))
    return connection(
        [NumberedRow(one.number, purchase) for one, purchase in zip(purchases.items, nodes, strict=True)],
        window,
        list_name=PURCHASE_LIST,
        edge=PurchaseEdge,
        page_info=PageInfo,
        make=partial(
            PurchaseConnection, member=member, is_filtered=wanted is not None and not wanted.is_open
        ),
        has_more=purchases.has_more,
        read_down_to=purchases.read_down_to,
    )
