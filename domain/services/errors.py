"""The refusals of the services. Those that a screen acts on are `Refusal`s (domain.model.ledger.decision)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from domain.model.ledger.decision import Refusal


class InvalidInput(Exception):
    """A field has a value that it cannot have; the message says what would be right. Nothing was read or
    written.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class ContactOutOfReach(Exception):
    """Nothing can be sent to such a contact, whosever it is; the message says why, and what to do.

    `is_input_fault` tells whether another contact would be reached.
    """

    def __init__(self, message: str, *, is_input_fault: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.is_input_fault = is_input_fault


class TooManyRequests(Exception):
    """The caller asked too often. After `retry_after` whole seconds the request is accepted."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too often; again in {retry_after} s")
        self.retry_after = max(1, retry_after)


SignInRefusal = Literal[
    "WRONG_CODE",
    "EXPIRED_CODE",
    "EMAIL_NOT_VERIFIED",
    "TOO_MANY_ATTEMPTS",
    "WRONG_PASSWORD",
    "WRONG_SECOND_FACTOR",
    "WRONG_SETUP_KEY",
    "SESSION_ENDED",
    "DISABLED",
]


class SignInRefused(Refusal):
    """A person did not prove who they are.

    `attempts_left` counts the tries left of a code; `retry_after` is set, in seconds, where waiting helps.
    """

    def __init__(
        self, reason: SignInRefusal, *, attempts_left: int | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(f"sign-in refused: {reason}")
        self.reason = reason
        self.attempts_left = attempts_left
        self.retry_after = retry_after


SecondFactorStep = Literal["CODE", "SETUP_KEY", "ENROL"]


class SecondFactorNeeded(Refusal):
    """The password is right, and a second factor is asked for: its code; the set-up key for one; or, with
    `secret` in an authenticator app, its first code.
    """

    def __init__(self, step: SecondFactorStep, *, username: str = "", secret: str | None = None) -> None:
        super().__init__(f"a second factor is needed: {step}")
        self.step = step
        self.username = username
        self.secret = secret


class NotEnrolled(Refusal):
    """The contact is proven and belongs to no member. Whoever proved it may enrol with `contact_proof`, once,
    until `proof_expires_at`.
    """

    def __init__(self, contact_proof: str, proof_expires_at: datetime) -> None:
        super().__init__("no membership has this contact")
        self.contact_proof = contact_proof
        self.proof_expires_at = proof_expires_at


class MembershipBeingDeleted(Refusal):
    """The contact is proven, and its member had the membership deleted: it is erased at `erased_at`, unless
    whoever proved the contact brings `keep_token` before `keep_until`.
    """

    def __init__(self, erased_at: datetime, keep_token: str, keep_until: datetime) -> None:
        super().__init__("the membership is being deleted")
        self.erased_at, self.keep_token, self.keep_until = erased_at, keep_token, keep_until


class ContactTaken(Refusal):
    """The new contact is proven and belongs to another member."""

    def __init__(self) -> None:
        super().__init__("another membership has this contact")


class ContactProofNeeded(Refusal):
    """A new contact takes a proof of a present one, or a sign-in of the last ten minutes."""

    def __init__(self) -> None:
        super().__init__("a present contact was not proven, and the sign-in is too long ago")


class LinkExpired(Refusal):
    """The link was used, is too old, or was never one of ours."""

    def __init__(self) -> None:
        super().__init__("the link has run out")


class TermsNotAccepted(Refusal):
    """The terms that were accepted are not the current ones."""

    def __init__(self, current_version: str) -> None:
        super().__init__(f"the terms of today are version {current_version}")
        self.current_version = current_version


NotAllowedReason = Literal[
    "OWN_MEMBERSHIP",
    "OTHER_STORE",
    "SHIFT_LIMIT",
    "MEMBER_FROZEN",
    "ROLE",
    "TOO_LATE",
    "FOUR_EYES",
    "PRESENCE",
]


class NotAllowed(Refusal):
    """The caller may not do this, to this member, here or now."""

    def __init__(self, reason: NotAllowedReason) -> None:
        super().__init__(f"not allowed: {reason}")
        self.reason: NotAllowedReason = reason


SecondPersonFault = Literal["OWN", "FRESH", "SAME_PERSON", "MADE", "RESET", "SUBJECT"]


class SecondPersonNeeded(NotAllowed):
    """It takes another person to approve it. `fault` says why this one does not: they have asked for it
    themselves, their account or its secrets are less than a day old, both accounts are one person's, one made
    the other, the account that asked had its secrets reset less than a day before, or it is about theirs.
    """

    def __init__(self, fault: SecondPersonFault) -> None:
        super().__init__("FOUR_EYES")
        self.fault: SecondPersonFault = fault


class ReceiptTooLarge(NotAllowed):
    """A cashier records no receipt above `maximum`, in minor units; a manager does."""

    def __init__(self, maximum: int) -> None:
        super().__init__("ROLE")
        self.maximum = maximum


class IdempotencyKeyConflict(Refusal):
    """The idempotency key has acted with another input."""

    def __init__(self) -> None:
        super().__init__("the key was used with another input")


class UnknownCode(Refusal):
    """What was scanned, typed or spoken is the code of no member and of no voucher."""

    def __init__(self) -> None:
        super().__init__("nobody is known by this")


class MalformedCode(UnknownCode):
    """What was scanned or typed could never be a code: no guess at one, but a misreading."""


class ExpiredCode(Refusal):
    """The scanned code was valid once."""

    def __init__(self) -> None:
        super().__init__("the code has run out")


class UnknownPurchase(Refusal):
    """No receipt of this identity was recorded in this store."""

    def __init__(self) -> None:
        super().__init__("no such receipt was recorded here")


class SurveyAnsweredBefore(Refusal):
    """The question was answered before, with `score`. An answer stays as it is."""

    def __init__(self, score: int, answered_at: datetime) -> None:
        super().__init__("the question was answered before")
        self.score = score
        self.answered_at = answered_at


class NotFound(Exception):
    """There is nothing of this id for the caller. What belongs to another member counts as nothing."""
