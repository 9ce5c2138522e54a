"""The receipts of a member who is decided again: what refunds, corrections and delayed rules go by."""

from __future__ import annotations

from domain.model import event_names
from domain.model.ledger.decision import JournalRow
from domain.model.ledger.events import Event
from domain.model.ledger.gifts import FRIEND_SOURCE
from domain.model.simulate.receipts import SimulatedReceipt
from domain.model.values import evolve


class ReplayedReceipts:
    """A member's receipts by the event of their purchase."""

    def __init__(self, member: str) -> None:
        self._member = member
        self._by_key: dict[str, SimulatedReceipt] = {}

    def note(self, row: JournalRow) -> None:
        """Keep what a row made of a receipt."""
        event, purchase = row.event, row.event.purchase
        if purchase is None:
            return
        if event.name == event_names.PURCHASED and event.delayed_rule is None:
            self._by_key[event.id] = SimulatedReceipt(self._member, row, purchase)
        elif event.delayed_rule not in (None, FRIEND_SOURCE):
            receipt = self.of_delayed(event)
            if receipt is not None:
                receipt.delayed.append(row)
        elif row.refunded is not None and row.claim is not None:
            receipt = self._by_key[row.refunded.key]
            receipt.remaining = row.refunded.remaining
            if event.name == event_names.CORRECTED:
                receipt.correct(row)
            else:
                receipt.claims.append(row.claim)

    def find(self, row: JournalRow) -> SimulatedReceipt | None:
        """Return the receipt that a stored refund or correction was of."""
        return None if row.refunded is None else self._by_key.get(row.refunded.key)

    def of_delayed(self, event: Event) -> SimulatedReceipt | None:
        """Return the receipt that a delayed part of a purchase belongs to."""
        if event.purchase is None:
            return None
        return self._by_key.get(event.id.partition(">")[0].partition("/")[0])

    def with_remaining(self, event: Event) -> Event:
        """Return a delayed part of a purchase with what is kept of the purchase by now."""
        receipt = self.of_delayed(event)
        return event if receipt is None else evolve(event, purchase=receipt.remaining)
