"""What the API itself says to people, in each of its languages: reasons, refusals, and titles that no
programme file has.

`say("lock.STOCK", "pt")` returns the sentence; a locale falls back to its language, then to English. Figures
are arguments that are already written for the reader: `amount_text`, `number_text`, `instant_text`. A test
checks that each entry has each language with the same placeholders.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from api.membership_texts import MEMBERSHIP_REFUSALS
from api.push_texts import PUSH_TEXTS
from api.refusal_texts import REFUSALS
from api.wording.club import CLUB_TEXTS
from domain.model.messages import rendering

SPOKEN: Final = ("en", "pt", "pl")

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    # Before the title of a message that is tried on one member
    "message.trial": {"en": "[Test]", "pt": "[Teste]", "pl": "[Test]"},
    # What a file that was asked for holds
    "job.file.segment": {
        "en": "Members of a segment",
        "pt": "Sócios de um segmento",
        "pl": "Klubowicze z segmentu",
    },
    "job.file.members": {"en": "All members", "pt": "Todos os sócios", "pl": "Wszyscy klubowicze"},
    "job.file.entries": {
        "en": "Entries of the wallets",
        "pt": "Movimentos das carteiras",
        "pl": "Zapisy portfeli",
    },
    "job.file.purchases": {"en": "Purchases", "pt": "Compras", "pl": "Zakupy"},
    "job.with_contacts": {"en": "with contacts", "pt": "com contactos", "pl": "z kontaktami"},
    # Why a reward is locked, and what would unlock it
    "lock.BALANCE": {
        "en": "Still missing: {amount} ({wallet})",
        "pt": "Em falta: {amount} ({wallet})",
        "pl": "Brakuje: {amount} ({wallet})",
    },
    "lock.TIER": {"en": "From the {tier} level", "pt": "A partir do nível {tier}", "pl": "Od poziomu {tier}"},
    "lock.CONDITION": {
        "en": "Its condition is not met yet",
        "pt": "Ainda não cumpre a condição",
        "pl": "Warunek nie jest jeszcze spełniony",
    },
    "lock.STOCK": {"en": "None left", "pt": "Esgotado", "pl": "Wyczerpane"},
    "lock.MEMBER_LIMIT": {
        "en": "You have taken it as often as is allowed",
        "pt": "Já a resgatou o número de vezes permitido",
        "pl": "Odebrano już dozwoloną liczbę razy",
    },
    "lock.NOT_YET": {
        "en": "Available from {from}",
        "pt": "Disponível a partir de {from}",
        "pl": "Dostępne od {from}",
    },
    "lock.OVER": {"en": "No longer available", "pt": "Já não está disponível", "pl": "Już niedostępne"},
    "lock.FROZEN": {
        "en": "Your membership is on hold: ask at a store",
        "pt": "A sua adesão está suspensa: pergunte numa loja",
        "pl": "Twoje członkostwo jest zawieszone: zapytaj w sklepie",
    },
    # Titles of ledger entries that no rule names
    "entry.OPENING": {"en": "Opening balance", "pt": "Saldo inicial", "pl": "Saldo początkowe"},
    "entry.AWARD": {"en": "Award", "pt": "Atribuição", "pl": "Przyznanie"},
    "entry.BONUS": {"en": "Bonus: {title}", "pt": "Bónus: {title}", "pl": "Bonus: {title}"},
    "entry.SPEND": {"en": "Reward redeemed", "pt": "Prémio resgatado", "pl": "Odebrana nagroda"},
    "entry.SPEND.reward": {
        "en": "Redeemed: {reward}",
        "pt": "Resgatado: {reward}",
        "pl": "Odebrano: {reward}",
    },
    "entry.SPEND.payment": {
        "en": "Paid for a purchase",
        "pt": "Pagamento de uma compra",
        "pl": "Zapłata za zakupy",
    },
    "entry.RETURN.payment": {
        "en": "Payment given back",
        "pt": "Pagamento devolvido",
        "pl": "Zwrot zapłaty",
    },
    "entry.RETURN": {"en": "Voucher given back", "pt": "Vale devolvido", "pl": "Zwrot kuponu"},
    "entry.RETURN.reward": {
        "en": "Given back: {reward}",
        "pt": "Devolvido: {reward}",
        "pl": "Zwrócono: {reward}",
    },
    "entry.RETURN.deduction": {
        "en": "A deduction taken back",
        "pt": "Dedução anulada",
        "pl": "Cofnięte potrącenie",
    },
    "entry.CLAWBACK": {"en": "Refund of a purchase", "pt": "Devolução de uma compra", "pl": "Zwrot zakupu"},
    "entry.CLAWBACK.source": {
        "en": "Taken back: {title}",
        "pt": "Retirado: {title}",
        "pl": "Cofnięto: {title}",
    },
    "entry.corrected": {
        "en": "Purchase corrected",
        "pt": "Compra corrigida",
        "pl": "Poprawiony zakup",
    },
    "entry.corrected.rule": {
        "en": "Purchase corrected: {title}",
        "pt": "Compra corrigida: {title}",
        "pl": "Poprawiony zakup: {title}",
    },
    "entry.CLAWBACK.owed": {
        "en": "Owed from an earlier refund",
        "pt": "Em dívida de uma devolução anterior",
        "pl": "Należność z wcześniejszego zwrotu",
    },
    "entry.EXPIRE": {"en": "Expired", "pt": "Expirado", "pl": "Wygasło"},
    "entry.ADJUST": {"en": "Correction", "pt": "Correção", "pl": "Korekta"},
    "entry.ADJUST.reason": {
        "en": "Correction: {reason}",
        "pt": "Correção: {reason}",
        "pl": "Korekta: {reason}",
    },
    "entry.ERASE": {"en": "Written off", "pt": "Anulado", "pl": "Umorzono"},
    "entry.TRANSFER": {"en": "Transfer", "pt": "Transferência", "pl": "Przeniesienie"},
    # What stands where a rule's title would
    "rule.badge": {"en": "Badge: {name}", "pt": "Emblema: {name}", "pl": "Odznaka: {name}"},
    "rule.tier": {"en": "Level: {name}", "pt": "Nível: {name}", "pl": "Poziom: {name}"},
    "rule.reward": {
        "en": "Reward unlocked: {name}",
        "pt": "Prémio desbloqueado: {name}",
        "pl": "Odblokowana nagroda: {name}",
    },
    "rule.segment": {"en": "An offer for you", "pt": "Uma oferta para si", "pl": "Oferta dla Ciebie"},
    "rule.gone": {"en": "An earlier offer", "pt": "Uma oferta anterior", "pl": "Wcześniejsza oferta"},
    "rule.referral:friend": {
        "en": "Joined by an invitation",
        "pt": "Aderiu por convite",
        "pl": "Dołączenie z zaproszenia",
    },
    "rule.referral:referrer": {
        "en": "A friend you invited",
        "pt": "Um amigo que convidou",
        "pl": "Zaproszony znajomy",
    },
    # Why a rule counted less than in full, or not at all
    "why.when": {
        "en": "its condition is not met",
        "pt": "a condição não se cumpre",
        "pl": "warunek niespełniony",
    },
    "why.during": {"en": "not at this time", "pt": "não é nesta altura", "pl": "nie w tym czasie"},
    "why.limit": {"en": "its limit is reached", "pt": "o limite foi atingido", "pl": "limit wyczerpany"},
    "why.cap": {"en": "up to its cap", "pt": "até ao máximo", "pl": "do górnej granicy"},
    "why.best_of": {
        "en": "a better offer applied",
        "pt": "valeu uma oferta melhor",
        "pl": "zadziałała lepsza oferta",
    },
    "why.holdout": {"en": "not part of this offer", "pt": "fora desta oferta", "pl": "poza tą ofertą"},
    "why.nothing_to_count": {
        "en": "nothing here counts",
        "pt": "nada aqui conta",
        "pl": "nic tu się nie liczy",
    },
    "why.rounded_to_zero": {
        "en": "too small to count",
        "pt": "pequeno demais para contar",
        "pl": "za mało, by się liczyło",
    },
    "why.no_consent": {
        "en": "no consent was given for it",
        "pt": "falta o consentimento",
        "pl": "brak zgody",
    },
    "why.frozen": {
        "en": "the membership is on hold",
        "pt": "a adesão está suspensa",
        "pl": "członkostwo jest zawieszone",
    },
    "why.later": {"en": "follows on {at}", "pt": "segue em {at}", "pl": "nastąpi {at}"},
    # By which a member gets no more of what they once agreed to
    "mail.unsubscribe": {
        "en": "Unsubscribe",
        "pt": "Cancelar a subscrição",
        "pl": "Zrezygnuj z tych wiadomości",
    },
    "mail.open": {"en": "Open", "pt": "Abrir", "pl": "Otwórz"},
    "page.till": {"en": "Till", "pt": "Caixa", "pl": "Kasa"},
    "door.about": {
        "en": "Points, badges and rewards of this programme.",
        "pt": "Pontos, emblemas e prémios deste programa.",
        "pl": "Punkty, odznaki i nagrody tego programu.",
    },
    "door.member": {
        "en": "For members",
        "pt": "Para sócios",
        "pl": "Dla klubowiczów",
    },
    "door.member.about": {
        "en": "The phone page: join, collect, redeem.",
        "pt": "A página do telemóvel: aderir, juntar, trocar.",
        "pl": "Strona na telefon: dołącz, zbieraj, wymieniaj.",
    },
    "door.till": {
        "en": "At the till",
        "pt": "Na caixa",
        "pl": "Przy kasie",
    },
    "door.till.about": {
        "en": "For cashiers and managers.",
        "pt": "Para quem está na caixa e quem gere a loja.",
        "pl": "Dla kasjerów i kierowników.",
    },
    "door.console": {"en": "Console", "pt": "Consola", "pl": "Konsola"},
    "door.console.about": {
        "en": "For customer service.",
        "pt": "Para o apoio ao cliente.",
        "pl": "Dla obsługi klienta.",
    },
    "door.explorer": {
        "en": "GraphiQL",
        "pt": "GraphiQL",
        "pl": "GraphiQL",
    },
    "door.explorer.about": {
        "en": "Ask the API, and read what each field means.",
        "pt": "Pergunte à API e leia o que cada campo significa.",
        "pl": "Zadawaj pytania API i czytaj, co znaczy każde pole.",
    },
    "door.docs": {
        "en": "The schema",
        "pt": "O esquema",
        "pl": "Schemat",
    },
    "door.docs.about": {
        "en": "The whole API as one file, with its documentation.",
        "pt": "Toda a API num ficheiro, com a documentação.",
        "pl": "Całe API w jednym pliku, z dokumentacją.",
    },
    "door.demo": {
        "en": "Sign-ins of the demo",
        "pt": "Entradas da demonstração",
        "pl": "Logowania do wersji pokazowej",
    },
    "door.demo.about": {
        "en": "Only seen on this machine. Codes for members stand on the console.",
        "pt": "Só se vê nesta máquina. Os códigos dos sócios aparecem na consola.",
        "pl": "Widoczne tylko na tym komputerze. Kody klubowiczów są w konsoli.",
    },
    "door.shows.a plan": {
        "en": "has a plan",
        "pt": "tem um plano",
        "pl": "ma plan",
    },
    "door.shows.points below zero": {
        "en": "owes points",
        "pt": "deve pontos",
        "pl": "ma punkty poniżej zera",
    },
    "door.shows.a tier about to fall": {
        "en": "is about to lose a tier",
        "pt": "está prestes a descer de nível",
        "pl": "wkrótce straci poziom",
    },
    "door.role.CASHIER": {
        "en": "cashier",
        "pt": "caixa",
        "pl": "kasjer",
    },
    "door.role.MANAGER": {
        "en": "manager",
        "pt": "gerente",
        "pl": "kierownik",
    },
    "door.role.SERVICE": {"en": "customer service", "pt": "apoio ao cliente", "pl": "obsługa klienta"},
    "door.role.ANALYST": {"en": "analyst", "pt": "analista", "pl": "analityk"},
    "door.role.OPERATOR": {
        "en": "operator",
        "pt": "operador",
        "pl": "operator",
    },
    "unsubscribe.title": {
        "en": "Unsubscribe",
        "pt": "Cancelar a subscrição",
        "pl": "Rezygnacja z wiadomości",
    },
    "unsubscribe.ask": {
        "en": (
            "Do you want no more messages from {programme} about “{purpose}”? Those that your membership"
            " needs still come."
        ),
        "pt": (
            "Não quer receber mais mensagens de {programme} sobre “{purpose}”? As que a sua adesão exige"
            " continuam a chegar."
        ),
        "pl": (
            "Czy nie chcesz już dostawać od {programme} wiadomości „{purpose}”? Te, których wymaga"
            " członkostwo, będą przychodzić."
        ),
    },
    "unsubscribe.done": {
        "en": (
            "Done: no more messages from {programme} about “{purpose}”. You can change your mind in the app"
            " at any time."
        ),
        "pt": (
            "Feito: não receberá mais mensagens de {programme} sobre “{purpose}”. Pode mudar de ideias na"
            " aplicação a qualquer momento."
        ),
        "pl": (
            "Gotowe: nie będzie więcej wiadomości „{purpose}” od {programme}. W każdej chwili możesz zmienić"
            " zdanie w aplikacji."
        ),
    },
    "unsubscribe.bad": {
        "en": (
            "This link does not work. Open the whole link from the e-mail, or choose in the app what you want"
            " to hear about."
        ),
        "pt": (
            "Esta ligação não funciona. Abra a ligação completa do e-mail ou escolha na aplicação o que quer"
            " receber."
        ),
        "pl": (
            "Ten link nie działa. Otwórz cały link z e-maila albo wybierz w aplikacji, o czym chcesz"
            " wiedzieć."
        ),
    },
    "unsubscribe.busy": {
        "en": "This did not work just now. Try again in a minute.",
        "pt": "Não foi possível agora. Tente de novo dentro de um minuto.",
        "pl": "Teraz się nie udało. Spróbuj ponownie za minutę.",
    },
    **REFUSALS,
    **MEMBERSHIP_REFUSALS,
    **CLUB_TEXTS,
    **PUSH_TEXTS,
}


def language(locale: str) -> str:
    """Return the language of ours for a locale: its own, else English."""
    own = locale.partition("-")[0].lower()
    return own if own in SPOKEN else "en"


def say(name: str, locale: str, /, **figures: str) -> str:
    """Return one of our sentences in a locale, with its figures filled in."""
    text = TEXTS[name][language(locale)]
    return text.format(**figures) if figures else text


def of_kind(kind: Literal["points", "money"], amount: int, *, currency: str, locale: str) -> str:
    """Return a wallet's amount as a reader writes it: points as a number, money in its currency."""
    return (
        amount_text(amount, currency=currency, locale=locale)
        if kind == "money"
        else number_text(amount, locale=locale)
    )


@lru_cache(maxsize=10_000)
def number_text(number: int, *, locale: str) -> str:
    """Return a whole number as a reader writes it."""
    return rendering.number(number, _written(locale))


@lru_cache(maxsize=10_000)
def amount_text(minor: int, *, currency: str, locale: str) -> str:
    """Return an amount of money, given in minor units, as a reader writes it."""
    return rendering.money(minor, currency, _written(locale))


def day_text(day: date, *, locale: str) -> str:
    """Return a day as a reader writes it."""
    return rendering.day(day, _written(locale))


def instant_text(instant: datetime, zone: ZoneInfo, *, locale: str) -> str:
    """Return an instant as a reader writes it, in a zone."""
    local = instant.astimezone(zone)
    return f"{rendering.day(local.date(), _written(locale))}, {local:%H:%M}"


def _written(locale: str) -> str:
    """Return the locale that writes the figures in a sentence of ours.

    It is that of the sentence's language: else 3.000 would mean three thousand in English.
    """
    return locale if language(locale) == locale.partition("-")[0].lower() else "en"
