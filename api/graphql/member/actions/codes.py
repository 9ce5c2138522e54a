"""Entering a code of a campaign, an influencer or a package: what it gave, or why it counts nothing."""

from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.engine.audience import Audience
from api.graphql.engine.descriptions import IDEMPOTENCY_KEY
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.problems import IdempotencyConflict, refusals_as_problems, renders
from api.graphql.engine.shared_types import Info, Problem
from api.graphql.engine.titles import find_spec
from api.graphql.member.actions.redemption import MEMBER_NOW
from api.graphql.member.explanations import RuleOutcome, outcomes_of
from api.graphql.member.members import Member, current_member
from api.graphql.member.points import PointEntry, entries_of
from api.graphql.member.vouchers import Voucher, voucher_of
from api.texts import say
from domain.model.ledger import decision
from domain.services.code_claims import EnteredCode
from domain.services.ledger import code_entry
from domain.store.ledger import history_entries


@enum_of_words(decision.CodeRefusalReason, description="Why a code counts nothing.")
class CodeRefusalReason(Enum):
    UNKNOWN = strawberry.enum_value(
        "UNKNOWN",
        description="There is no such code, it has not begun, or somebody else has entered it: one answer.",
    )
    NOT_NOW = strawberry.enum_value("NOT_NOW", description="It counts on other days or at other hours.")
    OVER = strawberry.enum_value("OVER", description="Its time is over.")
    USED_UP = strawberry.enum_value("USED_UP", description="It was entered as often as it may be in all.")
    ENTERED_BEFORE = strawberry.enum_value(
        "ENTERED_BEFORE", description="The member has entered it before; it counted then."
    )
    TOO_MANY_TRIES = strawberry.enum_value(
        "TOO_MANY_TRIES", description="10 wrong codes in a day: `retryAfter` says when the next is heard."
    )
    FROZEN = strawberry.enum_value("FROZEN", description="The membership is frozen.")


@strawberry.input(description="A code as the member types it.")
class EnterCodeInput:
    code: str = strawberry.field(
        description="Case, spaces, dashes and accents do not matter, nor do O for 0, and I or L for 1."
    )
    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)


@strawberry.type(description="The code counted.")
class CodeEntered:
    title: str = strawberry.field(description="What the code is for, in the reader's language.")
    entries: list[PointEntry] = strawberry.field(description="What it earned or took.")
    vouchers: list[Voucher] = strawberry.field(description="What it gave to show at the till.")
    explanation: list[RuleOutcome] = strawberry.field(description="What each rule came to.")
    member_id: strawberry.Private[str]

    @strawberry.field(description=MEMBER_NOW)
    async def member(self, info: Info) -> Member:
        return await current_member(info, self.member_id)


@strawberry.type(description="The code counts nothing.")
class CodeRefused(Problem):
    reason: CodeRefusalReason = strawberry.field(description="Why.")
    tries_left: int | None = strawberry.field(
        description="How many wrong codes are heard today still; null where none was counted."
    )
    retry_after: int | None = strawberry.field(
        description="In how many seconds the next code is heard; null where waiting does not help."
    )


EnterCodeResult = Annotated[
    CodeEntered | CodeRefused | IdempotencyConflict,
    strawberry.union("EnterCodeResult", description="What the code gave, or why it counts nothing."),
]
EnrolmentCodeResult = Annotated[
    CodeEntered | CodeRefused,
    strawberry.union("EnrolmentCodeResult", description="What the code gave, or why it counts nothing."),
]


@strawberry.type
class CodeMutation:
    @strawberry.mutation(
        description=(
            "Enters a code of a campaign, an influencer or a package. A code counts once for a member, a"
            " single-use one once in all. After 10 wrong codes in a day the next is heard tomorrow."
        )
    )
    @refusals_as_problems
    async def enter_code(self, info: Info, input: EnterCodeInput) -> EnterCodeResult:
        loaders, member = info.context.loaders, info.context.member().member_id
        runtime = info.context.dependencies.runtime
        result = await code_entry.enter_code(
            runtime,
            member_id=member,
            code=input.code,
            all_secrets=runtime.all_secrets,
            key=input.idempotency_key,
            now=loaders.now,
        )
        loaders.forget_ledger(member)
        return await code_entered(info, result)


async def code_entered(info: Info, entered: EnteredCode) -> CodeEntered:
    """Return what a code gave, in the reader's language."""
    row, member = entered.row, entered.member_id
    await info.context.dependencies.runtime.programmes.load_versions([row.version])
    audience = await info.context.loaders.audience()
    name = str(row.event.data.get("code") or row.event.data.get("batch"))
    spec = find_spec(audience.programme_of_version(row.version).code, name)
    return CodeEntered(
        title=audience.text(spec.title) if spec is not None else name,
        entries=entries_of(audience, member, history_entries.row_history(row)),
        vouchers=[await voucher_of(info, voucher) for voucher in entered.issued],
        explanation=outcomes_of(audience, row.outcomes, row.version),
        member_id=member,
    )


@renders(decision.CodeRefused)
def _refused(_info: Info, audience: Audience, refusal: decision.CodeRefused) -> CodeRefused:
    return code_refused(audience, refusal)


def code_refused(audience: Audience, refusal: decision.CodeRefused) -> CodeRefused:
    """Return why a code counts nothing, in the reader's language."""
    return CodeRefused(
        message=say(f"code.{refusal.reason}", audience.locale),
        reason=CodeRefusalReason[refusal.reason],
        tries_left=refusal.tries_left,
        retry_after=refusal.retry_after,
    )
