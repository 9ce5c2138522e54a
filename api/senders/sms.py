"""SMS by any HTTP gateway: the settings hold a template of the request, so that another gateway needs no
code.

`{to}`, `{text}` and `{id}` stand in the URL, the headers and the body. They are percent-encoded in the URL
and in a form, and escaped in JSON and XML. Redirects are not followed, and nothing that was sent or answered
is logged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from html import escape
from urllib.parse import quote, quote_plus

import httpx

from api.senders.http_gateway import HttpGateway
from domain.model.values import dataclass
from domain.services.senders import SendResult, SmsMessage

MAX_CONCURRENT = 5
SLOT = re.compile(r"\{(to|text|id)\}")


@dataclass(frozen=True, slots=True)
class SmsRequestTemplate:
    """The request that sends one message, with its placeholders."""

    url: str = field(repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str = field(default="", repr=False)


class SmsGateway:
    """Sends through one gateway. Open it, send, close it."""

    def __init__(self, gateway: SmsRequestTemplate) -> None:
        self._gateway = gateway
        self._http = HttpGateway(max_concurrent=MAX_CONCURRENT)

    async def send(self, batch: Sequence[SmsMessage], *, now: datetime) -> Sequence[SendResult]:
        """Send each message, five at once, and return its result."""
        return await self._http.send([build_request(message, self._gateway) for message in batch], now=now)

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()


# ---------------------------------------------------------------- what is sent
def build_request(message: SmsMessage, gateway: SmsRequestTemplate) -> httpx.Request:
    """Return the request that a template makes of a message."""
    headers = {name: fill_template(value, message, _one_line) for name, value in gateway.headers.items()}
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    body = fill_template(gateway.body, message, _writer(kind or _body_kind(gateway.body))).encode()
    return httpx.Request(
        gateway.method, fill_template(gateway.url, message, _in_url), headers=headers, content=body or None
    )


def fill_template(template: str, message: SmsMessage, write: Callable[[str], str]) -> str:
    """Return a template with its placeholders filled in one pass: a text that holds a placeholder's name
    stays text.
    """
    figures = {"to": message.to, "text": message.text, "id": message.id}
    return SLOT.sub(lambda slot: write(figures[slot[1]]), template)


def _body_kind(body: str) -> str:
    """Return the kind of a body whose headers do not name one, so that a member's name is always escaped."""
    return (
        "json" if re.match(r'\s*[{[]\s*["{[]', body) else "xml" if re.match(r"\s*<", body) else "urlencoded"
    )


def _writer(kind: str) -> Callable[[str], str]:
    kind = kind.lower()
    return (
        _in_json
        if "json" in kind
        else quote_plus
        if "urlencoded" in kind
        else escape
        if "xml" in kind
        else str
    )


def _in_url(text: str) -> str:
    return quote(text, safe="")


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _one_line(text: str) -> str:
    return quote(text, safe="+ ") if not text.isascii() or not text.isprintable() else text
