"""The days of employees in figures, and what of them is unusual in their store."""

from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Annotated

import strawberry

from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.shared_types import Info
from api.graphql.member.stores import Store, store_of
from domain.model.people import shift_anomalies
from domain.services.operations import shift_figures
from domain.services.operations.shift_figures import ShiftFigures, figures_of

MOST_ROWS = 500


@enum_of_words(shift_anomalies.ShiftFigure, description="A figure of a shift that can be unusual.")
class ShiftFigureKind(Enum):
    REFUNDED = strawberry.enum_value("REFUNDED", description="What was refunded, in minor units.")
    ADJUSTED = strawberry.enum_value(
        "ADJUSTED", description="What corrections and events moved, in points and minor units."
    )
    BAD_SCANS = strawberry.enum_value("BAD_SCANS", description="Codes that nobody has.")
    WITHOUT_VISIT = strawberry.enum_value(
        "WITHOUT_VISIT", description="Purchases of members who were named, and not scanned."
    )
    LOOK_UPS = strawberry.enum_value("LOOK_UPS", description="Members looked up.")


@strawberry.type(description="A figure of a day, beside what is usual in the store.")
class ShiftFigure:
    figure: ShiftFigureKind = strawberry.field(description="Which.")
    value: int = strawberry.field(description="Of that day.")
    usual: int = strawberry.field(
        description="The median of the store's days of the last 28 on which somebody worked."
    )
    is_unusual: bool = strawberry.field(
        description="Whether it is more than three times the usual one, and not little."
    )


@strawberry.type(description="What an employee did in a day of the programme's zone.")
class Shift:
    username: str = strawberry.field(description="Whose.")
    name: str = strawberry.field(description="Their name.")
    day: date = strawberry.field(description="Which day.")
    store: Store | None = strawberry.field(
        description="Where the day began; null for days of an older version, and where nothing was sold."
    )
    purchases: int = strawberry.field(description="Purchases and events, by count.")
    vouchers: int = strawberry.field(description="Vouchers used, by count.")
    figures: list[ShiftFigure] = strawberry.field(description="What can be unusual.")


@strawberry.type
class ShiftQuery:
    @strawberry.field(
        description="Operators: the days of all employees, those with something unusual first; at most 500."
    )
    async def shifts(
        self,
        info: Info,
        since: Annotated[date, strawberry.argument(description="From this day on.")],
        until: Annotated[date, strawberry.argument(description="Through this day; at most 31 days in all.")],
        store: Annotated[str | None, strawberry.argument(description="Of this store alone.")] = None,
    ) -> list[Shift]:
        runtime, loaders = info.context.dependencies.runtime, info.context.loaders
        today = loaders.now.astimezone(runtime.programme.zone).date()
        shifts = await shift_figures.list_shifts(runtime, since=since, until=until, store=store, today=today)
        names = await loaders.store_names()
        return [_shift_of(each, names) for each in shifts[:MOST_ROWS]]


def _shift_of(figures: ShiftFigures, names: Mapping[str, str]) -> Shift:
    shift, values = figures.shift, figures_of(figures.shift)
    return Shift(
        username=figures.employee.username,
        name=figures.employee.name,
        day=shift.day,
        store=None if shift.store is None else store_of(shift.store, names),
        purchases=shift.counts.get("purchases", 0),
        vouchers=shift.counts.get("vouchers", 0),
        figures=[
            ShiftFigure(
                figure=ShiftFigureKind[name.upper()],
                value=value,
                usual=figures.usual.get(name, 0),
                is_unusual=name in figures.unusual,
            )
            for name, value in values.items()
        ],
    )
