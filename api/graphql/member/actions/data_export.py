"""All of a member's data, for the member: asked for here, then fetched once at its path."""

from datetime import datetime

import strawberry

from api.graphql.engine.shared_types import Info
from domain.services.people import data_exports

PATH = "/export"


@strawberry.type(
    description=(
        "The member's data, ready to be fetched once: GET `path` with the member's own access token in"
        " Authorization."
    )
)
class DataExport:
    path: str = strawberry.field(
        description="On this server. It opens nothing by itself: only its member's access token fetches it."
    )
    expires_at: datetime = strawberry.field(description="Until when it can be fetched.")


@strawberry.type
class DataExportMutation:
    @strawberry.mutation(
        description=(
            "Prepares one JSON file of all that is stored of the signed-in member: profile, consents with"
            " their wording, every row of the history in words, vouchers, messages, devices and sessions."
            " Five a day; each call begins another."
        )
    )
    async def export_my_data(self, info: Info) -> DataExport:
        export = await data_exports.ask(
            info.context.dependencies.runtime,
            member_id=info.context.member().member_id,
            now=info.context.loaders.now,
        )
        return DataExport(path=f"{PATH}/{export.id}", expires_at=export.until)
