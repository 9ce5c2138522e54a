"""`GET /schema.graphql`: what an app is written against, as this very release has it, for code generators."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api import RELEASE
from api.graphql.schema import schema_text
from api.http.content_coding import entity_tag, gzipped, is_known, takes_gzip


def schema_route() -> Route:
    """Return the route. The text is made at the first request: a server that nobody asks needs none."""
    texts: list[bytes] = []

    async def schema(request: Request) -> Response:
        if not texts:
            text = await asyncio.to_thread(schema_text)
            texts.append(f"# Selo {RELEASE}\n{text}".encode())
        payload = texts[0]
        headers = {
            "etag": entity_tag(payload),
            "cache-control": "public, no-cache",
            "vary": "Accept-Encoding",
            "selo-release": RELEASE,
            "cross-origin-resource-policy": "cross-origin",
        }
        if is_known(request.headers.get("if-none-match"), headers["etag"]):
            return Response(status_code=304, headers=headers)
        if takes_gzip(request.headers.get("accept-encoding")):
            payload = await gzipped(payload)
            headers["content-encoding"] = "gzip"
        return Response(payload, headers=headers, media_type="text/plain")

    return Route("/schema.graphql", schema, methods=["GET"])
