"""`/pictures/DIGEST/WIDTH/NAME`: the pictures of the programme file, cached for good by whoever wants to."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.http.content_coding import is_known
from api.pictures.drawing import WIDTHS
from api.pictures.picture_library import FULL, PICTURES_PATH, PictureLibrary

FOREVER = "public, max-age=31536000, immutable"
_SIZES = frozenset({FULL, *map(str, WIDTHS)})


def pictures_route(pictures: PictureLibrary) -> Route:
    """Return the route of every picture."""

    async def answer(request: Request) -> Response:
        digest, size, name = (request.path_params[each] for each in ("digest", "size", "name"))
        drawn = await pictures.picture(digest, size, name) if size in _SIZES else None
        if drawn is None:
            raise HTTPException(404)
        headers = {
            "cache-control": FOREVER,
            "etag": f'"{digest}-{size}"',
            # Apps in a web view and other pages of the company show the pictures too.
            "cross-origin-resource-policy": "cross-origin",
        }
        if is_known(request.headers.get("if-none-match"), headers["etag"]):
            return Response(status_code=304, headers=headers)
        return Response(drawn.payload, headers=headers, media_type=drawn.media_type)

    return Route(f"{PICTURES_PATH}{{digest}}/{{size}}/{{name:path}}", answer, methods=["GET"])
