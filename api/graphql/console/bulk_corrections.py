"""Corrections of a file: tried without writing anything, then asked for; a second person has them made."""

from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.console.staff_proposals import StaffProposed, proposed_by_caller
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.problems import IdempotencyConflict, NotAllowed, refusals_as_problems
from api.graphql.engine.scalars import WalletCode
from api.graphql.engine.shared_types import Info
from api.graphql.till.till_session import count_look_up, till_of
from domain.services.ledger.look_up import look_ups
from domain.services.operations import bulk_corrections
from domain.services.operations.bulk_corrections import CorrectionRow


@enum_of_words(bulk_corrections.RowFault, description="Why a row of a file would not be made.")
class CorrectionRowFault(Enum):
    UNKNOWN_MEMBER = strawberry.enum_value("UNKNOWN_MEMBER", description="Nobody has this number.")
    UNKNOWN_WALLET = strawberry.enum_value("UNKNOWN_WALLET", description="The programme has no such wallet.")
    BAD_AMOUNT = strawberry.enum_value("BAD_AMOUNT", description="It is no amount that a correction has.")
    TWICE = strawberry.enum_value("TWICE", description="A row before it has this number and wallet.")
    TOO_LOW = strawberry.enum_value("TOO_LOW", description="The wallet holds less than it would take.")
    OWN_MEMBERSHIP = strawberry.enum_value("OWN_MEMBERSHIP", description="Nobody serves themselves.")


@strawberry.input(description="A row of a file.")
class CorrectionRowInput:
    number: str = strawberry.field(description="A membership number.")
    wallet: WalletCode = strawberry.field(description="Which wallet.")
    amount: int = strawberry.field(description="Signed, in points or minor units.")


@strawberry.input(description="The rows of a file, 1 to 500.")
class TryCorrectionsInput:
    rows: list[CorrectionRowInput] = strawberry.field(description="In the file's order.")


@strawberry.input(description="The corrections of a file, which somebody else has to approve.")
class ProposeCorrectionsInput:
    rows: list[CorrectionRowInput] = strawberry.field(description="In the file's order, none with a fault.")
    reason: str = strawberry.field(
        description="Why, 1 to 500 characters; kept in the audit trail, and read by each of the members."
    )
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="What a row would come to.")
class TriedCorrection:
    available: int = strawberry.field(description="What the wallet holds before it; 0 for a fault.")
    fault: CorrectionRowFault | None = strawberry.field(description="Why not; null where it can be made.")


@strawberry.type(description="What the rows would come to; nothing was written.")
class CorrectionsTried:
    rows: list[TriedCorrection] = strawberry.field(description="In the file's order.")
    added: int = strawberry.field(description="What all wallets together would gain.")
    taken: int = strawberry.field(description="What they would lose.")
    faults: int = strawberry.field(description="How many rows cannot be made.")


TryCorrectionsResult = Annotated[
    CorrectionsTried | NotAllowed,
    strawberry.union("TryCorrectionsResult", description="What they would come to, or why nobody tried."),
]
ProposeCorrectionsResult = Annotated[
    StaffProposed | NotAllowed | IdempotencyConflict,
    strawberry.union("ProposeCorrectionsResult", description="They wait, or why they do not."),
]


@strawberry.type
class BulkCorrectionMutation:
    @strawberry.mutation(
        description=(
            "Service: what the corrections of a file would come to, row by row. Each member in it counts as a"
            " look-up."
        )
    )
    @refusals_as_problems
    async def try_corrections(self, info: Info, input: TryCorrectionsInput) -> TryCorrectionsResult:
        count_look_up(info)
        runtime, till, now = info.context.dependencies.runtime, till_of(info), info.context.loaders.now
        tried = await bulk_corrections.try_rows(runtime, till=till, rows=_rows(input.rows), now=now)
        looked_up = [
            each.member_id
            for each in tried
            if each.member_id is not None or each.fault in ("UNKNOWN_MEMBER", "OWN_MEMBERSHIP")
        ]
        await look_ups.note_all(runtime, till=till, members=looked_up, by="NUMBER", now=now)
        sound = [each.row.amount for each in tried if each.fault is None]
        return CorrectionsTried(
            rows=[
                TriedCorrection(
                    available=each.available,
                    fault=None if each.fault is None else CorrectionRowFault[each.fault],
                )
                for each in tried
            ],
            added=sum(amount for amount in sound if amount > 0),
            taken=-sum(amount for amount in sound if amount < 0),
            faults=len(tried) - len(sound),
        )

    @strawberry.mutation(
        description="Service: asks for the corrections of a file; an operator has them made within 7 days."
    )
    @refusals_as_problems
    async def propose_corrections(
        self, info: Info, input: ProposeCorrectionsInput
    ) -> ProposeCorrectionsResult:
        count_look_up(info)
        loaders = info.context.loaders
        proposal = await bulk_corrections.propose(
            info.context.dependencies.runtime,
            till=till_of(info),
            rows=_rows(input.rows),
            reason=input.reason,
            key=input.idempotency_key,
            now=loaders.now,
            world_now=loaders.world_now,
        )
        return await proposed_by_caller(info, proposal)


def _rows(inputs: list[CorrectionRowInput]) -> list[CorrectionRow]:
    return [CorrectionRow(each.number[:64], each.wallet, each.amount) for each in inputs]
