"""The receipt that a till may take back or correct."""

from __future__ import annotations

from domain.services.errors import UnknownPurchase
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store.ledger import receipts
from domain.store.ledger.receipts import StoredReceipt


async def load_receipt(runtime: Runtime, receipt_id: str, till: Till) -> StoredReceipt:
    """Return the receipt of a purchase. Raises UnknownPurchase, also where a cashier or a system is of
    another store.
    """
    receipt = await receipts.find(runtime.store, receipt_id)
    if receipt is None or receipt.remaining is None or (till.is_of_one_store and receipt.store != till.store):
        raise UnknownPurchase
    return receipt
