"""Sign-in codes by e-mail and by SMS, and notices to a contact that was replaced by another.

The request waits for the sending, so that a screen which says that a code was sent says the truth. A known
and an unknown contact take the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, Final

import structlog

from api.errors import NotAvailable
from api.senders.console import undo_link
from api.senders.sms_limits import SmsCaps, SmsCountries
from api.texts import language
from domain.model.people.contacts import Contact, ContactKind
from domain.services.senders import (
    ChangeNotice,
    CodeMessage,
    CodeSender,
    MailMessage,
    MailSender,
    SendResult,
    SmsMessage,
    SmsSender,
)

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "sign_in.subject": {
        "en": "{code} is your sign-in code",
        "pt": "{code} é o seu código de acesso",
        "pl": "{code} to Twój kod logowania",
    },
    "sign_in.mail": {
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
    "sign_in.sms": {
        "en": "{code} is your sign-in code. It works for ten minutes. Never tell it to anybody.",
        "pt": "{code} é o seu código de acesso. Funciona durante dez minutos. Nunca o diga a ninguém.",
        "pl": "{code} to Twój kod logowania. Działa przez dziesięć minut. Nikomu go nie podawaj.",
    },
    "join.subject": {
        "en": "{code} is your code to join",
        "pt": "{code} é o seu código de adesão",
        "pl": "{code} to Twój kod, aby dołączyć",
    },
    "join.mail": {
        "en": (
            "You are invited to join. Type {code} here, with this address: {link}\n\nThere you read the terms"
            " before you accept them. What you have just bought waits for you for 90 days. The code works"
            " once, for ten minutes; after that, ask for another one there. If you were at no till of ours,"
            " somebody mistyped their address: there is nothing you need to do. Never tell the code to"
            " anybody, not at the till either."
        ),
        "pt": (
            "Está convidado a aderir. Escreva {code} aqui, com este endereço: {link}\n\nAí lê os termos antes"
            " de os aceitar. O que acabou de comprar espera por si durante 90 dias. O código funciona uma"
            " vez, durante dez minutos; depois, peça aí outro. Se não esteve numa caixa nossa, alguém se"
            " enganou no endereço: não precisa de fazer nada. Nunca diga o código a ninguém, nem na caixa."
        ),
        "pl": (
            "Zapraszamy do programu. Wpisz {code} tutaj, razem z tym adresem: {link}\n\nPrzeczytasz tam"
            " regulamin, zanim go zaakceptujesz. Twój zakup czeka na Ciebie 90 dni. Kod działa raz, przez"
            " dziesięć minut; potem poproś tam o nowy. Jeśli to nie był Twój zakup w naszym sklepie, ktoś"
            " pomylił adres: nie musisz nic robić. Nikomu nie podawaj kodu, także przy kasie."
        ),
    },
    "join.sms": {
        "en": "{code} is your code to join: {link} Works for ten minutes. Tell it to nobody.",
        "pt": "{code} é o seu código de adesão: {link} Funciona dez minutos. Não o diga a ninguém.",
        "pl": "{code} to Twój kod, aby dołączyć: {link} Działa dziesięć minut. Nikomu go nie podawaj.",
    },
    "new_contact.subject": {
        "en": "{code} is your code for a new contact",
        "pt": "{code} é o código do seu novo contacto",
        "pl": "{code} to kod nowego kontaktu",
    },
    "new_contact.mail": {
        "en": (
            "{code} makes this address a way to sign in to a membership.\n\nIt works once, for ten minutes."
            " If you did not ask for it, somebody mistyped their address: there is nothing you need to do."
            " Never tell it to anybody, or this address becomes theirs."
        ),
        "pt": (
            "{code} faz deste endereço um acesso a uma adesão.\n\nFunciona uma vez, durante dez minutos. Se"
            " não o pediu, alguém se enganou no endereço: não precisa de fazer nada. Nunca o diga a ninguém,"
            " ou este endereço passa a ser dessa pessoa."
        ),
        "pl": (
            "Kod {code} sprawi, że tym adresem będzie można się logować do członkostwa.\n\nDziała raz, przez"
            " dziesięć minut. Jeśli to nie Ty o niego prosisz, ktoś pomylił adres: nie musisz nic robić."
            " Nikomu go nie podawaj, bo inaczej ten adres będzie należał do tej osoby."
        ),
    },
    "new_contact.sms": {
        "en": "{code} makes this number a way to sign in to a membership. Never tell it to anybody.",
        "pt": "{code} faz deste número um acesso a uma adesão. Nunca o diga a ninguém.",
        "pl": "Kod {code} pozwoli logować się tym numerem do członkostwa. Nikomu go nie podawaj.",
    },
    "approve_contact.subject": {
        "en": "{code} approves a new contact",
        "pt": "{code} autoriza um novo contacto",
        "pl": "{code} zatwierdza nowy kontakt",
    },
    "approve_contact.mail": {
        "en": (
            "{code} lets {new} sign in to your membership.\n\nIt works once, for ten minutes. If it is not"
            " you who is adding that, somebody has got into your membership: do not tell them this code, sign"
            " out on all devices, and tell us."
        ),
        "pt": (
            "{code} dá a {new} acesso à sua adesão.\n\nFunciona uma vez, durante dez minutos. Se não é você"
            " que o está a acrescentar, alguém entrou na sua adesão: não lhe diga este código, termine a"
            " sessão em todos os dispositivos e avise-nos."
        ),
        "pl": (
            "Kod {code} pozwoli logować się do Twojego członkostwa przez {new}.\n\nDziała raz, przez dziesięć"
            " minut. Jeśli to nie Ty dodajesz ten kontakt, ktoś dostał się do Twojego członkostwa: nie"
            " podawaj tego kodu, wyloguj się na wszystkich urządzeniach i powiadom nas."
        ),
    },
    "approve_contact.sms": {
        "en": "{code} lets {new} sign in to your membership. Not you? Tell the code to nobody, and tell us.",
        "pt": "{code} dá a {new} acesso à sua adesão. Não é você? Não diga o código a ninguém e avise-nos.",
        "pl": "Kod {code} pozwoli logować się przez {new}. To nie Ty? Nikomu go nie podawaj i powiadom nas.",
    },
    "remove_contact.subject": {
        "en": "{code} takes a contact away",
        "pt": "{code} retira um contacto",
        "pl": "{code} usuwa kontakt",
    },
    "remove_contact.mail": {
        "en": (
            "{code} takes {old} away from your membership: nobody signs in by it any more.\n\nIt works"
            " once, for ten minutes. If it is not you who is doing that, somebody has got into your"
            " membership: do not tell them this code, sign out on all devices, and tell us."
        ),
        "pt": (
            "{code} retira {old} da sua adesão: deixa de dar acesso a ela.\n\nFunciona uma vez, durante"
            " dez minutos. Se não é você que o está a fazer, alguém entrou na sua adesão: não lhe diga este"
            " código, termine a sessão em todos os dispositivos e avise-nos."
        ),
        "pl": (
            "Kod {code} usuwa {old} z Twojego członkostwa: nie będzie już służyć do logowania.\n\nDziała"
            " raz, przez dziesięć minut. Jeśli to nie Ty, ktoś dostał się do Twojego członkostwa: nie podawaj"
            " tego kodu, wyloguj się na wszystkich urządzeniach i powiadom nas."
        ),
    },
    "remove_contact.sms": {
        "en": "{code} takes {old} away from your membership. Not you? Tell the code to nobody, and tell us.",
        "pt": "{code} retira {old} da sua adesão. Não é você? Não diga o código a ninguém e avise-nos.",
        "pl": "Kod {code} usuwa {old} z członkostwa. To nie Ty? Nikomu go nie podawaj i powiadom nas.",
    },
    "redeem.subject": {
        "en": "{code} is your code at the till",
        "pt": "{code} é o seu código na caixa",
        "pl": "{code} to Twój kod przy kasie",
    },
    "redeem.mail": {
        "en": (
            "Tell the cashier {code} to redeem: {reward}.\n\nIt works once, for ten minutes, and for this"
            " reward alone. If you are not at a till of ours now, tell it to nobody: nothing is taken then."
        ),
        "pt": (
            "Diga {code} na caixa para resgatar: {reward}.\n\nFunciona uma vez, durante dez minutos, e só"
            " para este prémio. Se não está agora numa caixa nossa, não o diga a ninguém: nada se gasta."
        ),
        "pl": (
            "Podaj kasjerowi {code}, aby odebrać: {reward}.\n\nDziała raz, przez dziesięć minut i tylko dla"
            " tej nagrody. Jeśli nie jesteś teraz przy naszej kasie, nikomu go nie podawaj: nic nie ubędzie."
        ),
    },
    "redeem.sms": {
        "en": "Tell the cashier {code} to redeem: {reward}. Not at our till? Tell it to nobody.",
        "pt": "Diga {code} na caixa para resgatar: {reward}. Não está na caixa? Não o diga a ninguém.",
        "pl": "Podaj kasjerowi {code}, aby odebrać: {reward}. To nie Ty? Nikomu go nie podawaj.",
    },
    "delete_membership.subject": {
        "en": "{code} deletes your membership",
        "pt": "{code} elimina a sua adesão",
        "pl": "{code} usuwa Twoje członkostwo",
    },
    "delete_membership.mail": {
        "en": (
            "{code} deletes your membership, with its balances and vouchers.\n\nIt works once, for ten"
            " minutes. If it is not you who wants that, tell the code to nobody, sign out on all devices, and"
            " tell us. For some days after it you can still keep the membership: sign in and confirm."
        ),
        "pt": (
            "{code} elimina a sua adesão, com os saldos e vales.\n\nFunciona uma vez, durante dez minutos. Se"
            " não é você que o quer, não diga o código a ninguém, termine a sessão em todos os dispositivos e"
            " avise-nos. Durante alguns dias ainda a pode manter: inicie sessão e confirme."
        ),
        "pl": (
            "Kod {code} usuwa Twoje członkostwo wraz z saldami i voucherami.\n\nDziała raz, przez dziesięć"
            " minut. Jeśli to nie Ty, nikomu nie podawaj kodu, wyloguj się na wszystkich urządzeniach i"
            " powiadom nas. Przez kilka dni można je jeszcze zachować: zaloguj się i potwierdź."
        ),
    },
    "delete_membership.sms": {
        "en": "{code} deletes your membership, with its balances. Not you? Tell it to nobody, and tell us.",
        "pt": "{code} elimina a sua adesão, com os saldos. Não é você? Não o diga a ninguém e avise-nos.",
        "pl": "Kod {code} usuwa Twoje członkostwo z saldami. To nie Ty? Nikomu go nie podawaj, powiadom nas.",
    },
    "changed.subject": {
        "en": "How you sign in has changed",
        "pt": "O seu acesso foi alterado",
        "pl": "Zmiana sposobu logowania",
    },
    "changed": {
        "en": "{new} is now a way to sign in to your membership.",
        "pt": "{new} dá agora acesso à sua adesão.",
        "pl": "{new} służy teraz do logowania do Twojego członkostwa.",
    },
    "removed": {
        "en": "{old} is no longer a way to sign in to your membership.",
        "pt": "{old} deixa de dar acesso à sua adesão.",
        "pl": "{old} nie służy już do logowania do Twojego członkostwa.",
    },
    "changed.undo": {
        "en": (
            "If it was not you who changed that, somebody has got into it. Open this link within a week to"
            " undo the change and end every session:"
        ),
        "pt": (
            "Se não foi você que o alterou, alguém entrou nela. Abra esta ligação no prazo de uma semana para"
            " desfazer a alteração e terminar todas as sessões:"
        ),
        "pl": (
            "Jeśli ta zmiana nie jest Twoja, ktoś się do niego dostał. Otwórz ten link w ciągu tygodnia, aby"
            " cofnąć zmianę i zakończyć wszystkie sesje:"
        ),
    },
    "changed.tell": {
        "en": "If it was not you who asked for that, tell us at once.",
        "pt": "Se não foi você que o pediu, avise-nos de imediato.",
        "pl": "Jeśli to nie Twoja prośba, powiadom nas od razu.",
    },
}

PHONE_PATH = "/phone/"
log = structlog.get_logger(__name__)


class ContactCodeSender:
    """Sends codes by the configured senders. `fallback` takes the contacts that none of them reaches, and
    links begin with `base_url`.
    """

    def __init__(
        self,
        mail: MailSender | None,
        sms: SmsSender | None,
        *,
        fallback: CodeSender,
        sms_countries: SmsCountries,
        sms_caps: SmsCaps,
        base_url: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._mail, self._sms = mail, sms
        self._fallback, self._clock = fallback, clock
        self._base_url = base_url
        self._sms_countries, self._sms_caps = sms_countries, sms_caps
        self._sent_later: set[asyncio.Task[SendResult]] = set()

    def expect_reach(self, contact: Contact) -> None:
        """Raise ContactOutOfReach where no code can reach such a contact."""
        if not self._reaches(contact.kind):
            self._fallback.expect_reach(contact)
        elif contact.kind == "phone":
            self._sms_countries.expect(contact)

    async def send_code(self, contact: Contact, message: CodeMessage) -> None:
        """Send a code. Raises NotAvailable where it was not sent."""
        if not self._reaches(contact.kind):
            await self._fallback.send_code(contact, message)
            return
        language_code = language(message.locale)
        changed = message.changed_contact.masked if message.changed_contact is not None else ""
        figures = {"code": message.code, "new": changed, "old": changed, "reward": message.reward or ""}
        figures["link"] = f"{self._base_url}{PHONE_PATH}"
        subject, mail, sms = (
            TEXTS[f"{message.use}.{part}"][language_code].format_map(figures)
            for part in ("subject", "mail", "sms")
        )
        sending = self._send(contact, subject, mail, sms, locale=language_code, code=message.code)
        if contact.kind == "phone" and self._is_held_back(contact, message, sending):
            return
        result = await sending
        if result.status != "sent":
            raise NotAvailable("The sign-in code could not be sent now. Try again in a minute.")

    async def tell_changed(self, contact: Contact, notice: ChangeNotice) -> None:
        """Tell a contact that one was added or taken away. Raises NotAvailable where it was not sent."""
        if not self._reaches(contact.kind):
            await self._fallback.tell_changed(contact, notice)
            return
        language_code = language(notice.locale)
        subject, changed = (
            TEXTS[name][language_code]
            for name in ("changed.subject", "removed" if notice.is_removal else "changed")
        )
        hint = notice.changed_contact.masked
        undo = TEXTS["changed.tell" if notice.undo_token is None else "changed.undo"][language_code]
        link = None if notice.undo_token is None else undo_link(self._base_url, notice.undo_token)
        text = f"{changed.format(new=hint, old=hint)} {undo}"
        sms = text if link is None else f"{text} {link}"
        result = await self._send(contact, subject, text, sms, locale=language_code, link=link)
        if result.status != "sent":
            raise NotAvailable("The notice could not be sent now.")

    def _is_held_back(
        self, contact: Contact, message: CodeMessage, sending: Coroutine[Any, Any, SendResult]
    ) -> bool:
        """Tell whether the caller does not wait for a code by SMS, because too many were sent this hour.

        Then only members are sent theirs, and nobody waits for that, so that no answer tells who is one.
        """
        country = self._sms_countries.expect(contact)
        if message.is_member and not self._sms_caps.is_spent(country):
            return False
        if message.is_member:
            task = asyncio.create_task(sending)
            self._sent_later.add(task)
            task.add_done_callback(self._sent_later.discard)
            return True
        if self._sms_caps.take(country):
            return False
        sending.close()
        return True

    async def close(self) -> None:
        """Wait for the codes that nobody waited for."""
        await asyncio.gather(*self._sent_later, return_exceptions=True)

    def _reaches(self, kind: ContactKind) -> bool:
        return (self._mail if kind == "email" else self._sms) is not None

    async def _send(
        self,
        contact: Contact,
        subject: str,
        mail: str,
        sms: str,
        *,
        locale: str,
        link: str | None = None,
        code: str | None = None,
    ) -> SendResult:
        now = self._clock()
        # The id holds the instant, because each code is a message of its own, and not the code, because a
        # gateway logs ids.
        id = f"sign-in:{now.isoformat()}:{contact.masked}"
        if contact.kind == "email":
            assert self._mail is not None, "it is reached"
            (result,) = await self._mail.send(
                [MailMessage(id, contact.value, locale, subject, mail, link, code=code)], now=now
            )
        else:
            assert self._sms is not None, "it is reached"
            (result,) = await self._sms.send([SmsMessage(id, contact.value, sms)], now=now)
        if result.status != "sent":
            # The client gets no reason.
            log.warning("codes.not_sent", by=contact.kind, why=result.reason)
        return result
