"""What both doors of the intake answer where they refuse a call, and as what that is counted."""

from starlette.responses import Response

from api.http.body import HttpRefusal
from api.http.json_response import JsonResponse
from domain.model.intake.refusals import CallRefusal

NO_STORE = {"cache-control": "no-store"}


def http_reason(refusal: HttpRefusal) -> CallRefusal:
    """Return as what a call is counted that HTTP itself refuses."""
    return "TOO_LARGE" if refusal.status == 413 else "CONTENT_TYPE"


def http_refusal(refusal: HttpRefusal) -> Response:
    """Return the answer to a call that HTTP itself refuses."""
    headers = NO_STORE | ({"connection": "close"} if refusal.close else {})
    return JsonResponse({"error": refusal.error.message}, refusal.status, headers)


def not_stored() -> Response:
    """Return the answer to a call that the database did not take."""
    return JsonResponse(
        {"error": "It could not be stored; send it again."}, 503, NO_STORE | {"retry-after": "5"}
    )
