"""What came from outside, made from the journal's rows to be decided again: what the decision of then made of
it is left out.
"""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache
from typing import Final

from domain.model import event_names
from domain.model.event_names import MOVING_EVENTS
from domain.model.figures.backtest.history import MemberHistory, with_consent
from domain.model.figures.backtest.replayed_receipts import ReplayedReceipts
from domain.model.ledger.deciding.returns.journaled import journaled_purchase
from domain.model.ledger.decision import JournalRow
from domain.model.ledger.events import Event, Json, Payment, Purchase, Refund, WalletPayment
from domain.model.ledger.member import Member
from domain.model.ledger.views.expression_view import PRIVATE_FIELDS
from domain.model.ledger.views.field_reads import read_after, read_before
from domain.model.programme import Programme
from domain.model.simulate import hold_lines
from domain.model.simulate.receipts import StoreRefusal
from domain.model.values import dataclass, evolve

_VOUCHER_EVENTS: Final = frozenset(
    {event_names.VOUCHER_USED, event_names.VOUCHER_CANCELLED, event_names.VOUCHER_REVERSED}
)
_PLAN_EVENTS: Final = frozenset({event_names.PLAN_STARTED, event_names.PLAN_RENEWED})
OTHERS_EVENTS: Final = MOVING_EVENTS | {
    event_names.REFERRAL_QUALIFIED,
    event_names.REFERRAL_UNMADE,
    event_names.UNMERGED,
    event_names.REOPENED,
}


@dataclass
class ReplayedEvents:
    """The events of a member's history, as the member of now meets them. `vouchers` are the ids that vouchers
    have by now, by those that they had.
    """

    history: MemberHistory
    vouchers: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.receipts = ReplayedReceipts(self.history.id)

    def event(self, programme: Programme, member: Member, place: int) -> Event:
        """Return the event of the row at a place. Raises a Refusal where what it is about is not there."""
        row = self.history.rows[place]
        event = row.event
        match event.name:
            case event_names.ENROLLED | event_names.IMPORTED:
                consents = self.history.first_consents() | self.history.consents_with(place)
                return evolve(event, profile=evolve(member.profile, consents=consents))
            case event_names.CONSENTED:
                consents = with_consent(member.profile.consents, event)
                return evolve(event, profile=evolve(member.profile, consents=consents))
            case event_names.PURCHASED if event.purchase is not None and event.purchase.payment is not None:
                return evolve(event, purchase=_as_asked(programme, event.purchase, event.purchase.payment))
            case event_names.REFUNDED | event_names.CORRECTED:
                return self._change_of_receipt(row)
            case event_names.HOLD_PLACED:
                _require(
                    str(event.data["wallet"]), [spec.code for spec in programme.wallets], "UnknownWallet"
                )
                return evolve(event, data=hold_lines.input_data(event))
            case event_names.ADJUSTED:
                _require(
                    str(event.data["wallet"]), [spec.code for spec in programme.wallets], "UnknownWallet"
                )
            case event_names.REDEEMED:
                return evolve(event, data=_redemption_data(member, event))
            case name if name in _VOUCHER_EVENTS:
                return evolve(event, data={**event.data, "voucher": self._voucher(member, event)})
            case name if name in _PLAN_EVENTS:
                _require(str(event.data.get("plan")), [spec.code for spec in programme.plans], "UnknownPlan")
            case event_names.CHALLENGE_ACCEPTED:
                badges = [spec.code for spec in programme.badges if spec.accept]
                _require(str(event.data.get("badge")), badges, "UnknownChallenge")
        return event

    def note_vouchers(self, stored: JournalRow, replayed: JournalRow) -> None:
        """Remember which voucher stands in the place of which: those of a reward in the order of the row."""
        issued = [step for step in replayed.vouchers if step.change == "issued"]
        for step in stored.vouchers:
            if step.change == "issued":
                like = next((each for each in issued if each.reward == step.reward), None)
                if like is not None:
                    issued.remove(like)
                    self.vouchers[step.id] = like.id

    def _voucher(self, member: Member, event: Event) -> str:
        """Return the voucher that an event is about by now: the one in its place, else the member's open one
        of the same reward that ends first.
        """
        known, reward = str(event.data.get("voucher") or ""), event.data.get("reward")
        mapped = self.vouchers.get(known, known)
        if mapped in member.vouchers and reward in (None, member.vouchers[mapped].reward):
            return mapped
        taken = set(self.vouchers.values())
        open_vouchers = sorted(
            (voucher.expires_at is None, str(voucher.expires_at), id)
            for id, voucher in member.vouchers.items()
            if voucher.reward == reward and voucher.used_at is None and id not in taken
        )
        if not open_vouchers:
            return mapped
        self.vouchers[known] = open_vouchers[0][2]
        return self.vouchers[known]

    def _change_of_receipt(self, row: JournalRow) -> Event:
        """Return a refund or a correction of a receipt, as far as it stands by now."""
        receipt, stored = self.receipts.find(row), row.refunded
        if receipt is None or stored is None:
            raise StoreRefusal("UnknownPurchase")
        is_correction = row.event.name == event_names.CORRECTED
        purchase = journaled_purchase(
            receipt.row,
            claims=receipt.claims,
            delayed=receipt.delayed,
            scheduled=receipt.scheduled if is_correction else (),
        )
        remaining = evolve(stored.remaining, payment=receipt.remaining.payment)
        changed = (
            evolve(row.event.purchase, payment=receipt.remaining.payment) if row.event.purchase else remaining
        )
        return evolve(
            row.event,
            purchase=changed if is_correction else remaining,
            refund=Refund(purchase, receipt.remaining, remaining),
        )


@lru_cache(maxsize=1024)
def reads_private(programme: Programme, event: str) -> bool:
    """Tell whether a decision on an event looks at what the journal does not keep: attributes, birthday or
    number, which are then those of today.
    """
    reads = read_before(programme, event).member | read_after(programme, event).member
    return bool(reads & PRIVATE_FIELDS)


def _require(code: str, known: list[str], refusal: str) -> None:
    if code not in known:
        raise StoreRefusal(refusal)


def _as_asked(programme: Programme, purchase: Purchase, payment: Payment) -> Purchase:
    """Return a purchase with what was asked to be paid with wallets, without what that was worth."""
    codes = [spec.code for spec in programme.wallets]
    for part in payment.parts:
        _require(part.wallet, codes, "UnknownWallet")
    parts = tuple(WalletPayment(part.wallet, part.units, hold=part.hold) for part in payment.parts)
    return evolve(purchase, payment=Payment(payment.total, parts))


def _redemption_data(member: Member, event: Event) -> dict[str, Json]:
    """Return what was asked for. The id that a voucher got by its number is given anew."""
    return {
        name: value
        for name, value in event.data.items()
        if name != "voucher" or not re.fullmatch(rf"{re.escape(member.id)}-\d+", str(value))
    }
