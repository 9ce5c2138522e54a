"""The till's scanner: it says what a code is, and uses nothing."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.problems import ExpiredCode, IdempotencyConflict, UnknownCode, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.member.vouchers import Voucher, voucher_of
from api.graphql.till.customers import Customer, customer_of
from api.graphql.till.till_session import (
    LookUpLimit,
    count_look_up,
    guard_scans,
    note_look_up,
    till_of,
)
from api.texts import TEXTS, say
from domain.model.people.codes import CodeKind, classify
from domain.services.errors import NotAllowed
from domain.services.errors import UnknownCode as NobodyByThatCode
from domain.services.ledger import scanning
from domain.services.ledger.scanning import CustomerScanned, VoucherScanned


@strawberry.input(
    description=(
        "`occurredAt` for a code scanned while offline: judged at that time, at most 24 hours ago, for"
        " earning only."
    )
)
class ScanInput:
    code: str = strawberry.field(
        description="What the scanner read, or somebody typed; an AIM identifier such as `]Q1` is dropped."
    )
    occurred_at: datetime | None = strawberry.field(
        default=None, description="When it was scanned; by default now. Up to 2 minutes ahead counts as now."
    )
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(
    description="A visit lets this store act for the member for 5 minutes, without another scan."
)
class CustomerScan:
    customer: Customer = strawberry.field(description="Who showed the code.")
    visit: str = strawberry.field(
        description="Send it as `member` in the calls that follow, in this store only."
    )
    visit_expires_at: datetime = strawberry.field(description="After it the code must be scanned again.")
    can_pay: bool = strawberry.field(
        description="Whether wallets may pay for a purchase of this visit: a card was shown, not a number."
    )


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
    @refusals_as_problems
    async def scan(self, info: Info, input: ScanInput) -> ScanResult:
        result = await _scan(info, input)
        info.context.loaders.remember(result.member_view)
        return (
            await _voucher_scan(info, result)
            if isinstance(result, VoucherScanned)
            else await _customer_scan(info, result)
        )


async def _scan(info: Info, input: ScanInput) -> CustomerScanned | VoucherScanned:
    dependencies = info.context.dependencies
    is_look_up = classify(input.code).kind is CodeKind.NUMBER
    async with guard_scans(info):
        if is_look_up:
            count_look_up(info)
        try:
            return await scanning.scan(
                dependencies.runtime,
                till=till_of(info),
                text=input.code,
                occurred_at=input.occurred_at,
                key=input.idempotency_key,
                card_keys=dependencies.card_keys,
                now=info.context.loaders.world_now,
            )
        except NobodyByThatCode:
            if is_look_up:
                await note_look_up(info, None, "NUMBER")
            raise
        except NotAllowed:  # only a look-up has a limit here
            raise LookUpLimit from None


async def _customer_scan(info: Info, scan: CustomerScanned) -> CustomerScan:
    staff = info.context.at_till()
    visit = info.context.dependencies.tokens.visit(
        member=scan.member_view.member.id,
        store=staff.store,
        session=staff.session_id,
        at=scan.visit_began_at,
        card=scan.is_card,
    )
    audience = await info.context.loaders.audience()
    return CustomerScan(
        customer=customer_of(audience, scan.member_view),
        visit=visit.token,
        visit_expires_at=visit.expires_at,
        can_pay=scan.is_card,
    )


async def _voucher_scan(info: Info, scan: VoucherScanned) -> VoucherScan:
    audience = await info.context.loaders.audience()
    return VoucherScan(
        voucher=await voucher_of(info, scan.voucher),
        customer=customer_of(audience, scan.member_view),
        usable=scan.unusable_reason is None,
        reason=None if scan.unusable_reason is None else _reason(scan.unusable_reason, audience.locale),
    )


def _reason(reason: str, locale: str) -> str:
    return say(f"voucher.{reason}" if f"voucher.{reason}" in TEXTS else f"not_allowed.{reason}", locale)
