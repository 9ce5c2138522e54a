"""The senders of one process, made from its settings and closed with it.

A sender that is not configured is off, and the worker logs that at its start. A configuration that cannot be
used ends the start with one sentence.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from api.senders.console import ConsoleCodeSender, UnavailableCodeSender
from api.senders.mail_layout import Letterheads
from api.senders.sign_in_codes import ContactCodeSender
from api.senders.sms_limits import ServedSms, SmsCaps, SmsCountries
from api.settings import HTTP_URL, BadSettings, Settings
from domain.model.values import dataclass
from domain.services.senders import CodeSender, Senders

log = structlog.get_logger(__name__)

# Each sender is imported where it is configured: a process loads the libraries of no other sender.
if TYPE_CHECKING:
    from api.senders.email import SmtpSender
    from api.senders.firebase import FirebasePush
    from api.senders.id_tokens import IdTokenVerifier
    from api.senders.sms import SmsGateway
    from api.senders.web_push import WebPush
    from api.senders.webhook import WebhookSender


@dataclass(frozen=True, slots=True)
class ConfiguredSenders:
    """Messages go by `senders`, sign-in codes by `codes`; `id_tokens` checks Firebase's tokens where there is
    a project. `sms_countries` is told the programme's time zone once that is read, `letterheads` all of it.
    """

    senders: Senders
    codes: CodeSender
    id_tokens: IdTokenVerifier | None
    sms_countries: SmsCountries
    letterheads: Letterheads


@asynccontextmanager
async def open_senders(
    settings: Settings, *, clock: Callable[[], datetime]
) -> AsyncIterator[ConfiguredSenders]:
    """Open every sender that the settings name. Raises BadSettings."""
    if settings.firebase_auth_emulator_host is not None and not settings.demo:
        raise BadSettings(
            "FIREBASE_AUTH_EMULATOR_HOST is set: Firebase would believe unsigned tokens. Unset it, or serve"
            " --demo."
        )
    async with AsyncExitStack() as opened:
        push = _push(settings)
        if push is not None:
            opened.push_async_callback(push.close)
        web_push = _web_push(settings)
        if web_push is not None:
            opened.push_async_callback(web_push.close)
        sms = _sms(settings)
        if sms is not None:
            opened.push_async_callback(sms.close)
        hooks = _webhooks(settings)
        if hooks is not None:
            opened.push_async_callback(hooks.close)
        letterheads = Letterheads()
        mail = _mail(settings, letterheads)
        id_tokens = _id_tokens(settings, clock)
        if id_tokens is not None:
            opened.push_async_callback(id_tokens.close)
        countries = _sms_countries(settings)
        base_url = settings.base_url or f"http://{settings.host}:{settings.port}"
        codes = ContactCodeSender(
            mail,
            sms,
            fallback=ConsoleCodeSender(base_url=base_url) if settings.demo else UnavailableCodeSender(),
            sms_countries=countries,
            sms_caps=SmsCaps(
                per_hour=settings.sms_codes_per_hour,
                per_country_hour=settings.sms_codes_per_country_hour,
                clock=clock,
            ),
            base_url=base_url,
            clock=clock,
        )
        opened.push_async_callback(codes.close)
        served_sms = None if sms is None else ServedSms(sms, countries)
        senders = Senders(push=push, web_push=web_push, mail=mail, sms=served_sms, webhooks=hooks)
        yield ConfiguredSenders(senders, codes, id_tokens, countries, letterheads)


def _push(settings: Settings) -> FirebasePush | None:
    project = _firebase_project(settings)
    if project is None:
        return None
    # Firebase's libraries take half a second and 40 MB: only a process that pushes loads them.
    from firebase_admin import credentials

    from api.senders.firebase import FirebasePush, FirebaseUnusable, certificate

    try:
        source = (
            certificate(settings.firebase_credentials)
            if settings.firebase_credentials
            else credentials.ApplicationDefault()
        )
    except FirebaseUnusable as fault:
        raise BadSettings(f"SELO_FIREBASE_CREDENTIALS cannot be used: {fault}.") from None
    return FirebasePush(source, project=project, url=settings.fcm_url)


def _web_push(settings: Settings) -> WebPush | None:
    if settings.web_push_key is None and settings.mongodb_uri is not None:
        return None
    from api.senders.web_push import BadWebPushKey, WebPush, stored_web_push_key, web_push_key

    folder = settings.data / "keys"
    try:
        key = (
            stored_web_push_key(folder)
            if settings.web_push_key is None
            else web_push_key(settings.web_push_key.get_secret_value().encode())
        )
    except BadWebPushKey:
        where = "SELO_WEB_PUSH_KEY" if settings.web_push_key is not None else f"{folder}/web-push.pem"
        raise BadSettings(
            f"{where} cannot be used: it is an EC private key in PEM (openssl genpkey -algorithm EC -pkeyopt"
            " ec_paramgen_curve:P-256)."
        ) from None
    is_reachable = settings.base_url is not None and settings.base_url.startswith("https://")
    contact = (
        f"mailto:{settings.mail_from}" if settings.mail_from else settings.base_url if is_reachable else None
    )
    return WebPush(key, contact=contact, only_url=settings.web_push_url)


def _firebase_project(settings: Settings) -> str | None:
    """Return the Firebase project of the settings or of their service account file. Raises BadSettings."""
    if settings.firebase_project is not None or settings.firebase_credentials is None:
        return settings.firebase_project
    try:
        project = json.loads(settings.firebase_credentials.read_bytes())["project_id"]
    except OSError as fault:
        raise BadSettings(
            f"SELO_FIREBASE_CREDENTIALS cannot be used: {settings.firebase_credentials} cannot be read:"
            f" {fault.strerror}."
        ) from None
    except (ValueError, KeyError, TypeError):
        project = None
    if not isinstance(project, str) or not project:
        raise BadSettings(
            f"SELO_FIREBASE_CREDENTIALS cannot be used: {settings.firebase_credentials} is no service account"
            " file of Firebase."
        )
    return project


def _id_tokens(settings: Settings, clock: Callable[[], datetime]) -> IdTokenVerifier | None:
    project = _firebase_project(settings)
    if project is None:
        return None
    from api.senders.id_tokens import IdTokenVerifier

    return IdTokenVerifier(project=project, url=settings.firebase_certificates_url, clock=clock)


def _mail(settings: Settings, letterheads: Letterheads) -> SmtpSender | None:
    if settings.smtp_host is None:
        return None
    if settings.mail_from is None:
        raise BadSettings("SELO_MAIL_FROM is needed with SELO_SMTP_HOST: the address that e-mail comes from.")
    if settings.base_url is None:
        raise BadSettings(
            "SELO_BASE_URL is needed with SELO_SMTP_HOST: the links in e-mails by which one unsubscribes"
            " begin with it."
        )
    from api.senders.email import SmtpSender, SmtpServer
    from api.senders.mail_headers import has_header_fault

    if has_header_fault():
        _refuse_or_warn_of_header_fault(settings.smtp_host)
    server = SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        sender=settings.mail_from,
        sender_name=settings.mail_from_name,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
    )
    return SmtpSender(server, letterheads)


def _refuse_or_warn_of_header_fault(host: str) -> None:
    """Refuse to send mail with a Python that has CVE-2024-6923. A mail server on this machine, such as a
    developer's, gets a warning only. Raises BadSettings.
    """
    version = platform.python_version()
    from api.senders.webhook_targets import is_this_machine

    if not is_this_machine(host):
        raise BadSettings(
            f"SELO_SMTP_HOST cannot be used with this Python ({version}): it lets texts make headers of an"
            " e-mail (CVE-2024-6923). Use Python 3.11.10, 3.12.5, 3.13.0 or later, or unset SELO_SMTP_HOST."
        )
    log.warning("mail.python_has_cve_2024_6923", python=version, remedy="use Python 3.11.10, 3.12.5 or 3.13")


def _sms(settings: Settings) -> SmsGateway | None:
    if settings.sms_url is None:
        return None
    from api.senders.sms import SmsGateway, SmsRequestTemplate

    url, body = settings.sms_url.get_secret_value(), settings.sms_body.get_secret_value()
    if not re.match(HTTP_URL, url):
        raise BadSettings("SELO_SMS_URL cannot be used: it begins with https:// and a host.")
    if "{to}" not in url + body or "{text}" not in url + body:
        raise BadSettings("SELO_SMS_BODY cannot be used: {to} and {text} stand in it, or in SELO_SMS_URL.")
    try:
        headers = json.loads(settings.sms_headers.get_secret_value())
    except ValueError:
        headers = None
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise BadSettings(
            'SELO_SMS_HEADERS cannot be used: it is a JSON object of texts, such as {"Authorization": "Key'
            ' ..."}.'
        )
    return SmsGateway(SmsRequestTemplate(url, settings.sms_method, headers, body))


def _sms_countries(settings: Settings) -> SmsCountries:
    if settings.sms_countries:
        from phonenumbers import SUPPORTED_REGIONS

        unknown = [country for country in settings.sms_countries if country not in SUPPORTED_REGIONS]
        if unknown:
            raise BadSettings(
                f"SELO_SMS_COUNTRIES cannot be used: {unknown[0]} is no country of ISO 3166, such as PT or"
                " GB."
            )
    return SmsCountries(settings.sms_countries)


def _webhooks(settings: Settings) -> WebhookSender | None:
    text = settings.webhooks.get_secret_value()
    if text == "{}":
        return None
    from api.senders.webhook import WebhookSender
    from api.senders.webhook_targets import WebhooksUnusable, read_targets

    try:
        targets = read_targets(text)
    except WebhooksUnusable as fault:
        raise BadSettings(f"SELO_WEBHOOKS cannot be used: {fault}") from None
    return WebhookSender(targets) if targets else None
