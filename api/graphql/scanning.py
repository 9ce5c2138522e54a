"""The till's scanner: what a code is, before anything is done with it."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.basics import Info
from api.graphql.customers import Customer, customer_of
from api.graphql.descriptions import KEY
from api.graphql.problems import ExpiredCode, IdempotencyConflict, UnknownCode, refusals
from api.graphql.tills import scanned, till_of
from api.graphql.vouchers import Voucher, voucher_of
from api.texts import TEXTS, say
from domain.services import scanning
from domain.services.scanning import CustomerScanned, VoucherScanned


@strawberry.input(
    description=(
        "`occurredAt` for a code scanned while offline: judged at that time, at most 24 hours ago, for"
        " earning only."
    )
)
class ScanInput:
    code: str = strawberry.field(description="What the scanner read, or somebody typed.")
    occurred_at: datetime | None = strawberry.field(
        default=None, description="When it was scanned; by default now."
    )
    idempotency_key: str = strawberry.field(description=KEY)


@strawberry.type(description="A visit lets this store act for the member for 5 minutes: nobody scans twice.")
class CustomerScan:
    customer: Customer = strawberry.field(description="Who showed the code.")
    visit: str = strawberry.field(description="Goes into `member` of what follows, in this store only.")
    visit_expires_at: datetime = strawberry.field(description="After it the code must be scanned again.")


@strawberry.type(description="The code is a voucher's; scanning did nothing to it.")
class VoucherScan:
    voucher: Voucher = strawberry.field(description="The voucher.")
    customer: Customer = strawberry.field(description="Whose it is.")
    usable: bool = strawberry.field(
        description="False where it is used, expired, cancelled or not for this store."
    )
    reason: str | None = strawberry.field(
        description="Why it is not usable, in the reader's language; null where it is."
    )


ScanResult = Annotated[
    CustomerScan | VoucherScan | UnknownCode | ExpiredCode | IdempotencyConflict,
    strawberry.union("ScanResult", description="A member's card, a voucher, or neither."),
]


@strawberry.type
class ScanMutation:
    @strawberry.mutation(
        description=(
            "What a scanned code is, before anything is done with it. A card code is taken once and opens a"
            " visit."
        )
    )
    @refusals
    async def scan(self, info: Info, input: ScanInput) -> ScanResult:
        services, loaders = info.context.services, info.context.loaders
        with scanned(info):
            found = await scanning.scan(
                services.house,
                till=till_of(info),
                text=input.code,
                occurred_at=input.occurred_at,
                key=input.idempotency_key,
                card_key=services.card_key,
                now=loaders.now,
            )
        loaders.changed(found.seen)
        return (
            await _voucher(info, found) if isinstance(found, VoucherScanned) else await _customer(info, found)
        )


async def _customer(info: Info, found: CustomerScanned) -> CustomerScan:
    staff = info.context.staff()
    visit = info.context.services.tokens.visit(
        member=found.seen.member.id, store=staff.store, session=staff.session_id, at=found.visit_from
    )
    reader = await info.context.loaders.reader()
    return CustomerScan(
        customer=customer_of(reader, found.seen), visit=visit.token, visit_expires_at=visit.expires_at
    )


async def _voucher(info: Info, found: VoucherScanned) -> VoucherScan:
    reader = await info.context.loaders.reader()
    return VoucherScan(
        voucher=await voucher_of(info, found.voucher),
        customer=customer_of(reader, found.seen),
        usable=found.unusable is None,
        reason=None if found.unusable is None else _reason(found.unusable, reader.locale),
    )


def _reason(word: str, locale: str) -> str:
    return say(f"voucher.{word}" if f"voucher.{word}" in TEXTS else f"not_allowed.{word}", locale)
