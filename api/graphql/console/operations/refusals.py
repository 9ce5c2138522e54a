"""What of shops and systems was refused before it was stored: counted by source, day and reason."""

from datetime import date, datetime, timedelta
from enum import Enum
from typing import Annotated

import strawberry

from api.errors import BadInput
from api.graphql.engine.enums import enum_of_words
from api.graphql.engine.shared_types import Info
from domain.model.intake.refusals import CallRefusal
from domain.services.intake import refusals
from domain.store.intake.refused_calls import KEPT_FOR

MOST_ROWS = 200
DEFAULT_DAYS = 7
MOST_COUNTED = 2**31 - 1  # what an Int of GraphQL holds


@enum_of_words(CallRefusal, description="Why a call was refused before anything of it was stored.")
class CallRefusalReason(Enum):
    UNKNOWN_SOURCE = strawberry.enum_value("UNKNOWN_SOURCE", description="No source has that name.")
    UNKNOWN_KEY = strawberry.enum_value("UNKNOWN_KEY", description="No key, or none that anybody has.")
    NO_SECRET = strawberry.enum_value(
        "NO_SECRET", description="None of the secrets that the source names is set at the server."
    )
    UNSIGNED = strawberry.enum_value("UNSIGNED", description="It brought no signature.")
    BAD_SIGNATURE = strawberry.enum_value(
        "BAD_SIGNATURE", description="No secret of the source has signed it."
    )
    STALE = strawberry.enum_value("STALE", description="It was signed more than five minutes ago or ahead.")
    BAD_KEY = strawberry.enum_value("BAD_KEY", description="The id of a key with another secret.")
    KEY_ENDED = strawberry.enum_value("KEY_ENDED", description="The key has ended.")
    REVOKED = strawberry.enum_value("REVOKED", description="The system was shut out.")
    OTHER_ADDRESS = strawberry.enum_value(
        "OTHER_ADDRESS", description="It came from where the system's keys do not work."
    )
    TOO_LARGE = strawberry.enum_value("TOO_LARGE", description="It is longer than 2 MB.")
    CONTENT_TYPE = strawberry.enum_value(
        "CONTENT_TYPE", description="It came compressed, or as another content type."
    )
    MALFORMED = strawberry.enum_value("MALFORMED", description="It is no such body.")
    RATE_LIMITED = strawberry.enum_value("RATE_LIMITED", description="More came in a minute than may.")
    DAY_FULL = strawberry.enum_value("DAY_FULL", description="More came in a day than may.")
    SCOPE = strawberry.enum_value("SCOPE", description="The key has no right to such an event.")
    EVENT = strawberry.enum_value("EVENT", description="An event in it is not taken.")
    NOT_STORED = strawberry.enum_value("NOT_STORED", description="The database did not take it.")


@strawberry.type(description="Calls of a source that were refused in a day for a reason; none is stored.")
class RefusedCalls:
    source: str | None = strawberry.field(
        description="As receipts name it; null for calls of which no source or system is known."
    )
    day: date = strawberry.field(description="A day of the programme's zone.")
    refusal: CallRefusalReason = strawberry.field(description="Why.")
    count: int = strawberry.field(description="How many; of EVENT and SCOPE how many events.")
    first_at: datetime = strawberry.field(description="When the first came.")
    last_at: datetime = strawberry.field(description="When the last came.")


@strawberry.type
class RefusedCallsQuery:
    @strawberry.field(
        description=(
            "Operators: calls of shops and systems that were refused before anything of them was stored, by"
            " source, day and reason, the newest first; at most 200. Counted within some ten seconds."
        )
    )
    async def refused_calls(
        self,
        info: Info,
        days: Annotated[int, strawberry.argument(description="Of the last days: 1 to 90.")] = DEFAULT_DAYS,
    ) -> list[RefusedCalls]:
        if not 1 <= days <= KEPT_FOR.days:
            raise BadInput(f"Name 1 to {KEPT_FOR.days} days.", field="days")
        counted = await refusals.find_since(
            info.context.dependencies.runtime.store,
            now=info.context.loaders.world_now,
            days=timedelta(days=days),
        )
        return [
            RefusedCalls(
                source=each.source or None,
                day=each.day,
                refusal=CallRefusalReason[each.reason],
                count=min(each.count, MOST_COUNTED),
                first_at=each.first,
                last_at=each.last,
            )
            for each in counted[:MOST_ROWS]
        ]
