"""What the API itself says to people, in each of its languages: reasons, refusals, and titles that no
programme file has.

`say("lock.STOCK", "pt")` returns the sentence; a locale falls back to its language, then to English. Figures
are arguments that are already written for the reader: `amount_text`, `number_text`, `instant_text`. A test
checks that each entry has each language with the same placeholders.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from domain.model.messages import rendering

SPOKEN: Final = ("en", "pt", "pl")

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
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
    "entry.AWARD": {"en": "Award", "pt": "Atribuição", "pl": "Przyznanie"},
    "entry.BONUS": {"en": "Bonus: {title}", "pt": "Bónus: {title}", "pl": "Bonus: {title}"},
    "entry.SPEND": {"en": "Reward redeemed", "pt": "Prémio resgatado", "pl": "Odebrana nagroda"},
    "entry.SPEND.reward": {
        "en": "Redeemed: {reward}",
        "pt": "Resgatado: {reward}",
        "pl": "Odebrano: {reward}",
    },
    "entry.RETURN": {"en": "Voucher given back", "pt": "Vale devolvido", "pl": "Zwrot kuponu"},
    "entry.RETURN.reward": {
        "en": "Given back: {reward}",
        "pt": "Devolvido: {reward}",
        "pl": "Zwrócono: {reward}",
    },
    "entry.CLAWBACK": {"en": "Refund of a purchase", "pt": "Devolução de uma compra", "pl": "Zwrot zakupu"},
    "entry.EXPIRE": {"en": "Expired", "pt": "Expirado", "pl": "Wygasło"},
    "entry.ADJUST": {"en": "Correction", "pt": "Correção", "pl": "Korekta"},
    "entry.TRANSFER": {"en": "Transfer", "pt": "Transferência", "pl": "Przeniesienie"},
    # What stands where a rule's title would
    "rule.badge": {"en": "Badge: {name}", "pt": "Emblema: {name}", "pl": "Odznaka: {name}"},
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
    # Refusals
    "problem.IdempotencyConflict": {
        "en": "This idempotency key was used for another request. Make a new key for a new request.",
        "pt": "Esta chave já foi usada noutro pedido. Crie uma nova chave para um novo pedido.",
        "pl": "Ten klucz został użyty w innym żądaniu. Nowe żądanie wymaga nowego klucza.",
    },
    "problem.TermsNotAccepted": {
        "en": "Please accept the current terms (version {version}).",
        "pt": "Aceite os termos atuais (versão {version}).",
        "pl": "Zaakceptuj aktualny regulamin (wersja {version}).",
    },
    "problem.NotEnrolled": {
        "en": "There is no membership for this contact yet. Join first.",
        "pt": "Ainda não há adesão com este contacto. Adira primeiro.",
        "pl": "Dla tego kontaktu nie ma jeszcze członkostwa. Najpierw dołącz.",
    },
    "problem.ContactTaken": {
        "en": "This contact belongs to another membership.",
        "pt": "Este contacto pertence a outra adesão.",
        "pl": "Ten kontakt należy do innego członkostwa.",
    },
    "refused.WRONG_CODE": {
        "en": "This code is not right. Check it and type it again.",
        "pt": "O código não está correto. Verifique-o e escreva-o de novo.",
        "pl": "Kod jest nieprawidłowy. Sprawdź go i wpisz ponownie.",
    },
    "refused.EXPIRED_CODE": {
        "en": "This code is no longer valid. Ask for a new one.",
        "pt": "Este código já não é válido. Peça um novo.",
        "pl": "Ten kod stracił ważność. Poproś o nowy.",
    },
    "refused.TOO_MANY_ATTEMPTS": {
        "en": "Too many attempts. Ask for a new code or wait a while.",
        "pt": "Demasiadas tentativas. Peça um novo código ou aguarde um pouco.",
        "pl": "Zbyt wiele prób. Poproś o nowy kod albo chwilę odczekaj.",
    },
    "refused.WRONG_PASSWORD": {
        "en": "User name, password or store is not right.",
        "pt": "O utilizador, a palavra-passe ou a loja não está correto.",
        "pl": "Nazwa użytkownika, hasło lub sklep są nieprawidłowe.",
    },
    "refused.SESSION_ENDED": {
        "en": "This session has ended. Sign in again.",
        "pt": "Esta sessão terminou. Inicie sessão de novo.",
        "pl": "Ta sesja się zakończyła. Zaloguj się ponownie.",
    },
    "refused.DISABLED": {
        "en": "This account is disabled.",
        "pt": "Esta conta está desativada.",
        "pl": "To konto jest wyłączone.",
    },
    "not_allowed.OWN_MEMBERSHIP": {
        "en": "Nobody serves their own membership. Ask a colleague.",
        "pt": "Ninguém atende a sua própria adesão. Peça a um colega.",
        "pl": "Nikt nie obsługuje własnego członkostwa. Poproś kogoś z zespołu.",
    },
    "not_allowed.OTHER_STORE": {
        "en": "This belongs to another store.",
        "pt": "Isto pertence a outra loja.",
        "pl": "To należy do innego sklepu.",
    },
    "not_allowed.SHIFT_LIMIT": {
        "en": "The limit of this shift is reached. A manager has to take over.",
        "pt": "O limite deste turno foi atingido. Um gerente tem de assumir.",
        "pl": "Limit tej zmiany został wyczerpany. Musi przejąć kierownik.",
    },
    "not_allowed.MEMBER_FROZEN": {
        "en": "This membership is on hold.",
        "pt": "Esta adesão está suspensa.",
        "pl": "To członkostwo jest zawieszone.",
    },
    "not_allowed.ROLE": {
        "en": "A manager has to do this.",
        "pt": "Só um gerente pode fazer isto.",
        "pl": "To może zrobić tylko kierownik.",
    },
    "not_allowed.TOO_LATE": {
        "en": "It is too late for this.",
        "pt": "Já é tarde para isto.",
        "pl": "Na to jest już za późno.",
    },
    "problem.UnknownCode": {
        "en": "No membership and no voucher has this code.",
        "pt": "Nenhuma adesão e nenhum vale tem este código.",
        "pl": "Żadne członkostwo i żaden kupon nie ma tego kodu.",
    },
    "problem.ExpiredCode": {
        "en": "This code has expired. Scan the card again.",
        "pt": "Este código expirou. Leia o cartão de novo.",
        "pl": "Ten kod wygasł. Zeskanuj kartę ponownie.",
    },
    "problem.PurchaseClaimed.same": {
        "en": "This receipt is recorded already, for this member.",
        "pt": "Este talão já está registado, para este sócio.",
        "pl": "Ten paragon jest już zapisany dla tej osoby.",
    },
    "problem.PurchaseClaimed.other": {
        "en": "This receipt is recorded already, for another member.",
        "pt": "Este talão já está registado, para outro sócio.",
        "pl": "Ten paragon jest już zapisany dla innej osoby.",
    },
    "problem.UnknownPurchase": {
        "en": "No purchase is known by this receipt number.",
        "pt": "Nenhuma compra é conhecida por este número de talão.",
        "pl": "Nie znaleziono zakupu o tym numerze paragonu.",
    },
    "problem.RefundTooLarge": {
        "en": "At most {amount} can still be refunded.",
        "pt": "Só podem ser devolvidos mais {amount}.",
        "pl": "Można zwrócić jeszcze najwyżej {amount}.",
    },
    "problem.InsufficientBalance": {
        "en": "The balance is {amount} too low.",
        "pt": "Saldo insuficiente: em falta {amount}.",
        "pl": "Na saldzie brakuje {amount}.",
    },
    "problem.SurveyAnsweredBefore": {
        "en": "This was answered before. Thank you.",
        "pt": "Esta pergunta já teve resposta. Obrigado.",
        "pl": "Na to pytanie jest już odpowiedź. Dziękujemy.",
    },
    "problem.WalletFull": {
        "en": "This balance can take {amount} more at most.",
        "pt": "Este saldo só pode receber mais {amount}.",
        "pl": "Do tego salda można dodać jeszcze najwyżej {amount}.",
    },
    "problem.RewardLocked": {
        "en": "This reward cannot be redeemed now.",
        "pt": "Este prémio não pode ser resgatado agora.",
        "pl": "Tej nagrody nie można teraz odebrać.",
    },
    # By which a member gets no more of what they once agreed to
    "mail.unsubscribe": {
        "en": "Unsubscribe",
        "pt": "Cancelar a subscrição",
        "pl": "Zrezygnuj z tych wiadomości",
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
    "voucher.ISSUED": {
        "en": "This voucher has not been used, and there is nothing to give back for it.",
        "pt": "Este vale ainda não foi usado, e não há nada a devolver por ele.",
        "pl": "Ten kupon nie został jeszcze użyty i nie ma za niego czego zwrócić.",
    },
    "voucher.USED": {
        "en": "This voucher has been used.",
        "pt": "Este vale já foi usado.",
        "pl": "Ten kupon został już wykorzystany.",
    },
    "voucher.EXPIRED": {
        "en": "This voucher has expired.",
        "pt": "Este vale expirou.",
        "pl": "Ten kupon wygasł.",
    },
    "voucher.CANCELLED": {
        "en": "This voucher was given back.",
        "pt": "Este vale foi devolvido.",
        "pl": "Ten kupon został zwrócony.",
    },
    "voucher.MINIMUM": {
        "en": "This voucher is for purchases of a minimum of {amount}.",
        "pt": "Este vale é para compras no mínimo de {amount}.",
        "pl": "Ten kupon jest na zakupy za minimum {amount}.",
    },
    "voucher.DATES": {
        "en": "This voucher was issued after the day of this receipt.",
        "pt": "Este vale foi emitido depois do dia deste talão.",
        "pl": "Ten kupon wydano po dniu tego paragonu.",
    },
    "voucher.OTHER_STORE": {
        "en": "This voucher is for another store.",
        "pt": "Este vale é para outra loja.",
        "pl": "Ten kupon jest dla innego sklepu.",
    },
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


def number_text(number: int, *, locale: str) -> str:
    """Return a whole number as a reader writes it."""
    return rendering.number(number, _written(locale))


def amount_text(minor: int, *, currency: str, locale: str) -> str:
    """Return an amount of money, given in minor units, as a reader writes it."""
    return rendering.money(minor, currency, _written(locale))


def instant_text(instant: datetime, zone: ZoneInfo, *, locale: str) -> str:
    """Return an instant as a reader writes it, in a zone."""
    local = instant.astimezone(zone)
    return f"{rendering.day(local.date(), _written(locale))}, {local:%H:%M}"


def _written(locale: str) -> str:
    """Return the locale that writes the figures in a sentence of ours.

    It is that of the sentence's language: else 3.000 would mean three thousand in English.
    """
    return locale if language(locale) == locale.partition("-")[0].lower() else "en"
