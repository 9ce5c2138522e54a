"""Refusals that a screen can act on, as the Problems of the schema. One renderer does it, so no resolver has
a `try`.

A mutation is decorated with `@refusals_as_problems`: a `Refusal` of the domain becomes the Problem of the
same name, in the reader's language. A module whose Problem needs more than the refusal itself registers a
renderer with `@renders`.
"""

import inspect
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from enum import Enum
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.scalars import WalletCode
from api.graphql.engine.shared_types import Info, Problem
from api.texts import amount_text, number_text, of_kind, say
from domain.model.calendar import local_day
from domain.model.ledger import decision
from domain.model.ledger.decision import Refusal
from domain.model.messages import rendering
from domain.services import errors

P = ParamSpec("P")
T = TypeVar("T")
SelfT = TypeVar("SelfT")
RefusalT = TypeVar("RefusalT", bound=Refusal)
ProblemRenderer = Callable[[Info, Audience, RefusalT], Problem | Awaitable[Problem]]


@enum_of_words(errors.SignInRefusal, description="Why nobody is signed in.")
class SignInRefusal(Enum):
    WRONG_CODE = strawberry.enum_value(
        "WRONG_CODE",
        description="Another code was sent; `attemptsLeft` says how often it can be tried again.",
    )
    EXPIRED_CODE = strawberry.enum_value("EXPIRED_CODE", description="None is waiting: ask for a new one.")
    EMAIL_NOT_VERIFIED = strawberry.enum_value(
        "EMAIL_NOT_VERIFIED",
        description=(
            "The ID token has no phone, and its e-mail address is not verified at Firebase: have it verified,"
            " and come again with a fresh token."
        ),
    )
    TOO_MANY_ATTEMPTS = strawberry.enum_value(
        "TOO_MANY_ATTEMPTS", description="Ask for a new code, or, with a password, wait."
    )
    WRONG_PASSWORD = strawberry.enum_value("WRONG_PASSWORD", description="User, password or store is wrong.")
    WRONG_SECOND_FACTOR = strawberry.enum_value(
        "WRONG_SECOND_FACTOR", description="The code is wrong, too old, or was used before."
    )
    WRONG_SETUP_KEY = strawberry.enum_value(
        "WRONG_SETUP_KEY", description="The set-up key is wrong, used, or older than 7 days."
    )
    SESSION_ENDED = strawberry.enum_value(
        "SESSION_ENDED", description="Signed out, too old, or a refresh token was used twice: sign in again."
    )
    DISABLED = strawberry.enum_value("DISABLED", description="The employee is shut out.")


@enum_of_words(errors.NotAllowedReason, description="Why an employee may not do it.")
class NotAllowedReason(Enum):
    OWN_MEMBERSHIP = strawberry.enum_value("OWN_MEMBERSHIP", description="Nobody serves themselves.")
    OTHER_STORE = strawberry.enum_value("OTHER_STORE", description="It belongs to another store.")
    SHIFT_LIMIT = strawberry.enum_value(
        "SHIFT_LIMIT", description="The employee has done today as much as one may in a day."
    )
    MEMBER_FROZEN = strawberry.enum_value("MEMBER_FROZEN", description="The membership is frozen.")
    ROLE = strawberry.enum_value(
        "ROLE", description="It takes a manager: also a receipt above the maximum that a server sets."
    )
    TOO_LATE = strawberry.enum_value("TOO_LATE", description="The time for it is over.")
    FOUR_EYES = strawberry.enum_value("FOUR_EYES", description="It takes an operator to approve it.")
    PRESENCE = strawberry.enum_value("PRESENCE", description="It takes the member's card, scanned now.")


