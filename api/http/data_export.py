"""`GET /export/ID`: the data of a member, once, with the access token of whoever asked: the member, or an
operator or customer service for them. The address opens nothing by itself, and what it answers is read while
it is sent: nothing of it is stored.
"""

import re
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from api.caller import MemberCaller, StaffCaller
from api.errors import ApiError, BadInput, NotFound, Unauthenticated, domain_api_error
from api.graphql.engine.audience import Audience, preferred_locale
from api.graphql.member.actions.data_export import PATH
from api.graphql.member.data_file import write_data_file
from api.http.callers import Callers
from api.http.json_response import JsonResponse
from api.process import Process
from domain.model.calendar import milliseconds
from domain.services import errors
from domain.services.decisions import load_member
from domain.services.people import data_exports
from domain.store.document_store import Busy, DatabaseError

_ID = re.compile(r"[A-Za-z0-9_-]{32}")
HEADERS = {
    "cache-control": "no-store",
    "content-disposition": 'attachment; filename="my-data.json"',
    "x-content-type-options": "nosniff",
}


def data_export_route(process: Process) -> Route:
    """Return the route of exports."""
    callers = Callers(process.tokens, process.runtime.session_registry, clock=process.clock)

    async def fetch(request: Request) -> Response:
        try:
            caller = callers.of_header(request.headers.get("authorization"))
            if not isinstance(caller, MemberCaller | StaffCaller):
                raise Unauthenticated
            if request.method != "GET":  # a HEAD, sent to look at the address, must not use it up
                raise BadInput("Fetch it with GET.")
            parts = await _begin(process, request, caller)
        except ApiError as error:
            return _refusal(error)
        except (errors.NotFound, Busy, DatabaseError) as error:
            return _refusal(domain_api_error(error) or NotFound())
        return StreamingResponse(parts, media_type="application/json", headers=HEADERS)

    return Route(f"{PATH}/{{id}}", fetch, methods=["GET"])


async def _begin(
    process: Process, request: Request, caller: MemberCaller | StaffCaller
) -> AsyncIterator[bytes]:
    """Take the export and read its head, so that what is refused is refused with its status."""
    runtime, now, id = process.runtime, milliseconds(process.clock()), request.path_params["id"]
    if not _ID.fullmatch(id):
        raise NotFound
    if isinstance(caller, MemberCaller):
        actor, member = "member", caller.member_id
        await data_exports.claim(runtime, id=id, member_id=member, now=now)
    else:
        actor = "service"
        member = await data_exports.claim_for_service(runtime, id=id, staff=caller.staff_id, now=now)
    current = runtime.programmes.current()
    locale = (await load_member(runtime, member)).details.locale
    if locale not in current.programme.programme.locales:
        locale = preferred_locale(request.headers.get("accept-language"), current.programme)
    audience = Audience(current.programme, current.number, runtime.programmes.loaded_or_current, locale, now)
    parts = write_data_file(runtime, audience, member_id=member, actor=actor)
    head = await anext(parts)
    return _after(head, parts)


async def _after(head: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for part in parts:
        yield part


def _refusal(error: ApiError) -> JsonResponse:
    body = {"errors": [{"message": error.message, "extensions": error.extensions()}]}
    return JsonResponse(body, status_code=error.status, headers={"cache-control": "no-store"})
