"""`POST /events`: what a system with a key reports, one event or up to 100, each answered by itself.

    200 every item was taken, now or before        207 some were, some were refused: `results` says which
    422 none was taken                             400 the body is no such thing
    401 no key, or no signature, that works        413 longer than 2 MB      415 another content type
    429 too many requests, or a full day           503 it could not be stored: send it again

The caller is known by `Authorization: Bearer KEY`, or as `?client=NAME` by a signature of Standard Webhooks
with the secret that was shown with its key. Bodies are our own form, or CloudEvents 1.0. An item that was
taken is acted upon a moment later; posted again, it is told what became of it. What is refused is counted by
source and day.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from datetime import datetime

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
from api.http.intake.refusing import NO_STORE, http_reason, http_refusal, not_stored
from api.http.json_response import JsonResponse
from api.process import Process
from api.rates import Rates
from domain.model import standard_webhooks
from domain.model.intake.client_keys import ClientKey, is_from, signing_secret
from domain.model.intake.posted_events import CONTENT_TYPES, ItemRefused
from domain.model.intake.refusals import CallRefusal
from domain.model.intake.signatures import headers_fault
from domain.model.standard_webhooks import SignatureHeaders
from domain.model.values import dataclass
from domain.services.errors import NotAllowed
from domain.services.intake import posted_events
from domain.services.intake.client_registry import AdmittedClient, ended_reason
from domain.services.intake.posted_events import ItemAnswer, RawBody
from domain.store.document_store import Busy, DatabaseError, StoreFault
from domain.store.intake.clients import StoredClient

PATH = "/events"
MAX_BYTES = 2 * 1024 * 1024
DAY_IS_FULL = "This key has brought as much as it may in a day: an operator raises it by selo client change."
EVENTS = Counter("selo_events", "Events posted by systems with keys, by what they were answered.", ["state"])

log = structlog.get_logger(__name__)


class _Unauthenticated(Exception):
    """No key and no signature that works."""

    def __init__(self, reason: CallRefusal, *, is_refused: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.is_refused = reason, is_refused


@dataclass
class _Call:
    """A call, and the source that it is of as far as that is known."""

    request: Request
    address: str
    source: str | None = None


def events_route(process: Process, *, rates: Rates) -> Route:
    """Return the route; requests are counted by the rates that `/graphql` counts by."""
    door = _EventsDoor(process, rates)

    async def answer(request: Request) -> Response:
        call = _Call(request, client_address(request.scope))

        def count(reason: CallRefusal, calls: int = 1) -> None:
            process.refusals.count("events", call.source, reason, now=process.clock(), calls=calls)

        try:
            answers = await door.take(call)
        except ClientDisconnected:
            return Response(status_code=400)
        except (
            _Unauthenticated,
            HttpRefusal,
            ItemRefused,
            RateLimited,
            NotAllowed,
            Busy,
            DatabaseError,
            StoreFault,
        ) as fault:
            count(_reason_of(fault))
            return _refusal(fault)
        for reason, calls in Tally(each.refusal for each in answers if each.refusal is not None).items():
            count(reason, calls)
        return _response(answers)

    return Route(PATH, answer, methods=["POST"])


def _reason_of(fault: Exception) -> CallRefusal:
    match fault:
        case _Unauthenticated():
            return fault.reason
        case HttpRefusal():
            return http_reason(fault)
        case ItemRefused():
            return "MALFORMED"
        case RateLimited():
            return "RATE_LIMITED"
        case NotAllowed():
            return "DAY_FULL"
        case _:
            return "NOT_STORED"


def _refusal(fault: Exception) -> Response:
    match fault:
        case _Unauthenticated():
            header = REFUSED_KEY if fault.is_refused else NO_TOKEN
            body = {"error": "No key, or no signature, that works: selo client add gives one."}
            return JsonResponse(body, 401, NO_STORE | {"www-authenticate": header.decode()})
        case HttpRefusal():
            return http_refusal(fault)
        case ItemRefused():
            return JsonResponse(_fault(fault), 400, NO_STORE)
        case RateLimited():
            headers = NO_STORE | {"retry-after": str(fault.retry_after)}
            return JsonResponse({"error": fault.message}, 429, headers)
        case NotAllowed():
            return JsonResponse({"error": DAY_IS_FULL}, 429, NO_STORE | {"retry-after": "3600"})
        case _:
            log.warning("events.not_stored", fault=type(fault).__name__)
            return not_stored()


class _EventsDoor:
    """Knows who posts, and takes what they post."""

    def __init__(self, process: Process, rates: Rates) -> None:
        self._process, self._rates = process, rates
        self._callers = Callers(
            process.tokens, process.runtime.session_registry, clients=process.clients, clock=process.clock
        )

    async def take(self, call: _Call) -> Sequence[ItemAnswer]:
        request = call.request
        if "authorization" in request.headers:
            await self._callers.learn(request.headers["authorization"])
            admitted = self._by_key(call)
            content_type = _content_type(request)
            raw = await read_body(request.scope, request.receive, max_bytes=MAX_BYTES)
        else:
            client = self._process.clients.find(request.query_params.get("client", ""))
            call.source = None if client is None else client.source
            self._rates.count_request(Anonymous(), call.address)
            content_type = _content_type(request)
            raw = await read_body(request.scope, request.receive, max_bytes=MAX_BYTES)
            admitted = self._by_signature(call, client, raw)
            self._rates.count_request(client_caller(admitted), call.address)
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = RawBody(raw, content_type, headers)
        return await posted_events.take(
            self._process.runtime, admitted.client, admitted.key_id, body, now=self._process.clock()
        )

    def _by_key(self, call: _Call) -> AdmittedClient:
        caller = self._callers.of_header(call.request.headers["authorization"], address=call.address)
        refused = caller.key_refused if isinstance(caller, Anonymous) else None
        if isinstance(caller, ClientCaller):
            call.source = caller.source
        elif refused is not None:
            call.source = refused.source
        self._rates.count_request(caller, call.address)
        client = self._process.clients.find(caller.name) if isinstance(caller, ClientCaller) else None
        if client is None or not isinstance(caller, ClientCaller):
            raise _Unauthenticated("UNKNOWN_KEY" if refused is None else refused.reason)
        return AdmittedClient(client, caller.key_id)

    def _by_signature(self, call: _Call, client: StoredClient | None, raw: bytes) -> AdmittedClient:
        brought = call.request.headers
        headers = SignatureHeaders(
            brought.get(standard_webhooks.ID),
            brought.get(standard_webhooks.TIMESTAMP),
            brought.get(standard_webhooks.SIGNATURE),
        )
        process, now = self._process, self._process.clock()
        if headers.signature is None:
            raise _Unauthenticated("UNKNOWN_KEY" if client is None else "UNSIGNED", is_refused=False)
        live = client.live_keys(now) if client else ()
        signed = next((key for key in live if self._has_signed(key, raw, headers, now=now)), None)
        if client is None or signed is None:
            log.warning("events.bad_signature", client=client.name if client else None)
            if client is None:
                raise _Unauthenticated("UNKNOWN_KEY")
            raise _Unauthenticated(headers_fault(headers, now=now) if live else ended_reason(client))
        if not is_from(call.address, client.addresses):
            log.warning("client.other_address", client=client.name, key=signed.id)
            raise _Unauthenticated("OTHER_ADDRESS")
        process.clients.note_used(client.name, signed.id, now=now)
        return AdmittedClient(client, signed.id)

    def _has_signed(self, key: ClientKey, raw: bytes, headers: SignatureHeaders, *, now: datetime) -> bool:
        secrets = [signing_secret(secret, key) for secret in self._process.runtime.all_secrets]
        return standard_webhooks.verify(raw, headers, secrets, now=now)


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
