"""Joining that begins at a till: a code goes to the customer's contact, and the sale waits for it."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.problems import IdempotencyConflict, NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info, Problem
from api.graphql.member.catalogue.purchase_quotes import PurchaseLineInput, input_lines
from api.graphql.member.explanations import RuleOutcome, outcomes_of
from api.graphql.member.points import QuotedEntry, WalletTotal, quoted_entries, totals_of
from api.graphql.till.customers import Customer, current_customer
from api.graphql.till.guests.claimed_receipts import PurchaseClaimed
from api.graphql.till.receipt_details import TaxLineInput, TenderInput, receipt_details
from api.graphql.till.till_session import count_look_up, note_look_up, till_of
from api.texts import say
from domain.services import errors
from domain.services.ledger import purchase_input
from domain.services.ledger.look_up import look_ups
from domain.services.ledger.parking import sale_parking
from domain.services.ledger.parking.sale_parking import ContactOfMember, HashedContact
from domain.services.people import field_checks, one_time_codes
from domain.services.people.proofs import parked_claims, till_invitations
from domain.store.people.stores import CONSOLE


@strawberry.input(
    description=(
        "A sale that waits. Known by (source, store, externalId), like a purchase; it counts once, on its own"
        " date."
    )
)
class ParkedSaleInput:
    external_id: str = strawberry.field(description="The receipt's number, 1 to 128 characters.")
    occurred_at: datetime | None = strawberry.field(
        default=None, description="When they bought; by default now."
    )
    currency: str = strawberry.field(description="The programme's, ISO 4217.")
    total: int = strawberry.field(description="What was paid, after discounts, in minor units.")
    lines: list[PurchaseLineInput] | None = strawberry.field(
        default_factory=list, description="What was bought, at most 500 lines; rules about goods need them."
    )
    taxes: list[TaxLineInput] | None = strawberry.field(
        default=None, description="The receipt's tax lines, at most 50, for the fiscal record."
    )
    tenders: list[TenderInput] | None = strawberry.field(
        default=None, description="What was given at the door, at most 20; they sum to the total."
    )


@strawberry.input(description="Who wants to join at the till, and what they have bought.")
class EnrolAtTillInput:
    contact: str = strawberry.field(description="An e-mail address, or a phone number with its country.")
    locale: str | None = strawberry.field(
        default=None,
        description="The language of the message: one of `programme.locales`; by default the first.",
    )
    sale: ParkedSaleInput | None = strawberry.field(
        default=None, description="What waits for them; left out, the code alone is sent."
    )
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="A sale that waits for whoever proves the contact.")
class ParkedSale:
    external_id: str = strawberry.field(description="The receipt's number.")
    total: int = strawberry.field(description="What of it waits, in minor units: refunds lower it.")
    waits_until: datetime = strawberry.field(description="After that it earns nothing.")
    entries: list[QuotedEntry] = strawberry.field(description="What it would earn a member who joins now.")
    totals: list[WalletTotal] = strawberry.field(description="What that comes to by wallet.")
    explanation: list[RuleOutcome] = strawberry.field(description="What each rule would come to.")


@strawberry.type(
    description=(
        "The code is on its way. On the phone page or in the app the customer signs in with it (no"
        " `challenge` is needed), gets a `contactProof`, and enrols with that: then the sale is theirs."
    )
)
class InvitedAtTill:
    code_sent_to: str = strawberry.field(description="The contact, as a hint.")
    expires_at: datetime = strawberry.field(description="When the code stops working.")
    sale: ParkedSale | None = strawberry.field(description="What waits; null where no sale was given.")


@strawberry.type(description="A member has this contact: record the purchase for them. Nothing was sent.")
class AlreadyEnrolled(Problem):
    customer: Customer = strawberry.field(description="The member; the look-up is noted.")


EnrolAtTillResult = Annotated[
    InvitedAtTill | AlreadyEnrolled | PurchaseClaimed | NotAllowed | IdempotencyConflict,
    strawberry.union("EnrolAtTillResult", description="The sale waits, or why it does not."),
]


@strawberry.type
class JoiningMutation:
    @strawberry.mutation(
        description=(
            "Staff and systems: sends a code to somebody who wants to join, and keeps this sale for their"
            " contact for 90 days. It counts once, on its own date, as soon as the contact is proven. The"
            " code is never told to them."
        )
    )
    @refusals_as_problems
    async def enrol_at_till(self, info: Info, input: EnrolAtTillInput) -> EnrolAtTillResult:
        count_look_up(info)
        runtime, till, now = info.context.dependencies.runtime, till_of(info), info.context.loaders.now
        if input.sale is not None and till.store == CONSOLE.code:
            raise errors.NotAllowed("OTHER_STORE")
        contact = field_checks.read_contact_field(input.contact)
        one_time_codes.expect_reach(runtime, contact, field="contact")
        locales = runtime.programme.programme.locales
        locale = (
            locales[0] if input.locale is None else field_checks.check_locale(input.locale, runtime.programme)
        )
        hashed = HashedContact(contact, tuple(parked_claims.contact_hashes(runtime, [contact])))
        sale_input = None if input.sale is None else sale_input_of(input.sale)
        request = sale_parking.invitation_request(till, hashed, sale_input, key=input.idempotency_key)
        try:
            parked = await sale_parking.park_sale(
                runtime,
                till=till,
                hashed_contact=hashed,
                purchase_input=sale_input,
                request=request,
                now=now,
            )
        except ContactOfMember as known:
            return await already_enrolled(info, known.member, input.contact)
        sent = await till_invitations.send(runtime, contact, request=request, locale=locale, now=now)
        audience = await info.context.loaders.audience()
        return InvitedAtTill(
            code_sent_to=contact.masked,
            expires_at=sent.expires_at,
            sale=None if parked is None else parked_sale_of(audience, parked),
        )


async def already_enrolled(info: Info, member: str, contact: str) -> AlreadyEnrolled:
    """Return that whoever has a contact is a member, which is noted as a look-up."""
    await note_look_up(info, member, look_ups.key_of(contact))
    audience = await info.context.loaders.audience()
    return AlreadyEnrolled(
        message=say("problem.AlreadyEnrolled", audience.locale),
        customer=await current_customer(info, member),
    )


def sale_input_of(sale: ParkedSaleInput) -> purchase_input.PurchaseInput:
    """Return the purchase of a sale that waits."""
    return purchase_input.PurchaseInput(
        sale.external_id,
        sale.total,
        sale.currency,
        input_lines(sale.lines),
        sale.occurred_at,
        details=receipt_details(sale.taxes, sale.tenders),
    )


def parked_sale_of(audience: Audience, parked: sale_parking.ParkedSale) -> ParkedSale:
    """Return a sale that waits, in the reader's language."""
    return ParkedSale(
        external_id=parked.purchase.external_id,
        total=parked.purchase.total,
        waits_until=parked.until,
        entries=quoted_entries(audience, parked.entries, parked.version),
        totals=totals_of(audience, parked.entries),
        explanation=outcomes_of(audience, parked.outcomes, parked.version),
    )
