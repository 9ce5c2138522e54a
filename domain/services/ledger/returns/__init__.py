"""Refunds and corrections of receipts."""
