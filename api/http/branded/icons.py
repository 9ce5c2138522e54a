"""`/icons/192.png`: the brand's icon as phones install it, for the manifests of the pages.
`/icons/maskable.png` may be cut to any shape.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.http.branded.page_files import shown_name
from api.http.branded.tokens import LIGHT
from api.http.content_coding import entity_tag, is_known
from api.pictures.icon_drawing import SIZES, letter_icon, picture_icon
from api.pictures.picture_library import PictureLibrary
from api.process import Process
from domain.model.programme import Programme, safe_address
from domain.model.values import dataclass
from domain.store.ledger.programmes import NothingPublished

MASKABLE = "maskable"
_SIZE_BY_NAME = {MASKABLE: max(SIZES), **{str(size): size for size in SIZES}}


@dataclass(slots=True)
class DrawnIcons:
    """The icons of one version of the programme, as they were drawn."""

    version: int
    by_name: dict[str, bytes]


def brand_icons_route(process: Process, pictures: PictureLibrary) -> Route:
    """Return the route of the icons; there are none without a brand."""
    drawn = DrawnIcons(0, {})

    async def answer(request: Request) -> Response:
        nonlocal drawn
        name = request.path_params["name"]
        try:
            current = process.programmes.current()
        except NothingPublished:
            raise HTTPException(404) from None
        if name not in _SIZE_BY_NAME or current.programme.programme.brand is None:
            raise HTTPException(404)
        if drawn.version != current.number:
            drawn = DrawnIcons(current.number, {})
        icons = drawn
        payload = icons.by_name.get(name)
        if payload is None:
            payload = icons.by_name[name] = await _draw(current.programme, pictures, name)
        headers = {"cache-control": "no-cache", "etag": entity_tag(payload)}
        if is_known(request.headers.get("if-none-match"), headers["etag"]):
            return Response(status_code=304, headers=headers)
        return Response(payload, headers=headers, media_type="image/png")

    return Route("/icons/{name}.png", answer, methods=["GET"])


async def _draw(programme: Programme, pictures: PictureLibrary, name: str) -> bytes:
    brand = programme.programme.brand
    assert brand is not None, "the route asks for it"
    size, is_maskable = _SIZE_BY_NAME[name], name == MASKABLE
    address = safe_address(brand.icon, "picture")
    shown, colour = shown_name(programme, programme.programme.locales[0]), brand.colour or LIGHT["ink"]

    def draw(picture: bytes | None) -> bytes:
        if picture is None:
            return letter_icon(shown, colour, size, is_maskable=is_maskable)
        return picture_icon(picture, colour, size, is_maskable=is_maskable)

    return await pictures.draw_with(address, draw)
