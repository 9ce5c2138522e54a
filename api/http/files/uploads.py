"""`/uploads/DIGEST.webp`: pictures that operators added, cached for good by whoever wants to."""

import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.graphql.console.programme.pictures import UPLOADS_PATH
from api.http.content_coding import is_known
from api.http.files.pictures import FOREVER
from api.process import Process
from domain.services.publishing import pictures

_NAME = re.compile(r"([0-9a-f]{32})\.(png|webp)")
# Whatever a browser took it for, it could run nothing and ask nobody.
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


def uploads_route(process: Process) -> Route:
    """Return the route of every picture that was added."""

    async def answer(request: Request) -> Response:
        name = _NAME.fullmatch(request.path_params["name"])
        if name is None:
            raise HTTPException(404)
        headers = {
            "cache-control": FOREVER,
            "content-security-policy": POLICY,
            "cross-origin-resource-policy": "cross-origin",
            "etag": f'"{name[1]}"',
            "x-content-type-options": "nosniff",
        }
        picture = await pictures.find(process.runtime, name[1])
        if picture is None or picture.media_type != f"image/{name[2]}":
            raise HTTPException(404)
        if is_known(request.headers.get("if-none-match"), headers["etag"]):
            return Response(status_code=304, headers=headers)
        return Response(picture.body, headers=headers, media_type=picture.media_type)

    return Route(f"{UPLOADS_PATH}/{{name}}", answer, methods=["GET"])
