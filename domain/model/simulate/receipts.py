"""What stands beside the members of a simulation as the store keeps it: receipts, and the refusals that the
store makes.
"""

from __future__ import annotations

from dataclasses import field

from domain.model.event_names import CORRECTED
from domain.model.ledger.deciding.returns import correcting, journaled
from domain.model.ledger.deciding.returns.corrected_receipt import corrected_receipt
from domain.model.ledger.decision import AlreadySo, DelayedEvent, JournalRow, RefundClaim, Refusal
from domain.model.ledger.events import Event, Purchase, Refund
from domain.model.programme import Programme
from domain.model.simulate.inputs import InputLine
from domain.model.simulate.purchase_inputs import CorrectionSelection, RefundSelection
from domain.model.values import dataclass

ReceiptNumber = tuple[str, str, str]


class StoreRefusal(Refusal):
    """A refusal that the store makes in the running service: PurchaseClaimed, UnknownPurchase, RefundClaimed
    (another refund of the receipt has the identity).
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class RefundRepeated(AlreadySo):
    """The refund of this identity was recorded before: it takes nothing more."""


@dataclass
class SimulatedReceipt:
    """What the receipts collection keeps of a purchase: `row` is that of its last correction, where it was
    corrected, `purchase` the receipt as it is right, `stated` with the lines that were named last.
    """

    member: str
    row: JournalRow
    remaining: Purchase
    claims: list[RefundClaim] = field(default_factory=list)
    delayed: list[JournalRow] = field(default_factory=list)
    refunds_by_id: dict[str, RefundSelection] = field(default_factory=dict)
    corrections: int = 0
    purchase: Purchase | None = None
    stated: Purchase | None = None
    scheduled: list[DelayedEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scheduled += self.row.delayed

    @property
    def recorded(self) -> Purchase:
        """Return the receipt as it was recorded, or corrected since."""
        recorded = self.purchase or self.row.event.purchase
        assert recorded is not None, "a receipt's row has its purchase"
        return recorded

    def correction(self, programme: Programme, selection: CorrectionSelection, line: InputLine) -> Event:
        """Return the event that corrects the receipt. Raises CorrectionRefused, AlreadyCorrect."""
        stated = self.stated or self.recorded
        after = corrected_receipt(
            programme,
            self.recorded,
            self.remaining,
            stated=stated,
            total=selection.total,
            lines=selection.lines,
        )
        bought = journaled.journaled_purchase(
            self.row, claims=self.claims, delayed=self.delayed, scheduled=self.scheduled
        )
        change = Refund(bought, self.remaining, after.remaining)
        self.stated = stated if selection.lines is None else after.purchase
        id = f"{bought.key}:corrected:{self.corrections + 1}"
        return Event(id, CORRECTED, line.at, bought.source, purchase=after.purchase, refund=change)

    def correct(self, row: JournalRow) -> None:
        """Keep what a correction made of the receipt."""
        self.claims = list(correcting.claims_after(self.claims, row))
        self.row, self.purchase = row, row.event.purchase
        self.corrections += 1
        self.scheduled += row.delayed
