"""The codes of the programme: how often each was entered, and how many of a batch were made and are left."""

import strawberry

from api.graphql.engine.scalars import Long
from api.graphql.engine.shared_types import Info
from domain.store.ledger import code_counts
from domain.store.ledger.code_counts import CodeCount


@strawberry.type(description="A code that members enter, or a batch of single-use codes, ever since.")
class CodeUse:
    name: str = strawberry.field(description="The code, or the batch, as the programme file writes it.")
    title: str = strawberry.field(description="In the caller's language.")
    is_batch: bool = strawberry.field(description="Whether it is a batch, each of whose codes counts once.")
    made: Long | None = strawberry.field(description="How many codes of a batch were made; else null.")
    entered: Long = strawberry.field(description="How often one was entered.")
    most: Long | None = strawberry.field(description="How often it counts at most; null for no limit.")
    left: Long | None = strawberry.field(
        description="How often one can still be entered: a batch by its unused codes, another by its limit;"
        " null where nothing bounds it."
    )


@strawberry.type
class CodeUseQuery:
    @strawberry.field(description="Analysts and operators: the codes of the programme, in the file's order.")
    async def code_uses(self, info: Info) -> list[CodeUse]:
        runtime = info.context.dependencies.runtime
        locale = (await info.context.loaders.audience()).locale
        counts = await code_counts.find_all(runtime.store)
        uses = []
        for spec in runtime.programme.codes:
            count = counts.get(spec.name, CodeCount())
            bounds = [
                bound
                for bound in (count.made if spec.batch is not None else None, spec.limit)
                if bound is not None
            ]
            uses.append(
                CodeUse(
                    name=spec.name,
                    title=spec.title.for_locale(locale),
                    is_batch=spec.batch is not None,
                    made=Long(count.made) if spec.batch is not None else None,
                    entered=Long(count.entered),
                    most=None if spec.limit is None else Long(spec.limit),
                    left=Long(max(0, min(bounds) - count.entered)) if bounds else None,
                )
            )
        return uses
