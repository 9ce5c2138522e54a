"""`/`: what runs here, and the way to each of its pages; in a demo, on this machine, with sign-ins to
click.
"""

from collections.abc import Mapping
from html import escape

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.graphql.engine.audience import preferred_locale
from api.http.branded.page_files import shown_name
from api.http.branded.plain_page import plain_page
from api.http.headers import PAGE_POLICY, client_address
from api.process import Process
from api.texts import say
from domain.store.ledger.programmes import NothingPublished

HERE = frozenset({"127.0.0.1", "::1"})


def front_door_route(process: Process, *, explorer: bool) -> Route:
    """Return the route of the first page."""

    async def answer(request: Request) -> Response:
        try:
            programme = process.programmes.current().programme
        except NothingPublished:
            programme = None
        accepted = request.headers.get("accept-language")
        locale = preferred_locale(accepted, programme) if programme is not None else "en"
        name = shown_name(programme, locale) if programme is not None else "Selo"
        ways = [("/phone/", "member"), ("/till/", "till"), ("/console/", "console")]
        if explorer:
            ways.append(("/graphql", "explorer"))
        if process.settings.introspection:
            ways.append(("/schema.graphql", "docs"))
        parts = [_way(address, key, locale) for address, key in ways]
        # Passwords of a demo are for whoever started it.
        if process.settings.demo and client_address(request.scope) in HERE:
            parts.append(_sign_ins(process, locale))
        body = f'<p class="quiet">{escape(say("door.about", locale))}</p>{"".join(parts)}'
        return plain_page(programme, locale, name, body, policy=PAGE_POLICY, cache="no-cache")

    return Route("/", answer, methods=["GET"])


def _way(address: str, key: str, locale: str) -> str:
    title, about = escape(say(f"door.{key}", locale)), escape(say(f"door.{key}.about", locale))
    return (
        f'<a class="card way" href="{address}"><strong>{title}</strong>'
        f'<span class="small quiet">{about}</span></a>'
    )


def _sign_ins(process: Process, locale: str) -> str:
    """Return the demo's sign-ins as `selo serve --demo` wrote them."""
    path = process.settings.data / "demo.json"
    if not path.exists():
        return ""
    people = orjson.loads(path.read_bytes())
    shown = [people["members"][0], *(each for each in people["members"] if each["shows"])][:8]
    members = "".join(
        f'<li><span class="grow"><a href="/phone/?as={escape(each["email"])}">{escape(each["email"])}</a>'
        f'<small class="under quiet">{escape(_shows(each["shows"], locale))}</small></span></li>'
        for each in shown
        if each["email"]
    )
    staff = "".join(
        f'<li><span class="grow"><a href="/{"till" if each["store"] else "console"}/">'
        f"{escape(each['username'])}</a>"
        f'<small class="under quiet">{escape(_duty(each, locale))}</small></span>'
        f'<span class="code">{escape(each["password"])}</span></li>'
        for each in people["staff"]
    )
    return (
        f'<section class="card stack tight"><h2>{escape(say("door.demo", locale))}</h2>'
        f'<p class="small quiet">{escape(say("door.demo.about", locale))}</p>'
        f'<ul class="lines">{members}</ul><ul class="lines">{staff}</ul></section>'
    )


def _duty(employee: Mapping[str, str | None], locale: str) -> str:
    """Return what an employee of the demo is, and where."""
    role = say(f"door.role.{employee['role']}", locale)
    return ", ".join(filter(None, [role, employee["store"]]))


def _shows(part: str | None, locale: str) -> str:
    """Return what a member of the demo is made to show; nothing of most."""
    return "" if part is None else say(f"door.shows.{part}", locale)
