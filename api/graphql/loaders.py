"""What one request has read, each thing once: the reader, members, journal rows, purchases. Batched where
several are asked for.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Mapping
from datetime import datetime
from typing import Any, TypeVar, cast

from strawberry.dataloader import DataLoader

from api.graphql.context import Caller, MemberCaller
from api.graphql.errors import NotFound, Unauthenticated
from api.graphql.reader import Reader, preferred
from api.graphql.services import Services
from domain.model.calendar import milliseconds
from domain.model.decision import Row, World
from domain.services import errors, inbox, reading
from domain.services.reading import Receipted, Seen
from domain.store.inbox import Mailbox
from domain.store.vouchers import Voucher

T = TypeVar("T")


class Loaders:
    """One a request. All that it answers is true at one instant, `now`."""

    def __init__(self, services: Services, caller: Caller, accept_language: str | None) -> None:
        self._services, self._caller, self._accept_language = services, caller, accept_language
        self.renew()

    def renew(self) -> None:
        """Know nothing, as of now: each answer of a subscription is true at its own instant."""
        self._once: dict[Hashable, asyncio.Future[Any]] = {}
        self._rows: DataLoader[tuple[str, int], Row | None] = DataLoader(self._load_rows)
        self._purchases: DataLoader[str, Receipted | None] = DataLoader(self._load_purchases)
        self._vouchers: DataLoader[str, Voucher | None] = DataLoader(self._load_vouchers)
        self.now: datetime = milliseconds(self._services.clock())

    # --- whom an answer is for

    async def reader(self) -> Reader:
        """Return for whom the answer is written: in the member's own language, where a member asks."""
        return await self._shared("reader", self._reader)

    async def _reader(self) -> Reader:
        programme = self._services.house.programmes.current().programme
        locale = preferred(self._accept_language, programme)
        if isinstance(self._caller, MemberCaller):
            own = await self._own_locale(self._caller.member_id)
            locale = own if own in programme.programme.locales else locale
        return self.reader_in(locale)

    async def _own_locale(self, member: str) -> str:
        asked = ("seen", member) in self._once
        known = None if asked else self._services.locales.known(member, now=self.now)
        return known if known is not None else (await self.seen(member)).details.locale

    def reader_in(self, locale: str) -> Reader:
        """Return a reader of a language."""
        programmes = self._services.house.programmes
        ruling = programmes.current()
        return Reader(ruling.programme, ruling.version, programmes.known, locale, self.now)

    # --- members

    async def seen(self, member: str) -> Seen:
        """Return a member as of now. Raises Unauthenticated for the caller's own that is gone, else
        NotFound.
        """
        return await self._shared(("seen", member), lambda: self._seen(member))

    async def _seen(self, member: str) -> Seen:
        try:
            found = await reading.home(self._services.house, member_id=member, now=self.now)
        except errors.NotFound:
            found = None
        if found is None or found.status == "erased":
            raise Unauthenticated() if isinstance(self._caller, MemberCaller) else NotFound()
        self._services.locales.note(member, found.details.locale, now=self.now)
        return found

    async def mailbox(self, member: str) -> Mailbox:
        """Return what is counted of a member's messages, the same for all that one answer says of them."""
        return await self._shared(
            ("mailbox", member), lambda: inbox.mailbox(self._services.house, member_id=member)
        )

    def become(self, caller: MemberCaller) -> None:
        """Answer from now on as to this member, who has just signed in."""
        self._caller = caller
        self._once.pop("reader", None)

    def changed(self, seen: Seen) -> None:
        """Show this member from now on as a mutation left them."""
        done: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()
        done.set_result(seen)
        self._once[("seen", seen.member.id)] = done

    def forget(self, member: str) -> None:
        """Read a member anew at the next call: their profile has changed, and their language may have."""
        self._services.locales.forget(member)
        self._once.pop(("seen", member), None)
        self._once.pop("reader", None)

    # --- what is in memory

    async def world(self) -> World:
        """Return which rewards are used up."""
        return await reading.world(self._services.house, now=self.now)

    async def stock_left(self) -> Mapping[str, int]:
        """Return what is left of each limited reward."""
        return await reading.stock_left(self._services.house, now=self.now)

    async def store_names(self) -> Mapping[str, str]:
        """Return each store's name by its code."""
        return await self._services.store_names.names(now=self.now)

    # --- the journal and receipts

    async def row(self, member: str, seq: int) -> Row | None:
        """Return a journal row; rows asked for together are read together."""
        return await self._rows.load((member, seq))

    async def _load_rows(self, keys: list[tuple[str, int]]) -> list[Row | None]:
        found: dict[tuple[str, int], Row] = {}
        for member in dict.fromkeys(member for member, _ in keys):
            seqs = [seq for owner, seq in keys if owner == member]
            rows = await reading.rows(self._services.house, member_id=member, seqs=seqs)
            found.update({(member, seq): row for seq, row in rows.items()})
        return [found.get(key) for key in keys]

    async def purchase_behind(self, member: str, seq: int) -> Receipted | None:
        """Return the purchase that a journal row is about; None where it is about none."""
        row = await self.row(member, seq)
        receipt = reading.purchase_named(row.event.id) if row is not None else None
        return None if receipt is None else await self.purchase(receipt)

    async def purchase(self, receipt: str) -> Receipted | None:
        """Return a purchase by its identity; those asked for together are read together."""
        return await self._purchases.load(receipt)

    async def _load_purchases(self, receipts: list[str]) -> list[Receipted | None]:
        found = await reading.purchases_by_id(self._services.house, receipt_ids=receipts)
        return [found.get(receipt) for receipt in receipts]

    async def voucher(self, id: str) -> Voucher | None:
        """Return a voucher; those asked for together are read together."""
        return await self._vouchers.load(id)

    async def _load_vouchers(self, ids: list[str]) -> list[Voucher | None]:
        found = await reading.vouchers_named(self._services.house, voucher_ids=ids)
        return [found.get(id) for id in ids]

    # --- once

    async def _shared(self, name: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what `read` gives, read at its first call and shared by all others of this request."""
        future = self._once.get(name)
        if future is None:
            future = self._once[name] = asyncio.ensure_future(read())
        return cast(T, await future)
