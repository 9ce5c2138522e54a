"""What a scanned code is, before anything is done with it. A card code is taken once and opens a visit; a
voucher is only looked at.

What was scanned without a network is judged at the time it was scanned, within 24 hours; the visit that it
opens was over five minutes later, so it serves for purchases of that time alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from domain.model.calendar import milliseconds
from domain.model.people import codes
from domain.model.people.codes import Code, CodeKind
from domain.services import given, reading
from domain.services.errors import ExpiredCode, InvalidInput, UnknownCode
from domain.services.house import Binding, House, once
from domain.services.reading import Seen
from domain.services.tills import Till
from domain.store.document_store import Write
from domain.store.ledger import vouchers
from domain.store.ledger.vouchers import Voucher
from domain.store.people import card_steps, contacts, devices
from domain.store.people.card_steps import CardTaken
from domain.store.requests import Reply, request_key, store_scope

QUEUED_AT_MOST = timedelta(hours=24)
# A device's code that is older is told as unknown: looking further back would cost more than it helps.
TOLD_EXPIRED = timedelta(hours=1)

Unusable = Literal["USED", "EXPIRED", "CANCELLED", "OTHER_STORE", "MEMBER_FROZEN", "OWN_MEMBERSHIP"]


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class CustomerScanned:
    """A member whose card was taken; their visit begins at an instant."""

    seen: Seen
    visit_from: datetime


@dataclass(frozen=True, slots=True)
class VoucherScanned:
    """A voucher and whose it is; `unusable` says why this till cannot take it now."""

    voucher: Voucher
    seen: Seen
    unusable: Unusable | None


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a card says: whose it is, and under which name it is taken once (None: a printed number, as often
    as it is shown).
    """

    member: str
    taken_as: str | None


# ---------------------------------------------------------------- pure rules
def unusable(voucher: Voucher, seen: Seen, till: Till, *, now: datetime) -> Unusable | None:
    """Return why a till cannot take a voucher now; None where it can."""
    state = voucher.state_at(now)
    if state != "ISSUED":
        return state
    if voucher.stores and till.store not in voucher.stores:
        return "OTHER_STORE"
    if seen.member.frozen:
        return "MEMBER_FROZEN"
    return "OWN_MEMBERSHIP" if voucher.member in till.own_members else None


def _moment(occurred_at: datetime | None, now: datetime) -> datetime:
    if occurred_at is None:
        return now
    if occurred_at > now:
        raise InvalidInput("occurredAt", "This is in the future.")
    if occurred_at < now - QUEUED_AT_MOST:
        raise ExpiredCode
    return occurred_at


# ---------------------------------------------------------------- the story
async def scan(
    house: House,
    *,
    till: Till,
    text: str,
    occurred_at: datetime | None,
    key: str,
    card_key: bytes,
    now: datetime,
) -> CustomerScanned | VoucherScanned:
    """Tell what a scanned or typed code is. Raises UnknownCode, ExpiredCode, Conflicting; InvalidInput,
    NotFound, Busy.
    """
    given.identifier(key, field="idempotencyKey")
    code = codes.classify(text)
    asked = {
        "code": sha256(code.text.encode()).hexdigest(),
        "at": occurred_at.isoformat() if occurred_at else None,
    }
    request = request_key(scope=store_scope(till.store), key=key, operation="scan", request_input=asked)
    if code.kind is CodeKind.VOUCHER:
        return await _voucher(house, till, code.text, now)

    async def act(binding: Binding) -> CustomerScanned:
        at = _moment(occurred_at, now)
        shown = await _shown(house, code, card_key, at)
        reply = binding.to({"member": shown.member, "at": milliseconds(at)})
        writes: list[Write] = (
            [reply] if shown.taken_as is None else [reply, card_steps.take_write(shown.taken_as, now=now)]
        )
        try:
            await house.store.transact(writes)
        except CardTaken:
            raise ExpiredCode from None
        return CustomerScanned(await reading.home(house, member_id=shown.member, now=now), milliseconds(at))

    async def again(reply: Reply) -> CustomerScanned:
        at = reply["at"]
        assert isinstance(at, datetime), "the reply is ours"
        return CustomerScanned(await reading.home(house, member_id=str(reply["member"]), now=now), at)

    return await once(house, request=request, queue=f"scan:{code.text}", now=now, act=act, again=again)


async def _shown(house: House, code: Code, card_key: bytes, at: datetime) -> _Shown:
    match code.kind:
        case CodeKind.DEVICE_CARD:
            return await _device_card(house, code.text, card_key, at)
        case CodeKind.SERVER_CARD:
            return await _server_card(house, code.text, card_key, at)
        case CodeKind.NUMBER:
            return _Shown(await _numbered(house, code.text), None)
        case _:
            raise UnknownCode


async def _device_card(house: House, text: str, card_key: bytes, at: datetime) -> _Shown:
    card = codes.read_card(text)
    found = await devices.find_by_card(house.store, card.device.hex()) if card is not None else None
    if card is None or found is None:
        raise UnknownCode
    secret = codes.device_secret(card_key, card.device)
    step = codes.verify_card(card, secret=secret, now=at)
    if step is not None:
        return _Shown(found.member, f"{card.device.hex()}:{step}")
    if codes.was_card(card, secret=secret, now=at, within=TOLD_EXPIRED):
        raise ExpiredCode
    raise UnknownCode


async def _server_card(house: House, text: str, card_key: bytes, at: datetime) -> _Shown:
    card = codes.open_server_card(text, key=card_key)
    if card is None:
        raise UnknownCode
    if not card.expires_at - timedelta(seconds=codes.SERVER_CARD_SECONDS) <= at < card.expires_at:
        raise ExpiredCode
    return _Shown(await _numbered(house, card.number), sha256(text.encode()).hexdigest())


async def _numbered(house: House, number: str) -> str:
    found = await contacts.find_member(house.store, contacts.number_key(number))
    if found is None:
        raise UnknownCode
    return found


async def _voucher(house: House, till: Till, text: str, now: datetime) -> VoucherScanned:
    found = await vouchers.find_by_code(house.store, text)
    if found is None:
        raise UnknownCode
    seen = await reading.home(house, member_id=found.member, now=now)
    return VoucherScanned(found, seen, unusable(found, seen, till, now=now))
