"""`POST /events`: what a system with a key reports, one event or up to 100, each answered by itself.

    200 every item was taken, now or before        207 some were, some were refused: `results` says which
    422 none was taken                             400 the body is no such thing
    401 no key, or no signature, that works        413 longer than 2 MB      415 another content type
    429 too many requests, or a full day           503 it could not be stored: send it again

The caller is known by `Authorization: Bearer KEY`, or as `?client=NAME` by a signature of Standard Webhooks
with the secret that was shown with its key. Bodies are our own form, or CloudEvents 1.0. An item that was
taken is acted upon a moment later; posted again, it is told what became of it.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence

import structlog
from prometheus_client import Counter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.caller import Anonymous, ClientCaller
from api.errors import RateLimited
from api.graphql.engine.execution import ClientDisconnected
from api.http.body import HttpRefusal, read_body
from api.http.caller_headers import NO_TOKEN, REFUSED_KEY
from api.http.callers import Callers, client_caller
from api.http.headers import client_address
from api.http.json_response import JsonResponse
from api.process import Process
from api.rates import Rates
from domain.model import standard_webhooks
from domain.model.intake.client_keys import is_from, signing_secret
from domain.model.intake.posted_events import CONTENT_TYPES, ItemRefused
from domain.model.standard_webhooks import SignatureHeaders
from domain.services.errors import NotAllowed
from domain.services.intake import posted_events
from domain.services.intake.client_registry import AdmittedClient
from domain.services.intake.posted_events import ItemAnswer, RawBody
from domain.store.document_store import Busy, DatabaseError, StoreFault

PATH = "/events"
MAX_BYTES = 2 * 1024 * 1024
NO_STORE = {"cache-control": "no-store"}
DAY_IS_FULL = "This key has brought as much as it may in a day: an operator raises it by selo client change."
EVENTS = Counter("selo_events", "Events posted by systems with keys, by what they were answered.", ["state"])

log = structlog.get_logger(__name__)


class _Unauthenticated(Exception):
    """No key and no signature that works."""

    def __init__(self, *, is_refused: bool) -> None:
        super().__init__("unauthenticated")
        self.is_refused = is_refused


def events_route(process: Process, *, rates: Rates) -> Route:
    """Return the route; requests are counted by the rates that `/graphql` counts by."""
    door = _EventsDoor(process, rates)

    async def answer(request: Request) -> Response:
        try:
            return await door.take(request)
        except _Unauthenticated as refusal:
            header = REFUSED_KEY if refusal.is_refused else NO_TOKEN
            body = {"error": "No key, or no signature, that works: selo client add gives one."}
            return JsonResponse(body, 401, NO_STORE | {"www-authenticate": header.decode()})
        except HttpRefusal as refusal:
            headers = NO_STORE | ({"connection": "close"} if refusal.close else {})
            return JsonResponse({"error": refusal.error.message}, refusal.status, headers)
        except ItemRefused as fault:
            return JsonResponse(_fault(fault), 400, NO_STORE)
        except RateLimited as limited:
            headers = NO_STORE | {"retry-after": str(limited.retry_after)}
            return JsonResponse({"error": limited.message}, 429, headers)
        except NotAllowed:
            return JsonResponse({"error": DAY_IS_FULL}, 429, NO_STORE | {"retry-after": "3600"})
        except ClientDisconnected:
            return Response(status_code=400)
        except (Busy, DatabaseError, StoreFault) as fault:
            log.warning("events.not_stored", fault=type(fault).__name__)
            body = {"error": "It could not be stored; send it again."}
            return JsonResponse(body, 503, NO_STORE | {"retry-after": "5"})

    return Route(PATH, answer, methods=["POST"])


class _EventsDoor:
    """Knows who posts, and takes what they post."""

    def __init__(self, process: Process, rates: Rates) -> None:
        self._process, self._rates = process, rates
        self._callers = Callers(
            process.tokens, process.runtime.session_registry, clients=process.clients, clock=process.clock
        )

    async def take(self, request: Request) -> Response:
        address = client_address(request.scope)
        content_type = _content_type(request)
        is_by_key = "authorization" in request.headers
        if is_by_key:
            await self._callers.learn(request.headers["authorization"])
            admitted = self._by_key(request, address)
            raw = await read_body(request.scope, request.receive, max_bytes=MAX_BYTES)
        else:
            self._rates.count_request(Anonymous(), address)
            raw = await read_body(request.scope, request.receive, max_bytes=MAX_BYTES)
            admitted = self._by_signature(request, raw, address)
            self._rates.count_request(client_caller(admitted), address)
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = RawBody(raw, content_type, headers)
        answers = await posted_events.take(
            self._process.runtime, admitted.client, admitted.key_id, body, now=self._process.clock()
        )
        return _response(answers)

    def _by_key(self, request: Request, address: str) -> AdmittedClient:
        caller = self._callers.of_header(request.headers["authorization"], address=address)
        self._rates.count_request(caller, address)
        client = self._process.clients.find(caller.name) if isinstance(caller, ClientCaller) else None
        if client is None or not isinstance(caller, ClientCaller):
            raise _Unauthenticated(is_refused=True)
        return AdmittedClient(client, caller.key_id)

    def _by_signature(self, request: Request, raw: bytes, address: str) -> AdmittedClient:
        headers = SignatureHeaders(
            request.headers.get(standard_webhooks.ID),
            request.headers.get(standard_webhooks.TIMESTAMP),
            request.headers.get(standard_webhooks.SIGNATURE),
        )
        if headers.signature is None:
            raise _Unauthenticated(is_refused=False)
        process, now = self._process, self._process.clock()
        client = process.clients.find(request.query_params.get("client", ""))
        for key in client.live_keys(now) if client else ():
            secrets = [signing_secret(secret, key) for secret in process.runtime.all_secrets]
            if not standard_webhooks.verify(raw, headers, secrets, now=now):
                continue
            if client is not None and is_from(address, client.addresses):
                process.clients.note_used(client.name, key.id, now=now)
                return AdmittedClient(client, key.id)
        log.warning("events.bad_signature", client=client.name if client else None)
        raise _Unauthenticated(is_refused=True)


def _content_type(request: Request) -> str:
    """Return the content type. Raises HttpRefusal for one that is not read."""
    media, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = parameters.strip().removeprefix("charset=").strip('" ')
    if media.strip() not in CONTENT_TYPES or charset not in ("", "utf-8", "utf8"):
        raise HttpRefusal(415, f"Send content-type: {', '.join(CONTENT_TYPES)}, in UTF-8.", close=True)
    return media.strip()


def _response(answers: Sequence[ItemAnswer]) -> Response:
    tally = Tally(answer.state for answer in answers)
    for state, count in tally.items():
        EVENTS.labels(state).inc(count)
    refused = tally["refused"]
    status = 200 if not refused else 422 if refused == len(answers) else 207
    return JsonResponse({"results": [_result(answer) for answer in answers]}, status, NO_STORE)


def _result(answer: ItemAnswer) -> dict[str, str]:
    shown = {"id": answer.id, "state": answer.state, "delivery": answer.delivery, "fate": answer.fate}
    fault = _fault(answer.fault) if answer.fault is not None else {}
    return {name: value for name, value in shown.items() if value is not None} | fault


def _fault(fault: ItemRefused) -> dict[str, str]:
    return {"field": fault.field, "error": fault.message, "remedy": fault.remedy}
