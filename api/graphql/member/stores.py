"""Stores as everybody may see them: a code, a name, and what the programme file says of the place."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from enum import Enum

import strawberry

from api.errors import BadInput
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.ids import encode_id
from api.graphql.engine.shared_types import Info, later
from api.graphql.engine.titles import find_spec
from domain.model.places import Place, distance_metres
from domain.model.programme import rules
from domain.model.programme.header import StoreSpec
from domain.store.people.stores import CONSOLE


@enum_of_words(rules.Weekday, description="A day of the week.")
class Weekday(Enum):
    MON = strawberry.enum_value("MON", description="Monday.")
    TUE = strawberry.enum_value("TUE", description="Tuesday.")
    WED = strawberry.enum_value("WED", description="Wednesday.")
    THU = strawberry.enum_value("THU", description="Thursday.")
    FRI = strawberry.enum_value("FRI", description="Friday.")
    SAT = strawberry.enum_value("SAT", description="Saturday.")
    SUN = strawberry.enum_value("SUN", description="Sunday.")


@strawberry.type(description="A place on a map, in degrees.")
class StorePosition:
    latitude: float = strawberry.field(description="North is positive.")
    longitude: float = strawberry.field(description="East is positive.")


@strawberry.type(description="Hours of one day, in the programme's zone.")
class StoreHours:
    weekday: Weekday = strawberry.field(description="Which day.")
    opens: str = strawberry.field(description="Such as 09:00.")
    closes: str = strawberry.field(description="Such as 18:30; 24:00 is the end of the day.")


@strawberry.input(description="A place on a map, in degrees.")
class PlaceInput:
    latitude: float = strawberry.field(description="-90 to 90; north is positive.")
    longitude: float = strawberry.field(description="-180 to 180; east is positive.")


@strawberry.type(description="A shop.")
class Store:
    id: strawberry.ID = strawberry.field(description="Global id.")
    code: str = strawberry.field(description="Its code, as receipts and the programme file name it.")
    name: str = strawberry.field(description="As people know it.")
    distance: int | None = strawberry.field(
        default=None,
        description=(
            "In metres as the crow flies from the place that `stores` was given; null without one, or where"
            " the programme does not say where the store is."
        ),
    )

    @strawberry.field(description="In the reader's language; null where the programme does not say.")
    async def address(self, info: Info) -> str | None:
        spec = _spec_of(info, self.code)
        if spec is None or spec.address is None:
            return None
        return (await info.context.loaders.audience()).text(spec.address)

    @strawberry.field(description="As it is dialled; null where the programme does not say.")
    def phone(self, info: Info) -> str | None:
        spec = _spec_of(info, self.code)
        return None if spec is None else spec.phone

    @strawberry.field(description="Null where the programme does not say.")
    def position(self, info: Info) -> StorePosition | None:
        spec = _spec_of(info, self.code)
        if spec is None or spec.position is None:
            return None
        return StorePosition(latitude=float(spec.position.latitude), longitude=float(spec.position.longitude))

    @strawberry.field(
        description=(
            "When it is open, from Monday; a day that is missing is closed. Empty where nothing is said."
        )
    )
    def hours(self, info: Info) -> list[StoreHours]:
        spec = _spec_of(info, self.code)
        opening = spec.hours if spec is not None else {}
        return [
            StoreHours(weekday=day, opens=_clock(hours.start), closes=_clock(hours.end, is_end=True))
            for day in Weekday
            for name, spans in opening.items()
            if name == day.name.lower()
            for hours in spans
        ]


def _clock(at: time, *, is_end: bool = False) -> str:
    return "24:00" if is_end and at == time() else at.strftime("%H:%M")


def _spec_of(info: Info, code: str) -> StoreSpec | None:
    return find_spec(info.context.dependencies.runtime.programme.store, code)


def store_of(code: str, names: Mapping[str, str]) -> Store:
    """Return a store by its code. A store that was never opened here has its code as its name."""
    name = CONSOLE.name if code == CONSOLE.code else names.get(code, code)
    return Store(id=strawberry.ID(encode_id("Store", code)), code=code, name=name)


def nearest_first(info: Info, stores: Iterable[Store], near: PlaceInput) -> list[Store]:
    """Return stores with their distance from a place, nearest first. Raises BadInput for no place."""
    place = _place_of(near)
    measured = list[Store]()
    for store in stores:
        spec = _spec_of(info, store.code)
        if spec is not None and spec.position is not None:
            there = Place(float(spec.position.latitude), float(spec.position.longitude))
            store.distance = distance_metres(place, there)
        measured.append(store)
    return sorted(measured, key=lambda each: (each.distance is None, each.distance, each.code))


def _place_of(near: PlaceInput) -> Place:
    for field, value, most in (("latitude", near.latitude, 90), ("longitude", near.longitude, 180)):
        if not -most <= value <= most:
            raise BadInput(
                f"Write {field} as a number of degrees from -{most} to {most}.", field=f"near.{field}"
            )
    return Place(near.latitude, near.longitude)


def stores_of(codes: Iterable[str], names: Mapping[str, str]) -> list[Store]:
    """Return stores by their codes, in that order."""
    return [store_of(code, names) for code in codes]


def stores_by_code(info: Info, codes: Sequence[str]) -> list[Store]:
    """Return what a field answers of stores by their codes: at once where their names are in memory."""
    names = info.context.loaders.known_store_names() if codes else {}
    return stores_of(codes, names) if names is not None else later(_read_stores(info, codes))


async def _read_stores(info: Info, codes: Sequence[str]) -> list[Store]:
    return stores_of(codes, await info.context.loaders.store_names())
