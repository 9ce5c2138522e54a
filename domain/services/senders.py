"""What the house asks of the outside, as protocols that the porch fulfils (`api/senders`)."""

from __future__ import annotations

from typing import Protocol

from domain.model.contacts import Contact


class CodeSender(Protocol):
    """Brings a one-time code to whoever holds a contact. The code and the contact are in no log."""

    async def send_code(self, contact: Contact, code: str, locale: str) -> None:
        """Send a code; the text is in the locale. Raises whatever tells that it did not leave."""
        ...
