"""`POST /webhooks/SOURCE`: what a shop or a system sends, signed over its raw bytes.

    200 stored, or the same body came before      401 no secret of the source has signed it: nothing is stored
    404 no such source is published               413 longer than 2 MB
    503 it could not be stored: send it again

An answer says no more than that: what a body comes to is worked out later (`selo intake list`). WooCommerce's
first, unsigned ping is answered 200.
"""

from collections.abc import Mapping

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.graphql.engine.execution import ClientDisconnected
from api.http.body import HttpRefusal, read_body
from api.http.intake.source_secrets import read_source_secrets
from api.http.json_response import JsonResponse
from api.process import Process
from domain.model.intake.signatures import SignedBody
from domain.services.intake.log import BadSignature, is_ping, receive
from domain.services.intake.registry import SourceRegistry
from domain.store.document_store import Busy, DatabaseError, StoreFault

PATH = "/webhooks"
MAX_BYTES = 2 * 1024 * 1024
NO_STORE = {"cache-control": "no-store"}

log = structlog.get_logger(__name__)


def shop_webhook_route(process: Process) -> Route:
    """Return the route. Raises BadSettings where the secrets cannot be read."""
    registry, secrets_by_name = SourceRegistry(process.store), read_source_secrets(process.settings)

    async def answer(request: Request) -> Response:
        try:
            raw = await read_body(request.scope, request.receive, max_bytes=MAX_BYTES)
            return await _take(process, registry, secrets_by_name, request, raw)
        except HttpRefusal as refusal:
            headers = NO_STORE | ({"connection": "close"} if refusal.close else {})
            return JsonResponse({"error": refusal.error.message}, refusal.status, headers)
        except ClientDisconnected:
            return Response(status_code=400)
        except (Busy, DatabaseError, StoreFault) as fault:
            log.warning("webhook.not_stored", fault=type(fault).__name__)
            return JsonResponse(
                {"error": "It could not be stored; send it again."}, 503, NO_STORE | {"retry-after": "5"}
            )

    return Route(f"{PATH}/{{source}}", answer, methods=["POST"])


async def _take(
    process: Process,
    registry: SourceRegistry,
    secrets_by_name: Mapping[str, str],
    request: Request,
    raw: bytes,
) -> Response:
    source = await registry.find(str(request.path_params["source"])[:64])
    if source is None:
        return JsonResponse({"error": "No such source is published."}, 404, NO_STORE)
    url = f"{process.settings.base_url or str(request.base_url).rstrip('/')}{PATH}/{source.code}"
    body = SignedBody(raw, {name.lower(): value for name, value in request.headers.items()}, url)
    if is_ping(source, body):
        return JsonResponse({"taken": "ping"}, 200, NO_STORE)
    try:
        received = await receive(
            process.runtime, source, body, secrets_by_name=secrets_by_name, now=process.clock()
        )
    except BadSignature:
        log.warning("webhook.bad_signature", source=source.code)
        return JsonResponse({"error": "The signature is not one of this source's."}, 401, NO_STORE)
    return JsonResponse({"taken": "stored" if received.is_new else "again"}, 200, NO_STORE)
