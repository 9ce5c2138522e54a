"""Which phones text messages go to, and how many codes an hour: so that nobody earns by having codes sent.

Text messages go to mobile numbers of some countries only. Codes to numbers that no member has are counted,
for the server and for each country, in the memory of this process; beyond the cap none is sent, and the
answer stays the same. Codes to members are not counted, and go on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from prometheus_client import Counter

from api.rates import TokenBuckets
from domain.model.people.contacts import Contact, phone_country
from domain.services.errors import ContactOutOfReach
from domain.services.senders import SendResult, SmsMessage, SmsSender

HOUR_SECONDS = 3600
ALL_COUNTRIES = "all"

REFUSED = Counter(
    "selo_sms_refused", "Text messages that were not sent, by reason and country.", ["reason", "country"]
)

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- pure rules
def zone_country(zone: str) -> str | None:
    """Return the country of a time zone, as ISO 3166 writes it; None where it is of none, such as UTC."""
    from babel.core import get_global
    from phonenumbers import SUPPORTED_REGIONS

    name = get_global("zone_aliases").get(zone, zone)
    country = get_global("zone_territories").get(name)
    return country if country in SUPPORTED_REGIONS else None


class SmsCountries:
    """The countries that text messages go to: those of the setting, else that of the programme's zone."""

    def __init__(self, countries: Sequence[str]) -> None:
        self._countries = frozenset(countries)
        self.read_zone: Callable[[], str | None] = lambda: None

    def current(self) -> frozenset[str]:
        """Return the countries, none where neither the setting nor the time zone names one."""
        if self._countries:
            return self._countries
        zone = self.read_zone()
        country = zone_country(zone) if zone is not None else None
        return frozenset() if country is None else frozenset({country})

    def expect(self, contact: Contact) -> str:
        """Return the country of a phone that text messages go to. Raises ContactOutOfReach."""
        countries, country = self.current(), phone_country(contact)
        if not countries:
            log.error("sms.no_country", remedy="set SELO_SMS_COUNTRIES: the time zone is of no country")
            raise ContactOutOfReach("Text messages cannot be sent: the server names no country for them.")
        if country is None:
            REFUSED.labels("not_mobile", "none").inc()
            raise ContactOutOfReach(
                "This is no number of a mobile phone: give one, or an e-mail address.", is_input_fault=True
            )
        if country not in countries:
            REFUSED.labels("country", country).inc()
            log.info("sms.country_not_served", country=country)
            raise ContactOutOfReach(
                f"Text messages go to numbers of {', '.join(sorted(countries))} only: give one of those, or"
                " an e-mail address.",
                is_input_fault=True,
            )
        return country


class SmsCaps:
    """How many codes an hour go to numbers that no member has: in all, and for each country."""

    def __init__(self, *, per_hour: int, per_country_hour: int, clock: Callable[[], datetime]) -> None:
        def seconds() -> float:
            return clock().timestamp()

        self._all = TokenBuckets(per_hour, HOUR_SECONDS, seconds)
        self._by_country = TokenBuckets(per_country_hour, HOUR_SECONDS, seconds)

    def is_spent(self, country: str) -> bool:
        """Tell whether no more codes go to this country now."""
        return not (self._by_country.has(country) and self._all.has(ALL_COUNTRIES))

    def take(self, country: str) -> bool:
        """Count a code to a country; False where the cap is reached, which is logged."""
        if not self.is_spent(country):
            self._by_country.take(country)
            self._all.take(ALL_COUNTRIES)
            return True
        REFUSED.labels("cap", country).inc()
        log.warning(
            "sms.cap_reached", country=country, of="country" if self._all.has(ALL_COUNTRIES) else "all"
        )
        return False


class ServedSms:
    """A sender of text messages that leaves out the phones to which none go."""

    def __init__(self, sms: SmsSender, countries: SmsCountries) -> None:
        self._sms, self._countries = sms, countries

    async def send(self, batch: Sequence[SmsMessage], *, now: datetime) -> Sequence[SendResult]:
        """Send each that goes to a country, and drop the others; rest where no country is named at all."""
        if not self._countries.current():
            return [SendResult("break", "NO_COUNTRY")] * len(batch)
        served = [message for message in batch if self._is_served(message)]
        results = iter(await self._sms.send(served, now=now)) if served else iter(())
        served_ids = {message.id for message in served}
        return [
            next(results) if message.id in served_ids else SendResult("drop_message", "COUNTRY")
            for message in batch
        ]

    def _is_served(self, message: SmsMessage) -> bool:
        try:
            self._countries.expect(Contact("phone", message.to))
        except ContactOutOfReach:
            return False
        return True
