"""Single-use codes of a batch, made at the console: told once, to whoever made them."""

import strawberry

from api.graphql.engine.problems import refusals_as_problems
from api.graphql.engine.shared_types import Info
from domain.model.code_spelling import grouped
from domain.services.errors import InvalidInput
from domain.services.ledger import code_batches

MOST_AT_CONSOLE = 1_000


@strawberry.input(
    description="Codes of a batch. What they give, and until when, stands in the programme file."
)
class MakeCodesInput:
    batch: str = strawberry.field(description="`name` of one of `codeUses` that is a batch.")
    count: int = strawberry.field(description="How many, 1 to 1,000; `selo codes make` makes more at once.")


@strawberry.type(description="The codes are made. They are told this once: the database holds none.")
class CodesMade:
    batch: str = strawberry.field(description="Their batch.")
    codes: list[str] = strawberry.field(description="In groups, as members type them.")


@strawberry.type
class CodeMakingMutation:
    @strawberry.mutation(
        description=(
            "Operators, at the console: makes single-use codes of a batch. It has no key: where the answer is"
            " lost so are its codes, and others are made."
        )
    )
    @refusals_as_problems
    async def make_codes(self, info: Info, input: MakeCodesInput) -> CodesMade:
        runtime = info.context.dependencies.runtime
        if not 1 <= input.count <= MOST_AT_CONSOLE:
            raise InvalidInput("count", f"Write a number from 1 to {MOST_AT_CONSOLE}.")
        making = code_batches.make_codes(
            runtime,
            secret=runtime.secret,
            batch=input.batch,
            count=input.count,
            actor=info.context.staff().staff_id,
            now=info.context.loaders.world_now,
        )
        codes = [grouped(code) async for chunk in making for code in chunk]
        return CodesMade(batch=input.batch, codes=codes)
