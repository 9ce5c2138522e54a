"""For whom an answer is written: by which programme, in which language, at which instant.

Text a person reads is in the member's locale, else in the first one of Accept-Language that the programme
speaks, else in the programme's first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.model.programme import LocalizedText, Programme

MAX_LANGUAGES = 20


@dataclass(frozen=True, slots=True)
class Audience:
    """The programme in force and each version before it, the reader's locale, and the instant that the whole
    answer is true at.
    """

    programme: Programme
    version: int
    programme_of_version: Callable[[int], Programme]
    locale: str
    now: datetime

    def text(self, text: LocalizedText) -> str:
        """Return a text of the programme file in the reader's language."""
        return text.for_locale(self.locale)


def preferred_locale(accept_language: str | None, programme: Programme) -> str:
    """Return the locale that the programme speaks and an Accept-Language header likes best."""
    locales = programme.programme.locales
    for tag in _language_tags(accept_language or ""):
        language = tag.partition("-")[0]
        matches = [locale for locale in locales if locale.lower().partition("-")[0] == language]
        if matches:
            # As it is written, else the language alone, else as another country speaks it.
            return min(matches, key=lambda locale: (locale.lower() != tag, locale.lower() != language))
    return locales[0]


def _language_tags(header: str) -> list[str]:
    """Return language tags, most liked first; what is no weight counts as none."""
    ranked = []
    for position, each in enumerate(header.lower().split(",")[:MAX_LANGUAGES]):
        tag, _, weight = each.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 0.0
        if tag and tag != "*" and quality > 0:
            ranked.append((-quality, position, tag.strip()))
    return [tag for _, _, tag in sorted(ranked)]
