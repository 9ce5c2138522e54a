"""A member's entries and purchases, newest first, by windows on gapless counters.

The newest entries are stored with the member, so the first page reads nothing more; a later page reads one
window of the journal, and nothing of the member but their id.
"""

import asyncio
from collections.abc import Mapping
from functools import partial

from graphql.language import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    NullValueNode,
    SelectionSetNode,
)

from api.errors import BadInput
from api.graphql.engine.merged_lists import ListPart, read_parts
from api.graphql.engine.paging import NumberedRow, connection, read_window
from api.graphql.engine.shared_types import Info, PageInfo
from api.graphql.engine.titles import find_spec
from api.graphql.member.points import PointEntry, PointEntryConnection, PointEntryEdge, entry_of
from api.graphql.member.receipts import Purchase, PurchaseConnection, PurchaseEdge, purchase_of
from domain.services.ledger import entry_history, purchase_queries
from domain.services.ledger.entry_history import EntryFilter, entry_count
from domain.services.ledger.purchase_queries import PurchaseFilter

ENTRY_LIST = "entry"
# The entries of one wallet have their own counter, so their cursors are of another list.
WALLET_ENTRY_LIST = "walletentry"
PURCHASE_LIST = "purchase"
PAGED_LISTS = frozenset({"pointHistory", "purchases", "vouchers"})
UNLOADED_FIELDS = frozenset({"id", "__typename"})


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
    audience = await loaders.audience()
    programme = audience.programme
    if wallet is not None and (
        find_spec(programme.wallet, wallet) is None or wallet in programme.hidden_wallets
    ):
        raise BadInput("The programme has no such wallet.", field="wallet")

    async def read(owner: str, size: int, before: int | None) -> ListPart[PointEntry]:
        history = await entry_history.list_history(
            info.context.dependencies.runtime,
            member_id=owner,
            first=size,
            before=before,
            wallet=wallet,
            hidden=programme.hidden_wallets,
            wanted=wanted,
            member_view=await loaders.member_view(owner) if before is None else None,
            now=loaders.now,
        )
        rows = [
            NumberedRow(told.n if wallet is None else told.wallet_n, entry_of(audience, owner, told))
            for told in history.items
        ]
        return ListPart(rows, history.has_more, history.read_down_to)

    part = await read_parts(
        info, member, window, read=read, count=lambda counted: entry_count(counted, wallet)
    )
    return connection(
        part.rows,
        window,
        list_name=list_name,
        edge=PointEntryEdge,
        page_info=PageInfo,
        make=partial(PointEntryConnection, member=member, wallet=wallet, is_filtered=wanted is not None),
        has_more=part.has_more,
        read_down_to=part.read_down_to,
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

    async def read(owner: str, size: int, before: int | None) -> ListPart[Purchase]:
        purchases = await purchase_queries.list_purchases(
            info.context.dependencies.runtime,
            member_id=owner,
            first=size,
            before=before,
            wanted=wanted,
            member_view=await loaders.member_view(owner) if before is None else None,
            now=loaders.now,
        )
        nodes = await asyncio.gather(*(purchase_of(info, each) for each in purchases.items))
        rows = [NumberedRow(each.number, node) for each, node in zip(purchases.items, nodes, strict=True)]
        return ListPart(rows, purchases.has_more, purchases.read_down_to)

    part = await read_parts(info, member, window, read=read, count=lambda counted: counted.purchases.count)
    return connection(
        part.rows,
        window,
        list_name=PURCHASE_LIST,
        edge=PurchaseEdge,
        page_info=PageInfo,
        make=partial(
            PurchaseConnection, member=member, is_filtered=wanted is not None and not wanted.is_open
        ),
        has_more=part.has_more,
        read_down_to=part.read_down_to,
    )


# ---------------------------------------------------------------- later pages alone


def asks_pages_only(info: Info) -> bool:
    """Tell whether nothing else is selected of the member, in any fragment."""
    raw = info._raw_info
    return all(_pages_only(node.selection_set, raw.fragments) for node in raw.field_nodes)


def _pages_only(
    selection_set: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode]
) -> bool:
    for node in selection_set.selections if selection_set else ():
        match node:
            case FieldNode():
                if not (
                    node.name.value in UNLOADED_FIELDS
                    or (node.name.value in PAGED_LISTS and _has_cursor(node))
                ):
                    return False
            case InlineFragmentNode():
                if not _pages_only(node.selection_set, fragments):
                    return False
            case FragmentSpreadNode():
                if not _pages_only(fragments[node.name.value].selection_set, fragments):
                    return False
    return True


def _has_cursor(node: FieldNode) -> bool:
    # A variable may be null as a cursor: then the list's resolver reads the member.
    return any(
        each.name.value == "after" and not isinstance(each.value, NullValueNode)
        for each in node.arguments or ()
    )
