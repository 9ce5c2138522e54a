"""What the API says of receipts that are claimed by code or were returned before, and of what is
recommended: a part of the table in `texts`.
"""

from collections.abc import Mapping
from typing import Final

CLUB_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "problem.PurchaseClaimed.whole": {
        "en": "All of this receipt was returned before it counted for anybody. It gives nothing.",
        "pt": "Este talão foi todo devolvido antes de contar para alguém. Não dá nada.",
        "pl": "Wszystko z tego paragonu zwrócono, zanim zaliczono go komukolwiek. Nic nie daje.",
    },
    "problem.PurchaseClaimed.part": {
        "en": (
            "Part of this receipt was returned before it counted for anybody. What is left counts by its"
            " code, or for the contact that was given."
        ),
        "pt": (
            "Parte deste talão foi devolvida antes de contar para alguém. O resto conta pelo código dele, ou"
            " para o contacto que foi dado."
        ),
        "pl": (
            "Część tego paragonu zwrócono, zanim zaliczono go komukolwiek. Reszta liczy się przez jego kod"
            " albo dla podanego kontaktu."
        ),
    },
    "receipt.UNKNOWN": {
        "en": "This code does not count. Check it and type it again.",
        "pt": "Este código não é válido. Verifique-o e escreva-o de novo.",
        "pl": "Ten kod nie działa. Sprawdź go i wpisz ponownie.",
    },
    "receipt.CLAIMED": {
        "en": "This receipt counts for somebody else already.",
        "pt": "Este talão já conta para outra pessoa.",
        "pl": "Ten paragon został już zaliczony komuś innemu.",
    },
    "receipt.RETURNED": {
        "en": "All of this purchase was returned, so it earns nothing.",
        "pt": "Esta compra foi toda devolvida, por isso não rende nada.",
        "pl": "Cały ten zakup został zwrócony, więc nic nie daje.",
    },
    "receipt.OVER": {
        "en": "The 90 days in which this receipt could be claimed are over.",
        "pt": "Já passaram os 90 dias para reclamar este talão.",
        "pl": "Minęło 90 dni, w których można było zgłosić ten paragon.",
    },
    "receipt.OWN_SALE": {
        "en": "You recorded this sale or its code was shown to you, so it cannot count for you.",
        "pt": "Registou esta venda ou viu o seu código, por isso não pode contar para si.",
        "pl": "Ta sprzedaż lub jej kod przeszły przez Twoje ręce, więc nie może liczyć się dla Ciebie.",
    },
    "receipt.TOO_MANY_TRIES": {
        "en": "Too many wrong codes for today. Try again tomorrow.",
        "pt": "Demasiados códigos errados por hoje. Tente de novo amanhã.",
        "pl": "Zbyt wiele błędnych kodów na dziś. Spróbuj ponownie jutro.",
    },
    "notifications.service": {
        "en": "Your membership",
        "pt": "A sua adesão",
        "pl": "Twoje członkostwo",
    },
    # Why something is recommended
    "recommended.bought_product": {
        "en": "Because you bought “{product}”",
        "pt": "Porque comprou «{product}»",
        "pl": "Na podstawie zakupu: {product}",
    },
    "recommended.bought_alike": {
        "en": "Bought by members who buy what you buy",
        "pt": "Comprado por quem compra o mesmo",
        "pl": "Kupują to osoby z podobnymi zakupami",
    },
    "recommended.bought_category": {
        "en": "Because you buy “{category}”",
        "pt": "Porque compra «{category}»",
        "pl": "Na podstawie zakupów: {category}",
    },
    "recommended.reachable": {
        "en": "Your balance is enough for it",
        "pt": "O seu saldo chega",
        "pl": "Twoje saldo wystarczy",
    },
    "recommended.buy_again": {
        "en": "You bought this {times} times since {since}, last on {last}",
        "pt": "Comprou isto {times} vezes desde {since}, a última em {last}",
        "pl": "Kupowane przez Ciebie od {since}, razem {times} razy, ostatnio {last}",
    },
    "recommended.nearly": {
        "en": "Only {amount} more ({wallet})",
        "pt": "Só faltam {amount} ({wallet})",
        "pl": "Brakuje tylko {amount} ({wallet})",
    },
    "recommended.popular": {
        "en": "Popular with members",
        "pt": "Popular entre os membros",
        "pl": "Popularne wśród klubowiczów",
    },
    "receipt.FROZEN": {
        "en": "This membership is on hold.",
        "pt": "Esta adesão está suspensa.",
        "pl": "To członkostwo jest zawieszone.",
    },
    "basis.all": {
        "en": "{amount} for each {per} of {total}",
        "pt": "{amount} por cada {per} de {total}",
        "pl": "{amount} za każde {per} z {total}",
    },
    "basis.part": {
        "en": "{amount} for each {per} of {counted}; {total} in all, and what the wallet paid does not count",
        "pt": "{amount} por cada {per} de {counted}; {total} ao todo, e o que o saldo pagou não conta",
        "pl": "{amount} za każde {per} z {counted}; razem {total}, a zapłacone saldem nie liczy się",
    },
    "basis.without": {
        "en": "{amount} for each {per} of {counted}; {total} in all, and this does not count: {categories}",
        "pt": "{amount} por cada {per} de {counted}; {total} ao todo, e isto não conta: {categories}",
        "pl": "{amount} za każde {per} z {counted}; razem {total}, a to nie liczy się: {categories}",
    },
    "basis.extra": {
        "en": "{basis}; {extra} more for the tier or plan",
        "pt": "{basis}; mais {extra} pelo nível ou plano",
        "pl": "{basis}; {extra} więcej za poziom lub plan",
    },
}
