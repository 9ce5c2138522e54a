"""`/unsubscribe?t=...`: the link in e-mails whose purpose is not service, which withdraws a consent (RFC
8058, one click).

POST withdraws the consent, whoever sends it: a mailbox's own button, or that of the page which GET shows. GET
changes nothing, because scanners follow every link of an e-mail. There is no rate limit: one mailbox provider
posts for all its users, and an unsigned text reads nothing.
"""

from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.graphql.engine.audience import preferred_locale
from api.http.branded.page_files import shown_name
from api.http.branded.plain_page import plain_page
from api.process import Process
from api.texts import say
from domain.model.messages import unsubscribe
from domain.model.messages.unsubscribe import Unsubscription
from domain.model.programme import Programme
from domain.services.decisions import load_member
from domain.services.errors import NotFound
from domain.services.messages import message_rules
from domain.services.people import consents
from domain.store.document_store import Busy, DatabaseError
from domain.store.people.details import Details

PATH = "/unsubscribe"
PURPOSE = "unsubscribe"  # of the key that signs links
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)


def unsubscribe_link(process: Process, member: str, purpose: str) -> str:
    """Return the link by which a member withdraws the consent to a purpose."""
    token = unsubscribe.sign_unsubscription(
        Unsubscription(member, purpose), key=process.keys.derived(PURPOSE)
    )
    return f"{process.settings.base_url}{PATH}?t={token}"


def unsubscribe_route(process: Process) -> Route:
    """Return the route of the links."""

    async def answer(request: Request) -> Response:
        programme = process.programmes.current().programme
        locale = preferred_locale(request.headers.get("accept-language"), programme)
        unsubscription = unsubscribe.read(
            request.query_params.get("t", ""), keys=process.keys.all_derived(PURPOSE)
        )
        try:
            if unsubscription is None:
                raise NotFound("link")
            if request.method == "POST":
                await consents.withdraw(
                    process.runtime,
                    member=unsubscription.member,
                    purpose=unsubscription.purpose,
                    now=process.clock(),
                )
            details = (await load_member(process.runtime, unsubscription.member)).details
        except NotFound:
            return _page(programme, locale, say("unsubscribe.bad", locale), status=400)
        except (Busy, DatabaseError):
            return _page(programme, locale, say("unsubscribe.busy", locale), status=503)
        return _consent_page(programme, details, unsubscription.purpose)

    return Route(PATH, answer, methods=["GET", "POST"])


def _consent_page(programme: Programme, details: Details, purpose: str) -> Response:
    """Return the question where the consent is given, else the sentence that it is withdrawn."""
    locale = message_rules.message_locale(programme, details)
    titles = {spec.purpose: spec.title.for_locale(locale) for spec in programme.consents}
    figures = {
        "programme": shown_name(programme, locale),
        "purpose": titles.get(purpose, purpose),
    }
    if not any(answer.covers("email") for answer in details.consents if answer.purpose == purpose):
        return _page(programme, locale, say("unsubscribe.done", locale, **figures))
    ask, button = say("unsubscribe.ask", locale, **figures), say("mail.unsubscribe", locale)
    return _page(programme, locale, ask, button=button)


def _page(
    programme: Programme, locale: str, text: str, *, button: str | None = None, status: int = 200
) -> Response:
    """Return the page: one sentence, and the button that posts to the page's own address."""
    form = (
        ""
        if button is None
        else f'<form method="post"><button class="button primary wide">{escape(button)}</button></form>'
    )
    title, body = say("unsubscribe.title", locale), f"<p>{escape(text)}</p>{form}"
    return plain_page(programme, locale, title, body, policy=POLICY, cache="no-store", status=status)
