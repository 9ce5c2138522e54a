"""The rules of a language: how it writes amounts and days, and which plural form it gives a number."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal

from babel import Locale, UnknownLocaleError, localedata

# Where a bare language leaves the country open: the amounts, dates and plural forms of the country that our
# own texts are written for.
_COUNTRIES: Final = {"pt": "pt_PT", "en": "en_GB"}
_CODE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
# The counts that a text is written for. Some languages have a form for whole millions too (pt: `many`), which
# a text may leave to `other`.
EVERYDAY_COUNTS: Final = range(1000)
OTHER: Final = "other"

PluralKind = Literal["plural", "selectordinal"]


@lru_cache(maxsize=64)
def babel_locale(locale: str) -> Locale:
    """Return the rules of a locale as a programme writes it, such as pt-BR; those of English where it has
    none.
    """
    try:
        return Locale.parse(_COUNTRIES.get(locale, locale.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(_COUNTRIES["en"])


def is_locale(code: str) -> bool:
    """Tell whether a text is the BCP 47 code of a locale whose rules are known, such as pt or pt-BR."""
    return _CODE.fullmatch(code) is not None and localedata.exists(code.replace("-", "_"))


def plural_form(value: Decimal, locale: str, kind: PluralKind) -> str:
    """Return the CLDR form of a number as it is written: 1.50 has two decimals, and so its own form."""
    rules = babel_locale(locale)
    return str((rules.plural_form if kind == "plural" else rules.ordinal_form)(value))


def plural_forms(locale: str, kind: PluralKind) -> frozenset[str]:
    """Return every form that a language has."""
    rules = babel_locale(locale)
    return frozenset((rules.plural_form if kind == "plural" else rules.ordinal_form).tags | {OTHER})


@lru_cache(maxsize=256)
def everyday_form(count: int, locale: str, kind: PluralKind) -> str:
    """Return the form of a whole number."""
    return plural_form(Decimal(count), locale, kind)
