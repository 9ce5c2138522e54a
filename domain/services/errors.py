"""What a service refuses before anything is decided. The facts that a screen can act on are `Refusal`s
(`domain.model.ledger.decision`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from domain.model.ledger.decision import Refusal


class InvalidInput(Exception):
    """A field that cannot be what it is: the message says what would be right. Nothing was read or written
    for it.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class TooManyRequests(Exception):
    """Too often: `retry_after` whole seconds from now it would be heard."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too often; again in {retry_after} s")
        self.retry_after = max(1, retry_after)


SignInRefusal = Literal[
    "WRONG_CODE", "EXPIRED_CODE", "TOO_MANY_ATTEMPTS", "WRONG_PASSWORD", "SESSION_ENDED", "DISABLED"
]


class SignInRefused(Refusal):
    """Somebody did not prove who they are; `attempts_left` of the code, `retry_after` seconds where waiting
    helps.
    """

    def __init__(
        self, reason: SignInRefusal, *, attempts_left: int | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(f"sign-in refused: {reason}")
        self.reason = reason
        self.attempts_left = attempts_left
        self.retry_after = retry_after


class NotEnrolled(Refusal):
    """The contact is proven and belongs to no member."""

    def __init__(self) -> None:
        super().__init__("no membership has this contact")


class ContactTaken(Refusal):
    """The new contact is proven and belongs to another member."""

    def __init__(self) -> None:
        super().__init__("another membership has this contact")


class TermsNotAccepted(Refusal):
    """The terms named are not those of today."""

    def __init__(self, current_version: str) -> None:
        super().__init__(f"the terms of today are version {current_version}")
        self.current_version = current_version


NotAllowedReason = Literal[
    "OWN_MEMBERSHIP", "OTHER_STORE", "SHIFT_LIMIT", "MEMBER_FROZEN", "ROLE", "TOO_LATE"
]


class NotAllowed(Refusal):
    """Whoever asks may not do this, to this member, here or now."""

    def __init__(self, reason: NotAllowedReason) -> None:
        super().__init__(f"not allowed: {reason}")
        self.reason: NotAllowedReason = reason


class IdempotencyKeyConflict(Refusal):
    """The idempotency key has acted with another input."""

    def __init__(self) -> None:
        super().__init__("the key was used with another input")


class UnknownCode(Refusal):
    """What was scanned, typed or said is no member's and no voucher's."""

    def __init__(self) -> None:
        super().__init__("nobody is known by this")


class ExpiredCode(Refusal):
    """What was scanned was good once."""

    def __init__(self) -> None:
        super().__init__("the code has run out")


class UnknownPurchase(Refusal):
    """No receipt of this identity was recorded in this store."""

    def __init__(self) -> None:
        super().__init__("no such receipt was recorded here")


class SurveyAnsweredBefore(Refusal):
    """The question was answered before, with `score`: an answer stands."""

    def __init__(self, score: int, answered_at: datetime) -> None:
        super().__init__("the question was answered before")
        self.score = score
        self.answered_at = answered_at


class NotFound(Exception):
    """Nothing of this id is there for whoever asks: somebody else's counts as nothing."""
