"""Scanning: tells what a code is. A card code works once and opens a visit; a voucher is only looked at.

A code that was scanned offline is checked at the time of the scan, within 24 hours. The visit that it opens
ended five minutes after the scan, so it serves for purchases of that time alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from domain.model.calendar import milliseconds
from domain.model.people import codes
from domain.model.people.codes import Code, CodeKind
from domain.model.values import dataclass
from domain.services import card_secrets
from domain.services.errors import ExpiredCode, MalformedCode, NotAllowed, UnknownCode
from domain.services.idempotency import KeyBinding, run_once
from domain.services.input_checks import check_clock_lead
from domain.services.ledger import queries
from domain.services.ledger.look_up.look_ups import look_up_writes
from domain.services.ledger.queries import MemberView
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store.audit import ShiftLimitReached
from domain.store.document_store import Write
from domain.store.ledger import vouchers
from domain.store.ledger.vouchers import Voucher
from domain.store.people import card_steps, contacts, devices
from domain.store.people.card_steps import CardTaken
from domain.store.requests import Reply

MAX_OFFLINE_DELAY = timedelta(hours=24)
# An older code of a device is refused as unknown: looking further back would cost more than it helps.
EXPIRED_CODE_WINDOW = timedelta(hours=1)

UnusableReason = Literal["USED", "EXPIRED", "CANCELLED", "OTHER_STORE", "MEMBER_FROZEN", "OWN_MEMBERSHIP"]


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class CustomerScanned:
    """A member whose card was scanned, and the instant at which their visit began. `is_card` where they
    showed a card's code, not a number.
    """

    member_view: MemberView
    visit_began_at: datetime
    is_card: bool


@dataclass(frozen=True, slots=True)
class VoucherScanned:
    """A voucher and its member. `unusable_reason` says why this till cannot use it now."""

    voucher: Voucher
    member_view: MemberView
    unusable_reason: UnusableReason | None


@dataclass(frozen=True, slots=True)
class _CardHolder:
    """The member of a card, and the step of the card that works once; None for a printed number, which always
    works. `note_write` is set where this is the first scan of a secret that replaces others.
    """

    member: str
    card_step: str | None
    note_write: Write | None = None

    def writes(self, *, now: datetime) -> list[Write]:
        """Return the writes that take the card."""
        writes = [] if self.card_step is None else [card_steps.take_write(self.card_step, now=now)]
        return writes if self.note_write is None else [*writes, self.note_write]


# ---------------------------------------------------------------- pure rules
def unusable_reason(
    voucher: Voucher, member_view: MemberView, till: Till, *, now: datetime
) -> UnusableReason | None:
    """Return why a till cannot use a voucher now; None where it can."""
    state = voucher.state_at(now)
    if state != "ISSUED":
        return state
    if voucher.stores and till.store not in voucher.stores:
        return "OTHER_STORE"
    if member_view.member.frozen:
        return "MEMBER_FROZEN"
    return "OWN_MEMBERSHIP" if till.is_own(voucher.member, member_view.employees) else None


def _scanned_at(occurred_at: datetime | None, now: datetime) -> datetime:
    if occurred_at is None:
        return now
    check_clock_lead(occurred_at, now=now)
    if occurred_at < now - MAX_OFFLINE_DELAY:
        raise ExpiredCode
    return min(occurred_at, now)


# ---------------------------------------------------------------- the story
async def scan(
    runtime: Runtime,
    *,
    till: Till,
    text: str,
    occurred_at: datetime | None,
    key: str,
    card_keys: Sequence[bytes],
    now: datetime,
) -> CustomerScanned | VoucherScanned:
    """Tell what a scanned or typed code is.

    `now` is the world's, by which cards and visits are judged, not the programme's. A number proves no
    presence: who types one looks the member up, and that is written and counted as such.
    Raises UnknownCode, ExpiredCode, IdempotencyKeyConflict, InvalidInput, NotAllowed, NotFound, Busy.
    """
    code = codes.classify(text)
    request_input = {
        "code": sha256(code.text.encode()).hexdigest(),
        "at": occurred_at.isoformat() if occurred_at else None,
    }
    request = till.request_key("scan", key, request_input)
    if code.kind is CodeKind.VOUCHER:
        return await _scan_voucher(runtime, till, code.text, runtime.programme_time.at(now))
    is_card = code.kind is not CodeKind.NUMBER

    async def act(key_binding: KeyBinding) -> CustomerScanned:
        scanned_at = _scanned_at(occurred_at, now)
        card_holder = await _read_card(runtime, code, card_keys, scanned_at)
        key_write = key_binding.write_for({"member": card_holder.member, "at": milliseconds(scanned_at)})
        writes = [key_write, *card_holder.writes(now=now)]
        if not is_card:
            writes += look_up_writes(
                till, member=card_holder.member, by="NUMBER", now=runtime.programme_time.at(now)
            )
        try:
            await runtime.store.transact(writes)
        except CardTaken:
            raise ExpiredCode from None
        except ShiftLimitReached:
            raise NotAllowed("SHIFT_LIMIT") from None
        return CustomerScanned(
            await _load_view(runtime, card_holder.member, now=now),
            milliseconds(scanned_at),
            is_card,
        )

    async def again(reply: Reply) -> CustomerScanned:
        scanned_at = reply["at"]
        assert isinstance(scanned_at, datetime), "the reply is ours"
        member_view = await _load_view(runtime, str(reply["member"]), now=now)
        return CustomerScanned(member_view, scanned_at, is_card)

    return await run_once(
        runtime, request=request, queue=f"scan:{code.text}", now=now, act=act, answer_again=again
    )


async def _load_view(runtime: Runtime, member_id: str, *, now: datetime) -> MemberView:
    return await queries.load_member_view(runtime, member_id=member_id, now=runtime.programme_time.at(now))


async def _read_card(runtime: Runtime, code: Code, card_keys: Sequence[bytes], at: datetime) -> _CardHolder:
    match code.kind:
        case CodeKind.DEVICE_CARD:
            return await _read_device_card(runtime, code.text, card_keys, at)
        case CodeKind.SERVER_CARD:
            return await _read_server_card(runtime, code.text, card_keys, at)
        case CodeKind.NUMBER:
            return _CardHolder(await _find_by_number(runtime, code.text), None)
        case _:
            raise MalformedCode


async def _read_device_card(
    runtime: Runtime, text: str, card_keys: Sequence[bytes], at: datetime
) -> _CardHolder:
    card = codes.read_card(text)
    device = await devices.find_by_card(runtime.store, card.device.hex()) if card is not None else None
    if card is None or device is None:
        raise UnknownCode
    secrets = [
        (secret, card_secrets.derive(key, device, secret))
        for secret in card_secrets.live_secrets(device, at=at)
        for key in card_keys
    ]
    for secret, raw in secrets:
        step = codes.verify_card(card, secret=raw, now=at)
        if step is not None:
            replaces = secret.scanned_at is None and secret.salt != card_secrets.all_secrets(device)[0].salt
            note_write = devices.note_scanned_write(device.id, secret.salt, at=milliseconds(at))
            return _CardHolder(device.member, f"{card.device.hex()}:{step}", note_write if replaces else None)
    if any(codes.was_card(card, secret=raw, now=at, within=EXPIRED_CODE_WINDOW) for _, raw in secrets):
        raise ExpiredCode
    raise UnknownCode


async def _read_server_card(
    runtime: Runtime, text: str, card_keys: Sequence[bytes], at: datetime
) -> _CardHolder:
    card = codes.open_server_card(text, keys=card_keys)
    if card is None:
        raise UnknownCode
    if not card.expires_at - timedelta(seconds=codes.SERVER_CARD_SECONDS) <= at < card.expires_at:
        raise ExpiredCode
    return _CardHolder(await _find_by_number(runtime, card.number), sha256(text.encode()).hexdigest())


async def _find_by_number(runtime: Runtime, number: str) -> str:
    member_id = await contacts.find_member(runtime.store, contacts.number_key(number))
    if member_id is None:
        raise UnknownCode
    return member_id


async def _scan_voucher(runtime: Runtime, till: Till, text: str, now: datetime) -> VoucherScanned:
    voucher = await vouchers.find_by_code(runtime.store, text)
    if voucher is None:
        raise UnknownCode
    member_view = await queries.load_member_view(runtime, member_id=voucher.member, now=now)
    return VoucherScanned(voucher, member_view, unusable_reason(voucher, member_view, till, now=now))
