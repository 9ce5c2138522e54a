"""`POST /webhooks/SOURCE`: what a shop or a system sends, signed over its raw bytes.

    200 stored, or the same body came before      401 no secret of the source has signed it: nothing is stored
    404 no such source is published               413 longer than 2 MB
    503 it could not be stored: send it again

An answer says no more than that: what a body comes to is worked out later (`selo intake list`), and what is
refused is counted by source and day. WooCommerce's first, unsigned ping is answered 200.
"""

import contextlib
from collections.abc import Mapping

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.graphql.engine.execution import ClientDisconnected
from api.http.body import HttpRefusal, read_body
from api.http.intake.refusing import NO_STORE, http_reason, http_refusal, not_stored
from api.http.intake.source_secrets import read_source_secrets
from api.http.json_response import JsonResponse
from api.process import Process
from domain.model.intake.refusals import CallRefusal
from domain.model.intake.signatures import SignedBody
from domain.model.intake.sources import Source
from domain.services.intake.log import BadSignature, is_ping, receive
from domain.services.intake.registry import SourceRegistry
from domain.store.document_store import Busy, DatabaseError, StoreFault

PATH = "/webhooks"
MAX_BYTES = 2 * 1024 * 1024

log = structlog.get_logger(__name__)


def shop_webhook_route(process: Process) -> Route:
    """Return the route. Raises BadSettings where the secrets cannot be read."""
    registry, secrets_by_name = SourceRegistry(process.store), read_source_secrets(process.settings)

    async def answer(request: Request) -> Response:
        code = str(request.path_params["source"])[:64]
        try:
            raw = await read_body(request.scope, request.receive, max_bytes=MAX_BYTES)
        except HttpRefusal as refusal:
            with contextlib.suppress(DatabaseError):
                source = await registry.find(code)
                _count(process, source, http_reason(refusal) if source else "UNKNOWN_SOURCE")
            return http_refusal(refusal)
        except ClientDisconnected:
            return Response(status_code=400)
        try:
            return await _take(process, registry, secrets_by_name, request, raw)
        except (Busy, DatabaseError, StoreFault) as fault:
            log.warning("webhook.not_stored", fault=type(fault).__name__)
            _count(process, registry.known(code), "NOT_STORED")
            return not_stored()

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
        _count(process, None, "UNKNOWN_SOURCE")
        return JsonResponse({"error": "No such source is published."}, 404, NO_STORE)
    url = f"{process.settings.base_url or str(request.base_url).rstrip('/')}{PATH}/{source.code}"
    body = SignedBody(raw, {name.lower(): value for name, value in request.headers.items()}, url)
    if is_ping(source, body):
        return JsonResponse({"taken": "ping"}, 200, NO_STORE)
    try:
        received = await receive(
            process.runtime, source, body, secrets_by_name=secrets_by_name, now=process.clock()
        )
    except BadSignature as refusal:
        log.warning("webhook.bad_signature", source=source.code, reason=refusal.reason)
        _count(process, source, refusal.reason)
        return JsonResponse({"error": "The signature is not one of this source's."}, 401, NO_STORE)
    return JsonResponse({"taken": "stored" if received.is_new else "again"}, 200, NO_STORE)


def _count(process: Process, source: Source | None, reason: CallRefusal) -> None:
    code = None if source is None else source.code
    process.refusals.count("webhooks", code, reason, now=process.clock())
