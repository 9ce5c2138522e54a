"""Long lists by windows on gapless counters: a member's entries and purchases, the newest first.

The newest entries ride on the member, so the first page reads nothing; a later one is one window of the
journal.
"""

import asyncio

from api.graphql.basics import Info, PageInfo
from api.graphql.errors import BadInput
from api.graphql.paging import Numbered, connection, page
from api.graphql.points import PointEntryConnection, PointEntryEdge, entry_of
from api.graphql.receipts import PurchaseConnection, PurchaseEdge, purchase_of
from api.graphql.titles import known
from domain.services import reading

ENTRIES = "entry"
# One wallet's entries have a counter of their own, so a cursor of theirs is none of the whole history.
WALLET_ENTRIES = "walletentry"
PURCHASES = "purchase"


async def point_history(
    info: Info, member: str, *, first: int | None, after: str | None, wallet: str | None
) -> PointEntryConnection:
    """Return a window of the entries of all wallets, or of one by its own counter."""
    kind = ENTRIES if wallet is None else WALLET_ENTRIES
    window = page(first, after, of=kind)
    loaders = info.context.loaders
    seen = await loaders.seen(member) if window.after is None else None
    reader = await loaders.reader()
    if wallet is not None and known(reader.programme.wallet, wallet) is None:
        raise BadInput("The programme has no such wallet.", field="wallet")
    found = await reading.history(
        info.context.services.house,
        member_id=member,
        first=window.size,
        before=window.after,
        wallet=wallet,
        seen=seen,
        now=loaders.now,
    )
    rows = [
        Numbered(told.entry.n if wallet is None else told.entry.wallet_n, entry_of(reader, member, told))
        for told in found.items
    ]
    return connection(
        rows,
        window,
        of=kind,
        edge=PointEntryEdge,
        page_info=PageInfo,
        make=PointEntryConnection,
        more=found.more,
    )


async def purchase_history(
    info: Info, member: str, *, first: int | None, after: str | None, store: str | None = None
) -> PurchaseConnection:
    """Return a window of the purchases, in one store alone where it is named."""
    window = page(first, after, of=PURCHASES)
    loaders = info.context.loaders
    seen = await loaders.seen(member) if window.after is None else None
    found = await reading.purchases(
        info.context.services.house,
        member_id=member,
        first=window.size,
        before=window.after,
        store=store,
        seen=seen,
        now=loaders.now,
    )
    shown = await asyncio.gather(*(purchase_of(info, one) for one in found.items))
    return connection(
        [Numbered(one.n, purchase) for one, purchase in zip(found.items, shown, strict=True)],
        window,
        of=PURCHASES,
        edge=PurchaseEdge,
        page_info=PageInfo,
        make=PurchaseConnection,
        more=found.more,
    )
