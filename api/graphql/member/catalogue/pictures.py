"""Where a picture of the programme file is found, in the width that a screen shows."""

from typing import Annotated, Final

import strawberry

from api.errors import BadInput
from api.graphql.engine.shared_types import Info, later
from api.pictures.drawing import WIDTHS, BadWidth, drawn_width
from domain.model.programme import safe_address

PICTURE_URL: Final = (
    "The same picture by a whole address, which anybody may cache for good: PNG or WebP where `width` is"
    " given, an SVG as it is. Null where there is none, where it is a name that the app knows, and where it"
    " cannot be shown."
)

PictureWidth = Annotated[
    int | None,
    strawberry.argument(
        description=(
            "Pixels of the screen that it fills, 1 to 1024: rounded up to "
            + ", ".join(map(str, WIDTHS[:-1]))
            + f" or {WIDTHS[-1]}. A picture of another server, or a smaller one, stays as it is."
        )
    ),
]


def picture_url(info: Info, address: str | None, width: int | None) -> str | None:
    """Return a picture's whole address. Raises BadInput naming `width`."""
    try:
        size = None if width is None else drawn_width(width)
    except BadWidth as fault:
        raise BadInput(f"{fault}.", field="width") from None
    safe = safe_address(address, "picture")
    if safe is None:
        return None
    url = info.context.dependencies.pictures.url(safe, size)
    return url if url is None or isinstance(url, str) else later(url)
