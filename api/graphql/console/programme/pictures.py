"""Pictures for rewards, badges and tiers, added at the console: the programme file has their addresses."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.errors import BadInput
from api.graphql.console.programme.versions import names_of_staff
from api.graphql.engine.problems import NotAllowed, refusals_as_problems
from api.graphql.engine.shared_types import Info
from api.graphql.till.till_session import till_of
from api.pictures.drawing import BadPicture
from api.pictures.uploads import decode_upload, draw_upload
from domain.services.publishing import pictures
from domain.store.publishing.pictures import ProgrammePicture as StoredPicture

UPLOADS_PATH = "/uploads"


@strawberry.type(description="A picture that was added for the programme.")
class ProgrammePicture:
    address: str = strawberry.field(
        description="What the programme file writes, such as `picture: /uploads/….webp`. It never changes."
    )
    width: int = strawberry.field(description="Pixels.")
    height: int = strawberry.field(description="Pixels.")
    size: int = strawberry.field(description="Bytes.")
    added_by: str = strawberry.field(description="The colleague's name.")
    added_at: datetime = strawberry.field(description="When.")


@strawberry.input(description="A picture to be added.")
class AddPictureInput:
    content: str = strawberry.field(
        description=(
            "A PNG, JPEG or WebP as base64, at most 180,000 bytes and 12 million pixels. It is drawn anew, at"
            " most 1,024 pixels wide."
        )
    )


@strawberry.type(description="It can be used.")
class PictureAdded:
    picture: ProgrammePicture = strawberry.field(description="With its address.")


AddPictureResult = Annotated[
    PictureAdded | NotAllowed, strawberry.union("AddPictureResult", description="Its address, or why not.")
]


@strawberry.type
class ProgrammePictureQuery:
    @strawberry.field(description="Operators: the 50 newest pictures that were added, the newest first.")
    async def programme_pictures(self, info: Info) -> list[ProgrammePicture]:
        runtime = info.context.dependencies.runtime
        stored = await pictures.list_newest(runtime, now=info.context.loaders.world_now)
        names = await names_of_staff(runtime.store)
        return [_picture(each, names.get(each.staff, each.staff)) for each in stored]


@strawberry.type
class ProgrammePictureMutation:
    @strawberry.mutation(
        description=(
            "Operators: adds a picture for the programme. What is stored is drawn anew: no byte of the file"
            " is kept. The same picture again has the same address."
        )
    )
    @refusals_as_problems
    async def add_picture(self, info: Info, input: AddPictureInput) -> AddPictureResult:
        dependencies, till = info.context.dependencies, till_of(info)
        till.require_operator()
        try:
            payload = decode_upload(input.content)
            drawn = await dependencies.pictures.in_thread(lambda: draw_upload(payload))
        except BadPicture as fault:
            raise BadInput(f"The file {fault}.", field="content") from None
        stored = await pictures.add(
            dependencies.runtime, till=till, drawn=drawn, now=info.context.loaders.world_now
        )
        names = await names_of_staff(dependencies.runtime.store)
        return PictureAdded(picture=_picture(stored, names.get(stored.staff, stored.staff)))


def _picture(stored: StoredPicture, added_by: str) -> ProgrammePicture:
    suffix = stored.media_type.removeprefix("image/")
    return ProgrammePicture(
        address=f"{UPLOADS_PATH}/{stored.digest}.{suffix}",
        width=stored.width,
        height=stored.height,
        size=stored.size,
        added_by=added_by,
        added_at=stored.at,
    )
