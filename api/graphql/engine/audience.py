"""The audience of an answer: its programme, its language and its instant.

A text is in the member's locale. Without one, it is in the first locale of Accept-Language that the programme
has, else in the programme's first locale.
"""

from collections.abc import Callable
from datetime import datetime

from api.texts import SPOKEN
from domain.model.programme import LocalizedText, Programme
from domain.model.values import dataclass

MAX_LANGUAGES = 20


@dataclass(frozen=True, slots=True)
class Audience:
    """The programme in force, each version before it, the locale of the reader, the instant for which the
    whole answer is true, whether staff read it, and whether a system does that may not read members
    (`is_blind`). `links_url` is where a link begins that is a path.
    """

    programme: Programme
    version: int
    programme_of_version: Callable[[int], Programme]
    locale: str
    now: datetime
    is_staff: bool = False
    is_blind: bool = False
    links_url: str = ""

    def text(self, text: LocalizedText) -> str:
        """Return a text of the programme file in the reader's language."""
        return text.for_locale(self.locale)


def preferred_locale(accept_language: str | None, programme: Programme) -> str:
    """Return the programme's locale that an Accept-Language header prefers."""
    locales = programme.programme.locales
    for tag in _language_tags(accept_language or ""):
        language = tag.partition("-")[0]
        matches = [locale for locale in locales if locale.lower().partition("-")[0] == language]
        if matches:
            # The tag itself, else the language alone, else the language of another country.
            return min(matches, key=lambda locale: (locale.lower() != tag, locale.lower() != language))
    return locales[0]


def preferred_language(accept_language: str | None) -> str:
    """Return the language of ours that an Accept-Language header prefers, whatever the programme speaks."""
    languages = (tag.partition("-")[0] for tag in _language_tags(accept_language or ""))
    return next((each for each in languages if each in SPOKEN), "en")


def _language_tags(header: str) -> list[str]:
    """Return language tags, the preferred one first. A weight that is no number counts as zero."""
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
