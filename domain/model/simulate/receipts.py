"""What stands beside the members of a simulation as the store keeps it: receipts, and the refusals that the
store makes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.model.ledger.decision import AlreadySo, JournalRow, RefundClaim, Refusal
from domain.model.ledger.events import Purchase
from domain.model.simulate.purchase_inputs import RefundSelection

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
    """What the receipts collection keeps of a purchase."""

    member: str
    row: JournalRow
    remaining: Purchase
    claims: list[RefundClaim] = field(default_factory=list)
    delayed: list[JournalRow] = field(default_factory=list)
    refunds_by_id: dict[str, RefundSelection] = field(default_factory=dict)