@enum_of_words(decision.PaymentFault, description="Why a wallet does not pay for a purchase as it was asked.")
class PaymentFault(Enum):
    NOT_PAYABLE = strawberry.enum_value("NOT_PAYABLE", description="Purchases are not paid with it.")
    STEP = strawberry.enum_value("STEP", description="`units` is the step that payments are a multiple of.")
    MINIMUM = strawberry.enum_value("MINIMUM", description="`units` is the least that can be paid.")
    SHARE = strawberry.enum_value("SHARE", description="`units` is the most that this purchase takes.")


@strawberry.type(
    description="The key was used for another request, which stands. A new request needs a new key."
)
class IdempotencyConflict(Problem):
    pass


@strawberry.type(description="The terms in force are not the ones that were agreed to.")
class TermsNotAccepted(Problem):
    current_version: str = strawberry.field(description="The version to show and agree to.")


@strawberry.type(description="Nobody is signed in.")
class SignInRefused(Problem):
    reason: SignInRefusal = strawberry.field(description="Why.")
    attempts_left: int | None = strawberry.field(
        description="How often this code can be tried again; null where the reason is another."
    )
    retry_after: int | None = strawberry.field(
        description="In how many seconds the next try is heard; null where waiting does not help."
    )


@strawberry.type(
    description=(
        "The contact is proven and has no membership, and this sign-in brought no `enrolmentToken` of one"
        " that waits for it: offer to enrol, with `contactProof`."
    )
)
class NotEnrolled(Problem):
    contact_proof: str = strawberry.field(
        description=(
            "Bring it to `enrol` with the contact that was proven (of an ID token that proves both, the"
            " phone): the membership begins at once. It works once; give it to nobody."
        )
    )
    contact_proof_expires_at: datetime = strawberry.field(description="When it stops working: in 10 minutes.")


@strawberry.type(
    description=(
        "The contact is proven, and its membership is being deleted, as its member asked: nobody is signed"
        " in. Offer to keep it, with `keepToken`."
    )
)
class MembershipBeingDeleted(Problem):
    erased_at: datetime = strawberry.field(description="When it is gone for good.")
    keep_token: str = strawberry.field(
        description="Bring it to `keepMembership` once the person confirms. It works once: give it to nobody."
    )
    keep_token_expires_at: datetime = strawberry.field(description="When it stops working: in 10 minutes.")


@strawberry.type(
    description=("Another membership has the new contact. This is only said once the new contact is proven.")
)
class ContactTaken(Problem):
    pass


@strawberry.type(
    description=(
        "A present contact has to approve the new one by the code that was sent to it, or the member signs in"
        " again and changes it within 10 minutes."
    )
)
class ContactProofNeeded(Problem):
    pass


@strawberry.type(description="The link was used, or is too old.")
class LinkExpired(Problem):
    pass


@strawberry.type(description="No card, voucher or member by that code.")
class UnknownCode(Problem):
    pass


@strawberry.type(description="The code was right but has expired: ask for a new one.")
class ExpiredCode(Problem):
    pass


@strawberry.type(description="Own membership, another store's voucher, a limit of the day, a frozen member.")
class NotAllowed(Problem):
    reason: NotAllowedReason = strawberry.field(description="Which of these.")


@strawberry.type(description="More than is left of the purchase.")
class RefundTooLarge(Problem):
    refundable: int = strawberry.field(description="How much is left, in minor units.")


@strawberry.type(description="No such receipt in this store.")
class UnknownPurchase(Problem):
    pass


@strawberry.type(description="The wallet holds less than the amount.")
class InsufficientBalance(Problem):
    missing: int = strawberry.field(description="In points, or minor units of the wallet's currency.")


@strawberry.type(description="A wallet does not pay so for this purchase; nothing of it was recorded.")
class PaymentNotAccepted(Problem):
    wallet: WalletCode = strawberry.field(description="Which wallet.")
    fault: PaymentFault = strawberry.field(description="Why.")
    units: int = strawberry.field(description="As the fault says, in units of the wallet; else 0.")


@strawberry.type(description="A wallet holds 2,000,000,000 at most; `room` is how much more this one takes.")
class WalletFull(Problem):
    room: int = strawberry.field(description="How much it has room for.")


