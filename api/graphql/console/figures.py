"""The programme's key figures, for analysts and operators: values with what they are divided by, and days."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated

import strawberry
from strawberry.types.nodes import SelectedField, Selection

from api.errors import BadInput
from api.graphql.console.figure_types import Figures
from api.graphql.console.figure_views import figures_of
from api.graphql.console.part_titles import PartTitles
from api.graphql.engine.shared_types import Info
from domain.services.errors import InvalidInput
from domain.services.figures import reading
from domain.services.figures.reading import Period


def _asks(field: str, selections: Iterable[Selection]) -> bool:
    """Whether a field is among these, or in one of their fragments."""
    return any(
        each.name == field if isinstance(each, SelectedField) else _asks(field, each.selections)
        for each in selections
    )


@strawberry.type
class FiguresQuery:
    @strawberry.field(
        description=(
            "Analysts and operators: the key figures of a period, at most 800 days. What comes late and what"
            " is taken back counts on the day on which it happens. Members, tiers and what is outstanding are"
            " of the whole programme, whatever the store."
        )
    )
    async def figures(
        self,
        info: Info,
        from_: Annotated[
            date | None,
            strawberry.argument(name="from", description="The first day; by default 29 days before `to`."),
        ] = None,
        to: Annotated[date | None, strawberry.argument(description="The last day; by default today.")] = None,
        store: Annotated[
            str | None, strawberry.argument(description="A store's code; only what happened there.")
        ] = None,
        tier: Annotated[
            str | None, strawberry.argument(description="A tier's code; only of members who held it then.")
        ] = None,
    ) -> Figures:
        runtime = info.context.dependencies.runtime
        usual = reading.default_period(runtime, now=info.context.loaders.now)
        end = to or usual.end
        start = from_ or max(end, reading.FIRST_DAY) - (usual.end - usual.start)
        period = Period(start, end, store, tier)
        try:
            # Stores have many days between them: these are read only where somebody asks for them.
            with_stores = any(_asks("stores", each.selections) for each in info.selected_fields)
            with_boards = any(_asks("leaderboards", each.selections) for each in info.selected_fields)
            report = await reading.read_report(
                runtime, period, with_stores=with_stores, with_boards=with_boards
            )
            titles = PartTitles.of(await info.context.loaders.audience())
            return figures_of(report, runtime.programme, titles)
        except InvalidInput as fault:
            raise BadInput(f"{fault}.", field=fault.field) from None
