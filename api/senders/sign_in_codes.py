"""Sign-in codes by e-mail and by SMS, and notices to a contact that was replaced by another.

The request waits for the sending, so that a screen which says that a code was sent says the truth. A known
and an unknown contact take the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import structlog

from api.errors import NotAvailable
from api.texts import language
from domain.model.people.contacts import Contact, ContactKind
from domain.services.senders import CodeSender, MailMessage, MailSender, SendResult, SmsMessage, SmsSender

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "subject": {
        "en": "{code} is your sign-in code",
        "pt": "{code} é o seu código de acesso",
        "pl": "{code} to Twój kod logowania",
    },
    "mail": {
        "en": (
            "Your sign-in code is {code}.\n\nIt works once, for ten minutes. If you did not ask for it,"
            " somebody mistyped their address: there is nothing you need to do. Never tell it to anybody."
        ),
        "pt": (
            "O seu código de acesso é {code}.\n\nFunciona uma vez, durante dez minutos. Se não o pediu,"
            " alguém se enganou no endereço: não precisa de fazer nada. Nunca o diga a ninguém."
        ),
        "pl": (
            "Twój kod logowania to {code}.\n\nDziała raz, przez dziesięć minut. Jeśli to nie Ty o niego"
            " prosisz, ktoś pomylił adres: nie musisz nic robić. Nikomu go nie podawaj."
        ),
    },
    "sms": {
        "en": "{code} is your sign-in code. It works for ten minutes. Never tell it to anybody.",
        "pt": "{code} é o seu código de acesso. Funciona durante dez minutos. Nunca o diga a ninguém.",
        "pl": "{code} to Twój kod logowania. Działa przez dziesięć minut. Nikomu go nie podawaj.",
    },
    "changed.subject": {
        "en": "How you sign in has changed",
        "pt": "O seu acesso foi alterado",
        "pl": "Zmiana sposobu logowania",
    },
    "changed": {
        "en": (
            "{new} is now a way to sign in to your membership. If it was not you who changed that, somebody"
            " has got into it: tell us at once."
        ),
        "pt": (
            "{new} dá agora acesso à sua adesão. Se não foi você que o alterou, alguém entrou nela: avise-nos"
            " de imediato."
        ),
        "pl": (
            "{new} służy teraz do logowania do Twojego członkostwa. Jeśli ta zmiana nie jest Twoja, ktoś się"
            " do niego dostał: powiadom nas od razu."
        ),
    },
}

log = structlog.get_logger(__name__)


class ContactCodeSender:
    """Sends codes by the configured senders. `fallback` takes the contacts that none of them reaches."""

    def __init__(
        self,
        mail: MailSender | None,
        sms: SmsSender | None,
        *,
        fallback: CodeSender,
        clock: Callable[[], datetime],
    ) -> None:
        self._mail, self._sms = mail, sms
        self._fallback, self._clock = fallback, clock

    def expect_reach(self, contact: Contact) -> None:
        """Raise NotAvailable where no code can reach such a contact."""
        if not self._reaches(contact.kind):
            self._fallback.expect_reach(contact)

    async def send_code(self, contact: Contact, code: str, locale: str) -> None:
        """Send a code. Raises NotAvailable where it was not sent."""
        if not self._reaches(contact.kind):
            await self._fallback.send_code(contact, code, locale)
            return
        language_code = language(locale)
        subject, mail, sms = (
            TEXTS[name][language_code].format(code=code) for name in ("subject", "mail", "sms")
        )
        result = await self._send(contact, subject, mail, sms, locale=language_code)
        if result.status != "sent":
            raise NotAvailable("The sign-in code could not be sent now. Try again in a minute.")

    async def tell_changed(self, contact: Contact, new: Contact, locale: str) -> None:
        """Tell a contact that another one was added. Raises NotAvailable where the notice was not sent."""
        if not self._reaches(contact.kind):
            await self._fallback.tell_changed(contact, new, locale)
            return
        language_code = language(locale)
        subject, text = (
            TEXTS[name][language_code].format(new=new.masked) for name in ("changed.subject", "changed")
        )
        result = await self._send(contact, subject, text, text, locale=language_code)
        if result.status != "sent":
            raise NotAvailable("The notice could not be sent now.")

    def _reaches(self, kind: ContactKind) -> bool:
        return (self._mail if kind == "email" else self._sms) is not None

    async def _send(self, contact: Contact, subject: str, mail: str, sms: str, *, locale: str) -> SendResult:
        now = self._clock()
        # The id holds the instant, because each code is a message of its own, and not the code, because a
        # gateway logs ids.
        id = f"sign-in:{now.isoformat()}:{contact.masked}"
        if contact.kind == "email":
            assert self._mail is not None, "it is reached"
            (result,) = await self._mail.send(
                [MailMessage(id, contact.value, locale, subject, mail)], now=now
            )
        else:
            assert self._sms is not None, "it is reached"
            (result,) = await self._sms.send([SmsMessage(id, contact.value, sms)], now=now)
        if result.status != "sent":
            # The client gets no reason.
            log.warning("codes.not_sent", by=contact.kind, why=result.reason)
        return result
