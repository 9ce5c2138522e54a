"""Refunds: what stands after one is what the rules of the day of purchase give for what was kept; they add up
in any order.

A refund has a number within its receipt, which guards the next one. A frozen member's refunds apply too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain.model import event_names
from domain.model.ledger import refunds
from domain.model.ledger.decide import HistoricalContext
from domain.model.ledger.decision import Decision, Entry, JournalRow, RefundTooLarge
from domain.model.ledger.events import Event, Refund
from domain.model.ledger.refunds import RefundLine
from domain.model.ledger.wallet import Wallet
from domain.services import given, reading
from domain.services.errors import InvalidInput, UnknownPurchase
from domain.services.house import Binding, House, committed, decided, member_of, moment, once
from domain.services.reading import Receipted
from domain.services.tills import Till
from domain.services.wallets import read_wallets, wallets_of, write_wallets
from domain.store.ledger import journal, members, receipts
from domain.store.ledger.members import HistoryEntry, StoredMember
from domain.store.ledger.programmes import PublishedProgramme
from domain.store.ledger.receipts import StoredReceipt
from domain.store.requests import Reply, request_key, store_scope

__all__ = ["Asked", "PurchaseRefunded", "RefundLine", "RefundQuote", "RefundTooLarge", "quote", "refund"]


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Asked:
    """What is taken back of which receipt: an amount, or lines, or neither for all that is left. `store`
    None: the till's own.
    """

    external_id: str
    store: str | None = None
    amount: int | None = None
    lines: tuple[RefundLine, ...] = ()


@dataclass(frozen=True, slots=True)
class PurchaseRefunded:
    """What a refund took back; `wallets` as they were right after it."""

    receipted: Receipted
    member_id: str
    version: int
    told: tuple[HistoryEntry, ...]
    wallets: Mapping[str, Wallet]


@dataclass(frozen=True, slots=True)
class RefundQuote:
    """What a refund would take back; `refundable` minor units are left of the receipt before it."""

    refundable: int
    version: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    """A refund about to be decided: the receipt as it stands, its purchase's row, the member."""

    receipt: StoredReceipt
    row: JournalRow
    kept: StoredMember


# ---------------------------------------------------------------- pure rules
def _checked(asked: Asked) -> None:
    given.identifier(asked.external_id, field="externalId")
    if asked.amount is not None and asked.lines:
        raise InvalidInput("amount", "Name an amount or lines, not both.")
    if asked.amount is not None:
        given.amount(asked.amount, field="amount", least=1)
    if len(asked.lines) > given.MOST_LINES or len({line.line for line in asked.lines}) < len(asked.lines):
        raise InvalidInput("lines", "Name each line of the receipt once.")
    for at, line in enumerate(asked.lines):
        if (line.quantity is None) == (line.amount is None):
            raise InvalidInput(f"lines[{at}]", "Name a quantity or an amount.")
        given.amount(line.quantity or line.amount or 0, field=f"lines[{at}]", least=1)


def _receipt_of(asked: Asked, till: Till) -> str:
    return receipts.purchase_id(
        source=till.source, store=asked.store or till.store, external_id=asked.external_id
    )


def _event(case: _Case, asked: Asked, at: datetime) -> Event:
    before = case.receipt.remaining
    assert before is not None, "only a purchase is refunded"
    kept = refunds.remaining_purchase(before, amount=asked.amount, lines=asked.lines)
    refund = Refund(refunds.journaled_purchase(case.row, claims=case.receipt.claims), before, kept)
    number = len(case.receipt.refunds) + 1
    return Event(
        f"refund:{case.receipt.id}:{number}",
        event_names.REFUNDED,
        at,
        case.row.event.source,
        purchase=kept,
        refund=refund,
    )


