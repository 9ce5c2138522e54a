"""Refusals that a screen can act on, as the contract's Problems. One renderer, so no resolver has a `try`.

A mutation is marked `@refusals`: a `Refusal` of the domain that it meets becomes the Problem of the same name, in the reader's
language. A door whose Problem needs more than the refusal itself registers how it is told, with `told_by`.
"""

import inspect
from collections.abc import Awaitable, Callable, Coroutine
from enum import Enum
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import strawberry

from api.graphql.basics import Info, Problem
from api.graphql.reader import Reader
from api.texts import amount_text, number_text, of_kind, say
from domain.model import decision
from domain.model.decision import Refusal
from domain.services import errors

P = ParamSpec("P")
T = TypeVar("T")
SelfT = TypeVar("SelfT")
RefusalT = TypeVar("RefusalT", bound=Refusal)
Teller = Callable[[Info, Reader, RefusalT], Problem | Awaitable[Problem]]


@strawberry.enum
class SignInRefusal(Enum):
    WRONG_CODE = "WRONG_CODE"
    EXPIRED_CODE = "EXPIRED_CODE"
    TOO_MANY_ATTEMPTS = "TOO_MANY_ATTEMPTS"
    WRONG_PASSWORD = "WRONG_PASSWORD"  # noqa: S105 - a reason, no password
    SESSION_ENDED = "SESSION_ENDED"
    DISABLED = "DISABLED"


@strawberry.enum
class NotAllowedReason(Enum):
    OWN_MEMBERSHIP = "OWN_MEMBERSHIP"
    OTHER_STORE = "OTHER_STORE"
    SHIFT_LIMIT = "SHIFT_LIMIT"
    MEMBER_FROZEN = "MEMBER_FROZEN"
    ROLE = "ROLE"
    TOO_LATE = "TOO_LATE"


@strawberry.type
class IdempotencyConflict(Problem):
    pass


@strawberry.type
class TermsNotAccepted(Problem):
    current_version: str


@strawberry.type
class SignInRefused(Problem):
    reason: SignInRefusal
    attempts_left: int | None


@strawberry.type
class NotEnrolled(Problem):
    pass


@strawberry.type(description="Only told once the new contact is proven.")
class ContactTaken(Problem):
    pass


@strawberry.type
class UnknownCode(Problem):
    pass


@strawberry.type
class ExpiredCode(Problem):
    pass


@strawberry.type(description="Own membership, another store's voucher, a limit of the shift, a frozen member.")
class NotAllowed(Problem):
    reason: NotAllowedReason


@strawberry.type
class RefundTooLarge(Problem):
    refundable: int


@strawberry.type
class UnknownPurchase(Problem):
    pass


@strawberry.type
class InsufficientBalance(Problem):
    missing: int


@strawberry.type(description="A wallet holds 2,000,000,000 at most; `room` is how much more this one takes.")
class WalletFull(Problem):
    room: int


# --- telling ---------------------------------------------------------------------------------------------------------

_TELLERS: dict[type[Refusal], Callable[[Info, Reader, Refusal], Problem | Awaitable[Problem]]] = {}


def told_by(kind: type[RefusalT]) -> Callable[[Teller[RefusalT]], Teller[RefusalT]]:
    """Register how a kind of refusal is told."""

    def register(teller: Teller[RefusalT]) -> Teller[RefusalT]:
        _TELLERS[kind] = cast("Callable[[Info, Reader, Refusal], Problem | Awaitable[Problem]]", teller)
        return teller

    return register


