"""Everything that one request reads, each value once: audience, members, journal rows, purchases, vouchers.
Keys that are asked for together are read together.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from strawberry.dataloader import DataLoader

from api.caller import Caller, ClientCaller, MemberCaller, StaffCaller
from api.errors import NotFound, Unauthenticated
from api.graphql.engine.audience import Audience, preferred_language, preferred_locale
from api.graphql.engine.dependencies import Dependencies
from domain.model.calendar import milliseconds
from domain.model.ledger.decision import JournalRow, StockState
from domain.services import errors
from domain.services.ledger import audit_trail, fiscal_records, purchase_queries, queries
from domain.services.ledger.purchase_queries import RecordedPurchase
from domain.services.ledger.queries import MemberView
from domain.services.messages import inbox
from domain.services.people import consents
from domain.store.ledger.vouchers import Voucher
from domain.store.messages.inbox import Mailbox
from domain.store.people.consent_answers import ConsentAnswer

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Loaders:
    """The loaders of one request. All that they answer is true at one instant of the programme's time, `now`.
    Codes, sessions and cards are judged at `world_now`, which differs in a demo whose clock was moved.
    """

    def __init__(self, dependencies: Dependencies, caller: Caller, accept_language: str | None) -> None:
        self._services, self._caller, self._accept_language = dependencies, caller, accept_language
        self.reset()

    def reset(self) -> None:
        """Forget everything and take a new instant, for the next answer of a subscription."""
        self._reads: dict[Hashable, asyncio.Future[Any]] = {}
        self._batches: dict[str, DataLoader[Any, Any]] = {}
        self._stock_left: Mapping[str, int] | None = None
        self.world_now: datetime = milliseconds(self._services.clock())
        self.now: datetime = self._services.runtime.programme_time.at(self.world_now)

    # ------------------------------------------------------------ the audience

    async def audience(self) -> Audience:
        """Return the audience of the answer. A member reads their own language."""
        return await self._read_once("audience", self._read_audience)

    @property
    def language(self) -> str:
        """The language of ours that the reader prefers: for what is said of the programme file itself."""
        return preferred_language(self._accept_language)

    async def _read_audience(self) -> Audience:
        programme = self._services.runtime.programmes.current().programme
        locale = preferred_locale(self._accept_language, programme)
        if isinstance(self._caller, MemberCaller):
            # Of a membership that is gone, what is public is still answered.
            with contextlib.suppress(Unauthenticated):
                member_locale = await self._member_locale(self._caller.member_id)
                locale = member_locale if member_locale in programme.programme.locales else locale
        return self.audience_in(locale)

    async def _member_locale(self, member: str) -> str:
        is_member_read = ("member", member) in self._reads
        known = None if is_member_read else self._services.locales.get(member, now=self.now)
        return known if known is not None else (await self.member_view(member)).details.locale

    def audience_in(self, locale: str) -> Audience:
        """Return an audience that reads this locale."""
        programmes = self._services.runtime.programmes
        current = programmes.current()
        return Audience(
            current.programme,
            current.number,
            programmes.loaded_or_current,
            locale,
            self.now,
            is_staff=isinstance(self._caller, StaffCaller | ClientCaller),
            is_blind=isinstance(self._caller, ClientCaller) and "members:read" not in self._caller.scopes,
            links_url=self._services.links_url,
        )

    # ------------------------------------------------------------ members

    async def member_view(self, member: str) -> MemberView:
        """Return a member as of now. Raises Unauthenticated if it is the caller's own membership that is
        gone, else NotFound.
        """
        return await self._read_once(("member", member), lambda: self._read_member(member))

    async def _read_member(self, member: str) -> MemberView:
        try:
            member_view = await queries.load_member_view(
                self._services.runtime, member_id=member, now=self.now
            )
        except errors.NotFound:
            member_view = None
        if member_view is None or member_view.status == "erased":
            raise Unauthenticated() if isinstance(self._caller, MemberCaller) else NotFound()
        self._services.locales.put(member, member_view.details.locale, now=self.now)
        return member_view

    async def mailbox(self, member: str) -> Mailbox:
        """Return the counters of a member's messages, the same for every field of one answer."""
        return await self._read_once(
            ("mailbox", member), lambda: inbox.find_mailbox(self._services.runtime, member_id=member)
        )

    async def consent_answers(self, member: str, newest: Sequence[ConsentAnswer]) -> list[ConsentAnswer]:
        """Return all stored answers of a member, the newest of each purpose first."""
        return await self._read_once(
            ("consents", member),
            lambda: consents.answer_history(self._services.runtime, member=member, newest=newest),
        )

    def sign_in_as(self, caller: MemberCaller) -> None:
        """Answer as to this member from now on: they have just signed in."""
        self._caller = caller
        self._reads.pop("audience", None)

    def remember(self, member_view: MemberView) -> None:
        """Use this view of a member from now on: a mutation has changed them."""
        future: asyncio.Future[MemberView] = asyncio.get_running_loop().create_future()
        future.set_result(member_view)
        self._reads[("member", member_view.member.id)] = future

    def forget(self, member: str) -> None:
        """Read a member again at the next call: their profile, and perhaps their language, has changed."""
        self._services.locales.forget(member)
        for read in (("member", member), ("consents", member), "audience"):
            self._reads.pop(read, None)

    def forget_ledger(self, member: str) -> None:
        """Read a member again at the next call: what they have has changed, and not who they are."""
        self._reads.pop(("member", member), None)

    # ------------------------------------------------------------ what is in memory

    async def stock_state(self) -> StockState:
        """Return which rewards are sold out."""
        return await queries.stock_state(self._services.runtime, now=self.now)

    def known_stock_state(self) -> StockState | None:
        """Return the same where it is in memory, without a coroutine; None where it has to be read."""
        return queries.known_stock_state(self._services.runtime, now=self.now)

    async def stock_left(self) -> Mapping[str, int]:
        """Return what is left of each limited reward."""
        left = self.known_stock_left()
        if left is None:
            left = self._stock_left = await queries.stock_left(self._services.runtime, now=self.now)
        return left

    def known_stock_left(self) -> Mapping[str, int] | None:
        """Return the same where it is in memory, without a coroutine; None where it has to be read."""
        if self._stock_left is None:
            self._stock_left = queries.known_stock_left(self._services.runtime, now=self.now)
        return self._stock_left

    async def store_names(self) -> Mapping[str, str]:
        """Return each store's name by its code."""
        return await self._services.store_names.names(now=self.now)

    def known_store_names(self) -> Mapping[str, str] | None:
        """Return the same where it is in memory, without a coroutine; None where it has to be read."""
        return self._services.store_names.known(now=self.now)

    # ------------------------------------------------------------ the journal and receipts

    async def row(self, member: str, seq: int) -> JournalRow | None:
        """Return a journal row. Rows that are asked for together are read together."""
        return await self._load(self._load_rows, (member, seq))

    def remember_row(self, member: str, row: JournalRow) -> None:
        """Have a journal row that was read, so that nothing reads it again."""
        self._batch(self._load_rows).prime((member, row.seq), row)

    async def _load_rows(self, keys: list[tuple[str, int]]) -> list[JournalRow | None]:
        rows_by_key: dict[tuple[str, int], JournalRow] = {}
        for member in dict.fromkeys(member for member, _ in keys):
            seqs = [seq for owner, seq in keys if owner == member]
            rows = await queries.load_rows(self._services.runtime, member_id=member, seqs=seqs)
            rows_by_key.update({(member, seq): row for seq, row in rows.items()})
        return [rows_by_key.get(key) for key in keys]

    async def correction_reason(self, member: str, seq: int) -> str | None:
        """Return what a manager wrote as the reason of a correction. Reasons that are asked for together are
        read together.
        """
        return await self._load(self._load_correction_reasons, (member, seq))

    async def _load_correction_reasons(self, keys: list[tuple[str, int]]) -> list[str | None]:
        reasons = await audit_trail.find_correction_reasons(self._services.runtime, rows=keys)
        return [reasons.get(key) for key in keys]

    async def purchase_of_row(self, member: str, seq: int) -> RecordedPurchase | None:
        """Return the purchase that a journal row is about; None where it is about none."""
        row = await self.row(member, seq)
        receipt = purchase_queries.receipt_id_of_event(row.event.id) if row is not None else None
        return None if receipt is None else await self.purchase(receipt)

    async def purchase(self, receipt: str) -> RecordedPurchase | None:
        """Return a purchase by its receipt's id. Purchases that are asked for together are read together."""
        return await self._load(self._load_purchases, receipt)

    async def _load_purchases(self, receipts: list[str]) -> list[RecordedPurchase | None]:
        purchases = await purchase_queries.find_purchases_by_id(self._services.runtime, receipt_ids=receipts)
        return [purchases.get(receipt) for receipt in receipts]

    async def voucher(self, id: str) -> Voucher | None:
        """Return a voucher. Vouchers that are asked for together are read together."""
        return await self._load(self._load_vouchers, id)

    async def _load_vouchers(self, ids: list[str]) -> list[Voucher | None]:
        vouchers = await queries.find_vouchers(self._services.runtime, voucher_ids=ids)
        return [vouchers.get(id) for id in ids]

    async def used_vouchers(self, receipt: str) -> Sequence[Voucher]:
        """Return the vouchers that were used on a receipt. Receipts that are asked for together are read
        together.
        """
        return await self._load(self._load_used_vouchers, receipt)

    async def _load_used_vouchers(self, receipts: list[str]) -> list[Sequence[Voucher]]:
        used = await fiscal_records.find_used_vouchers(self._services.runtime, receipt_ids=receipts)
        return [used.get(receipt, ()) for receipt in receipts]

    # ------------------------------------------------------------ one reading a key

    async def _read_once(self, name: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the result of `read`, which runs at the first call and is shared by the whole request.

        Whoever reads may be cancelled, because a field beside theirs has failed: then the next reads again.
        """
        while (future := self._reads.get(name)) is not None:
            if not future.done():
                await asyncio.wait((future,))
            if not future.cancelled():
                return cast(T, future.result())
        return await self._read(name, read)

    async def _read(self, name: Hashable, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        future = self._reads[name] = asyncio.get_running_loop().create_future()
        try:
            result = await read()
        except BaseException as error:
            if isinstance(error, Exception):
                future.set_exception(error)
                future.exception()  # whoever asked first has it
            else:
                future.cancel()
                self._reads.pop(name, None)
            raise
        future.set_result(result)
        return result

    async def _load(self, load: Callable[[list[K]], Coroutine[Any, Any, list[T]]], key: K) -> T:
        """Return what `load` reads of a key, together with all keys that are asked for at the same time."""
        # Who is cancelled cancels nothing for those who wait for the same key.
        return cast(T, await asyncio.shield(self._batch(load).load(key)))

    def _batch(self, load: Callable[[list[K]], Coroutine[Any, Any, list[T]]]) -> DataLoader[Any, Any]:
        batch = self._batches.get(load.__name__)
        if batch is None:
            batch = self._batches[load.__name__] = DataLoader(load)
        return batch