# ---------------------------------------------------------------- reads
async def quote(house: House, *, till: Till, asked: Asked, now: datetime) -> RefundQuote:
    """Return what a refund would take back. Raises UnknownPurchase, RefundTooLarge, InvalidInput."""
    _checked(asked)
    case = await _case(house, _receipt_of(asked, till), till)
    left = case.receipt.remaining
    assert left is not None, "only a purchase is refunded"
    if not left.total:
        return RefundQuote(0, case.row.version, ())
    decision = await _decided(house, house.programmes.current(), case, asked, now=now)
    return RefundQuote(left.total, decision.row.version, decision.row.entries)


async def _case(house: House, receipt_id: str, till: Till) -> _Case:
    receipt = await receipts.find(house.store, receipt_id)
    if (
        receipt is None
        or receipt.remaining is None
        or (till.role == "CASHIER" and receipt.store != till.store)
    ):
        raise UnknownPurchase
    kept = await member_of(house, receipt.member)
    row = await journal.find(house.store, receipt.member, receipt.seq)
    assert row is not None, "a receipt's row is in the journal"
    return _Case(receipt, row, kept)


async def _decided(
    house: House, published: PublishedProgramme, case: _Case, asked: Asked, *, now: datetime
) -> Decision:
    event = _event(case, asked, moment(case.kept, now=now))
    ruled = await house.programmes.load_version(case.row.version)
    past = HistoricalContext(programme=ruled.programme, version=ruled.number)
    return await decided(house, published, case.kept, event, now=now, past=past)


# ---------------------------------------------------------------- writes
async def refund(
    house: House, *, till: Till, asked: Asked, reason: str, key: str, now: datetime
) -> PurchaseRefunded:
    """Take back a purchase or a part of it. Raises UnknownPurchase, RefundTooLarge, NotAllowed, Conflicting;
    InvalidInput, Busy.
    """
    _checked(asked)
    given.words(reason, field="reason", longest=given.LONGEST_REASON)
    given.identifier(key, field="idempotencyKey")
    receipt_id = _receipt_of(asked, till)
    lines = [[line.line, line.quantity, line.amount] for line in asked.lines]
    spelled = {"receipt": receipt_id, "amount": asked.amount, "lines": lines, "reason": reason}
    request = request_key(
        scope=store_scope(till.store), key=key, operation="refundPurchase", request_input=spelled
    )

    async def act(binding: Binding) -> PurchaseRefunded:
        published = house.programmes.current()
        case = await _case(house, receipt_id, till)
        till.need_other(case.kept.member.id)
        decision = await _decided(house, published, case, asked, now=now)
        row, at = decision.row, max(now, decision.row.event.at)
        wallets = wallets_of(published.programme, decision.member, now=at)
        bind = binding.to({"member": case.kept.member.id, "seq": row.seq, "wallets": write_wallets(wallets)})
        assert row.event.refund is not None, "a refund's event carries its refund"
        taken = row.event.refund.before.total - row.event.refund.remaining.total
        subject = row.event.refund.remaining.external_id
        trail = till.trail(
            decision,
            "REFUND",
            now=now,
            subject=subject,
            amount=taken,
            counts=("refunded", taken),
            reason=reason,
        )
        await committed(
            house,
            published,
            decision,
            now=now,
            request=bind,
            claims=[receipts.refund_write(case.receipt, row), *trail],
        )
        left = replace(case.receipt, remaining=row.event.refund.remaining)
        return PurchaseRefunded(
            reading.receipted(left, case.row),
            case.kept.member.id,
            row.version,
            members.row_history(row),
            wallets,
        )

    async def again(reply: Reply) -> PurchaseRefunded:
        member_id = str(reply["member"])
        row = await journal.find(house.store, member_id, int(str(reply["seq"])))
        receipted = await reading.purchase_by_id(house, receipt_id=receipt_id)
        assert row is not None, "a bound key's row is in the journal"
        assert receipted is not None, "a refunded receipt is there"
        return PurchaseRefunded(
            receipted, member_id, row.version, members.row_history(row), read_wallets(reply["wallets"])
        )

    return await once(house, request=request, queue=receipt_id, now=now, act=act, again=again)
