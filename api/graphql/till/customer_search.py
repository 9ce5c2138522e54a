"""Finding a customer by what they remember: the last digits of a number, or how their name begins."""

from typing import Annotated

import strawberry

from api.graphql.engine.ids import encode_id
from api.graphql.engine.shared_types import Info
from api.graphql.till.till_session import count_look_up, note_look_ups
from domain.model.people.contacts import Contact
from domain.services.ledger.look_up import customer_search
from domain.store.ledger.members import MemberHint
from domain.store.look_ups import LookUpKey

SHOWN_DIGITS = 4


@strawberry.type(description="A customer who may be meant, by hints: ask them which contact is theirs.")
class CustomerMatch:
    id: strawberry.ID = strawberry.field(description="The customer's: `member` of every act of the till.")
    name: str = strawberry.field(description="As they gave it.")
    number_hint: str = strawberry.field(description="How their membership number ends: ••••••4821.")
    contacts: list[str] = strawberry.field(description="As hints: a***@example.com, +351******678.")


@strawberry.type
class CustomerSearchQuery:
    @strawberry.field(
        description=(
            "Staff: customers by the last digits of a phone or membership number, or the beginning of a name,"
            " or both; by name, at most 20. Each that is shown counts as a look-up."
        )
    )
    async def find_customers(
        self,
        info: Info,
        last_digits: Annotated[
            str | None,
            strawberry.argument(description="The last four or more, or the whole number as dialled at home."),
        ] = None,
        name_begins: Annotated[
            str | None,
            strawberry.argument(
                description="Two letters or more of any of its words; accents and case do not matter."
            ),
        ] = None,
        first: Annotated[int, strawberry.argument(description="1 to 20.")] = 10,
    ) -> list[CustomerMatch]:
        count_look_up(info)
        matches = await customer_search.find_customers(
            info.context.dependencies.runtime, last_digits=last_digits, name_begins=name_begins, first=first
        )
        by: LookUpKey = "NAME" if last_digits is None else "DIGITS"
        await note_look_ups(info, [match.id for match in matches] or [None], by)
        return [_customer_match(match) for match in matches]


def _customer_match(match: MemberHint) -> CustomerMatch:
    contacts = [
        *([Contact("phone", match.phone)] if match.phone else []),
        *([Contact("email", match.email)] if match.email else []),
    ]
    hidden = "•" * max(0, len(match.number) - SHOWN_DIGITS)
    return CustomerMatch(
        id=strawberry.ID(encode_id("Customer", match.id)),
        name=match.name,
        number_hint=hidden + match.number[-SHOWN_DIGITS:],
        contacts=[contact.masked for contact in contacts],
    )
