"""What a service refuses before anything is decided. The facts that a screen can act on are `Refusal`s (`domain.model.decision`)."""

from __future__ import annotations


class InvalidInput(Exception):
    """A field that cannot be what it is: the message says what would be right. Nothing was read or written for it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class TooMany(Exception):
    """Too often: `retry_after` whole seconds from now it would be heard."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too often; again in {retry_after} s")
        self.retry_after = max(1, retry_after)