# ---------------------------------------------------------------- renderers

_RENDERERS: dict[type[Refusal], Callable[[Info, Audience, Refusal], Problem | Awaitable[Problem]]] = {}


def renders(kind: type[RefusalT]) -> Callable[[ProblemRenderer[RefusalT]], ProblemRenderer[RefusalT]]:
    """Register the renderer of a kind of refusal."""

    def register(renderer: ProblemRenderer[RefusalT]) -> ProblemRenderer[RefusalT]:
        _RENDERERS[kind] = cast("Callable[[Info, Audience, Refusal], Problem | Awaitable[Problem]]", renderer)
        return renderer

    return register


def refusals_as_problems(
    resolver: Callable[Concatenate[SelfT, Info, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[SelfT, Info, P], Coroutine[Any, Any, T]]:
    """Make a mutation answer a refusal of the domain as its Problem."""

    @wraps(resolver)
    async def answer(self: SelfT, info: Info, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await resolver(self, info, *args, **kwargs)
        except Refusal as refusal:
            # The union of the mutation lists its Problems. One that is not in it would be INTERNAL; a test
            # finds it.
            return cast(T, await problem_of(info, refusal))

    return cast("Callable[Concatenate[SelfT, Info, P], Coroutine[Any, Any, T]]", answer)


async def problem_of(info: Info, refusal: Refusal) -> Problem:
    """Return the Problem of a refusal, in the reader's language."""
    renderer = next(_RENDERERS[kind] for kind in type(refusal).__mro__ if kind in _RENDERERS)
    rendering = renderer(info, await info.context.loaders.audience(), refusal)
    return await rendering if inspect.isawaitable(rendering) else rendering


def _saying(problem: Callable[..., Problem], text: str) -> ProblemRenderer[Refusal]:
    def render(_info: Info, audience: Audience, _: Refusal) -> Problem:
        return problem(message=say(text, audience.locale))

    return render


# Refusals that a text says whole.
for _refusal, _problem, _text in (
    (errors.IdempotencyKeyConflict, IdempotencyConflict, "problem.IdempotencyConflict"),
    (errors.ContactTaken, ContactTaken, "problem.ContactTaken"),
    (errors.ContactProofNeeded, ContactProofNeeded, "problem.ContactProofNeeded"),
    (errors.LinkExpired, LinkExpired, "problem.LinkExpired"),
    (errors.UnknownCode, UnknownCode, "problem.UnknownCode"),
    (errors.MalformedCode, UnknownCode, "problem.MalformedCode"),
    (errors.ExpiredCode, ExpiredCode, "problem.ExpiredCode"),
    (errors.UnknownPurchase, UnknownPurchase, "problem.UnknownPurchase"),
):
    renders(_refusal)(_saying(_problem, _text))


@renders(errors.NotEnrolled)
def _not_enrolled(_info: Info, audience: Audience, refusal: errors.NotEnrolled) -> NotEnrolled:
    return NotEnrolled(
        message=say("problem.NotEnrolled", audience.locale),
        contact_proof=refusal.contact_proof,
        contact_proof_expires_at=refusal.proof_expires_at,
    )


@renders(errors.MembershipBeingDeleted)
def _being_deleted(
    _info: Info, audience: Audience, refusal: errors.MembershipBeingDeleted
) -> MembershipBeingDeleted:
    day = rendering.day(local_day(refusal.erased_at, audience.programme.zone), audience.locale)
    return MembershipBeingDeleted(
        message=say("problem.MembershipBeingDeleted", audience.locale, day=day),
        erased_at=refusal.erased_at,
        keep_token=refusal.keep_token,
        keep_token_expires_at=refusal.keep_until,
    )


@renders(errors.TermsNotAccepted)
def _terms(_info: Info, audience: Audience, refusal: errors.TermsNotAccepted) -> TermsNotAccepted:
    message = say("problem.TermsNotAccepted", audience.locale, version=refusal.current_version)
    return TermsNotAccepted(message=message, current_version=refusal.current_version)


@renders(errors.SignInRefused)
def _sign_in(_info: Info, audience: Audience, refusal: errors.SignInRefused) -> SignInRefused:
    message = say(f"refused.{refusal.reason}", audience.locale)
    return SignInRefused(
        message=message,
        reason=SignInRefusal[refusal.reason],
        attempts_left=refusal.attempts_left,
        retry_after=refusal.retry_after,
    )


@renders(errors.NotAllowed)
def _not_allowed(_info: Info, audience: Audience, refusal: errors.NotAllowed) -> NotAllowed:
    return not_allowed(audience, NotAllowedReason[refusal.reason])


@renders(errors.ReceiptTooLarge)
def _receipt_too_large(_info: Info, audience: Audience, refusal: errors.ReceiptTooLarge) -> NotAllowed:
    amount = amount_text(
        refusal.maximum, currency=audience.programme.programme.currency, locale=audience.locale
    )
    return NotAllowed(
        message=say("not_allowed.RECEIPT", audience.locale, amount=amount), reason=NotAllowedReason.ROLE
    )


@renders(errors.SecondPersonNeeded)
def _second_person_needed(_: Info, audience: Audience, refusal: errors.SecondPersonNeeded) -> NotAllowed:
    message = say(f"not_allowed.FOUR_EYES.{refusal.fault}", audience.locale)
    return NotAllowed(message=message, reason=NotAllowedReason.FOUR_EYES)


@renders(decision.MemberFrozen)
def _frozen(_info: Info, audience: Audience, _: decision.MemberFrozen) -> NotAllowed:
    return not_allowed(audience, NotAllowedReason.MEMBER_FROZEN)


def not_allowed(audience: Audience, reason: NotAllowedReason) -> NotAllowed:
    return NotAllowed(message=say(f"not_allowed.{reason.value}", audience.locale), reason=reason)


@renders(decision.RefundTooLarge)
def _too_large(_info: Info, audience: Audience, refusal: decision.RefundTooLarge) -> RefundTooLarge:
    amount = amount_text(
        refusal.refundable, currency=audience.programme.programme.currency, locale=audience.locale
    )
    return RefundTooLarge(
        message=say("problem.RefundTooLarge", audience.locale, amount=amount), refundable=refusal.refundable
    )


@renders(decision.BalanceTooLow)
def _too_low(_info: Info, audience: Audience, refusal: decision.BalanceTooLow) -> InsufficientBalance:
    amount = number_text(refusal.missing, locale=audience.locale)
    return InsufficientBalance(
        message=say("problem.InsufficientBalance", audience.locale, amount=amount), missing=refusal.missing
    )


@renders(decision.WalletFull)
def _full(_info: Info, audience: Audience, refusal: decision.WalletFull) -> WalletFull:
    kind, currency = audience.programme.wallet(refusal.wallet).kind, audience.programme.programme.currency
    amount = of_kind(kind, refusal.room, currency=currency, locale=audience.locale)
    return WalletFull(message=say("problem.WalletFull", audience.locale, amount=amount), room=refusal.room)


@renders(decision.PaymentNotAccepted)
def _payment(_info: Info, audience: Audience, refusal: decision.PaymentNotAccepted) -> PaymentNotAccepted:
    spec, currency = audience.programme.wallet(refusal.wallet), audience.programme.programme.currency
    units = of_kind(spec.kind, refusal.bound, currency=currency, locale=audience.locale)
    text = f"problem.PaymentNotAccepted.{refusal.reason}"
    return PaymentNotAccepted(
        message=say(text, audience.locale, wallet=audience.text(spec.name), units=units),
        wallet=WalletCode(refusal.wallet),
        fault=PaymentFault[refusal.reason],
        units=refusal.bound,
    )
