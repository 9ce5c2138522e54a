"""`GET /files/ID`: a file that an operator asked for at the console, with their access token, for a day.

The address opens nothing by itself. It is CSV, written while it is sent; what names people is read then, and
stored nowhere.
"""

import csv
import io
import re
from collections.abc import AsyncIterator, Sequence

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from api.caller import StaffCaller
from api.errors import ApiError, BadInput, Forbidden, NotFound, Unauthenticated, domain_api_error
from api.graphql.console.segments.member_jobs import FILES_PATH
from api.http.callers import Callers
from api.http.json_response import JsonResponse
from api.process import Process
from domain.model.calendar import milliseconds
from domain.services import errors
from domain.services.ledger.till import Till
from domain.services.moving.csv_cells import csv_cell
from domain.services.moving.row_export import ExportColumn
from domain.services.segments import files
from domain.store.document_store import Busy, DatabaseError
from domain.store.operations.member_jobs import MemberJob

_ID = re.compile(r"file-[0-9a-f]{16}")


def row_file_route(process: Process) -> Route:
    """Return the route of files."""
    callers = Callers(process.tokens, process.runtime.session_registry, clock=process.clock)

    async def fetch(request: Request) -> Response:
        try:
            caller = callers.of_header(request.headers.get("authorization"))
            if not isinstance(caller, StaffCaller):
                raise Unauthenticated
            if caller.role != "OPERATOR" or not caller.is_at_console:
                raise Forbidden
            if request.method != "GET":  # a HEAD takes nothing along, and would be noted as if it did
                raise BadInput("Fetch it with GET.")
            job, columns = await _open(process, request.path_params["id"], caller)
        except ApiError as error:
            return _refusal(error)
        except (errors.NotFound, errors.NotAllowed, Busy, DatabaseError) as error:
            return _refusal(domain_api_error(error) or NotFound())
        headers = {
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{job.terms["of"]}-{job.id}.csv"',
            "x-content-type-options": "nosniff",
        }
        return StreamingResponse(
            _lines(process, job, columns), media_type="text/csv; charset=utf-8", headers=headers
        )

    return Route(f"{FILES_PATH}/{{id}}", fetch, methods=["GET"])


async def _open(process: Process, id: str, caller: StaffCaller) -> tuple[MemberJob, tuple[ExportColumn, ...]]:
    if not _ID.fullmatch(id):
        raise NotFound
    till = Till(caller.staff_id, caller.role, caller.store, session=caller.session_id)
    now = milliseconds(process.programme_clock())
    return await files.open_file(process.runtime, id=id, till=till, now=now)


async def _lines(process: Process, job: MemberJob, columns: Sequence[ExportColumn]) -> AsyncIterator[bytes]:
    names = [column.name for column in columns]
    yield _csv([names])
    async for rows in files.iterate_rows(process.runtime, job):
        yield _csv([[csv_cell(row.get(name)) for name in names] for row in rows])


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _refusal(error: ApiError) -> JsonResponse:
    body = {"errors": [{"message": error.message, "extensions": error.extensions()}]}
    return JsonResponse(body, status_code=error.status, headers={"cache-control": "no-store"})
