"""All of a member's data, for the member: asked for here, then fetched once at its path."""

from datetime import datetime

import strawberry

from api.graphql.engine.shared_types import Info
from domain.services.people import data_exports
from domain.store.people.data_exports import DataExport as StoredDataExport

PATH = "/export"


@strawberry.type(
    description=(
        "A member's data, ready to be fetched once: GET `path` with the access token of whoever asked, the"
        " member, an operator or customer service, in Authorization."
    )
)
class DataExport:
    path: str = strawberry.field(
        description=(
            "On this server. It opens nothing by itself: only the access token of whoever asked fetches it."
        )
    )
    expires_at: datetime = strawberry.field(description="Until when it can be fetched.")


@strawberry.type
class DataExportMutation:
    @strawberry.mutation(
        description=(
            "Prepares one JSON file of all that is stored of the signed-in member: profile, consents with"
            " their wording, every row of the history in words, vouchers, messages, devices and sessions,"
            " also of memberships that were merged into theirs. Five a day; each call begins another."
        )
    )
    async def export_my_data(self, info: Info) -> DataExport:
        export = await data_exports.ask(
            info.context.dependencies.runtime,
            member_id=info.context.member().member_id,
            now=info.context.loaders.world_now,
        )
        return data_export_of(export)


def data_export_of(export: StoredDataExport) -> DataExport:
    """Return an export as whoever asked for it fetches it."""
    return DataExport(path=f"{PATH}/{export.id}", expires_at=export.until)