def refusals(
    resolver: Callable[Concatenate[SelfT, Info, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[SelfT, Info, P], Coroutine[Any, Any, T]]:
    """Let a mutation answer a refusal of the domain as its Problem."""

    @wraps(resolver)
    async def answer(self: SelfT, info: Info, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await resolver(self, info, *args, **kwargs)
        except Refusal as refusal:
            # Which Problems a mutation may answer its union says; one that is not among them is INTERNAL, and a test's to find.
            return cast(T, await problem(info, refusal))

    return cast("Callable[Concatenate[SelfT, Info, P], Coroutine[Any, Any, T]]", answer)


async def problem(info: Info, refusal: Refusal) -> Problem:
    """Return a refusal as it is told to this reader."""
    teller = next(_TELLERS[kind] for kind in type(refusal).__mro__ if kind in _TELLERS)
    found = teller(info, await info.context.loaders.reader(), refusal)
    return await found if inspect.isawaitable(found) else found


@told_by(errors.Conflicting)
def _conflict(_info: Info, reader: Reader, _: errors.Conflicting) -> IdempotencyConflict:
    return IdempotencyConflict(message=say("problem.IdempotencyConflict", reader.locale))


@told_by(errors.TermsNotAccepted)
def _terms(_info: Info, reader: Reader, refusal: errors.TermsNotAccepted) -> TermsNotAccepted:
    message = say("problem.TermsNotAccepted", reader.locale, version=refusal.current_version)
    return TermsNotAccepted(message=message, current_version=refusal.current_version)


@told_by(errors.SignInRefused)
def _sign_in(_info: Info, reader: Reader, refusal: errors.SignInRefused) -> SignInRefused:
    message = say(f"refused.{refusal.reason}", reader.locale)
    return SignInRefused(message=message, reason=SignInRefusal[refusal.reason], attempts_left=refusal.attempts_left)


@told_by(errors.NotEnrolled)
def _not_enrolled(_info: Info, reader: Reader, _: errors.NotEnrolled) -> NotEnrolled:
    return NotEnrolled(message=say("problem.NotEnrolled", reader.locale))


@told_by(errors.ContactTaken)
def _contact_taken(_info: Info, reader: Reader, _: errors.ContactTaken) -> ContactTaken:
    return ContactTaken(message=say("problem.ContactTaken", reader.locale))


@told_by(errors.UnknownCode)
def _unknown_code(_info: Info, reader: Reader, _: errors.UnknownCode) -> UnknownCode:
    return UnknownCode(message=say("problem.UnknownCode", reader.locale))


@told_by(errors.ExpiredCode)
def _expired_code(_info: Info, reader: Reader, _: errors.ExpiredCode) -> ExpiredCode:
    return ExpiredCode(message=say("problem.ExpiredCode", reader.locale))


@told_by(errors.NotAllowed)
def _not_allowed(_info: Info, reader: Reader, refusal: errors.NotAllowed) -> NotAllowed:
    return not_allowed(reader, NotAllowedReason[refusal.reason])


@told_by(decision.MemberFrozen)
def _frozen(_info: Info, reader: Reader, _: decision.MemberFrozen) -> NotAllowed:
    return not_allowed(reader, NotAllowedReason.MEMBER_FROZEN)


def not_allowed(reader: Reader, reason: NotAllowedReason) -> NotAllowed:
    return NotAllowed(message=say(f"not_allowed.{reason.value}", reader.locale), reason=reason)


@told_by(errors.UnknownPurchase)
def _unknown_purchase(_info: Info, reader: Reader, _: errors.UnknownPurchase) -> UnknownPurchase:
    return UnknownPurchase(message=say("problem.UnknownPurchase", reader.locale))


@told_by(decision.RefundTooLarge)
def _too_large(_info: Info, reader: Reader, refusal: decision.RefundTooLarge) -> RefundTooLarge:
    amount = amount_text(refusal.refundable, currency=reader.programme.programme.currency, locale=reader.locale)
    return RefundTooLarge(message=say("problem.RefundTooLarge", reader.locale, amount=amount), refundable=refusal.refundable)


@told_by(decision.BalanceTooLow)
def _too_low(_info: Info, reader: Reader, refusal: decision.BalanceTooLow) -> InsufficientBalance:
    amount = number_text(refusal.missing, locale=reader.locale)
    return InsufficientBalance(message=say("problem.InsufficientBalance", reader.locale, amount=amount), missing=refusal.missing)


@told_by(decision.WalletFull)
def _full(_info: Info, reader: Reader, refusal: decision.WalletFull) -> WalletFull:
    kind, currency = reader.programme.wallet(refusal.wallet).kind, reader.programme.programme.currency
    amount = of_kind(kind, refusal.room, currency=currency, locale=reader.locale)
    return WalletFull(message=say("problem.WalletFull", reader.locale, amount=amount), room=refusal.room)
