"""What resolvers may use: the domain's runtime, and what one process keeps in memory beside it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from api.pictures.picture_library import PictureLibrary
from api.rates import Rates
from api.tokens import Tokens
from domain.model.values import dataclass
from domain.services.figures.backtest.jobs import BacktestJobs
from domain.services.ledger.till import ShiftLimits
from domain.services.messages.badge_counts import BadgeCounts
from domain.services.people import stores
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.publishing.drafts import DraftProcesses
from domain.services.senders import NO_SENDERS, Senders
from domain.store.document_store import DocumentStore

if TYPE_CHECKING:
    from api.senders.id_tokens import IdTokenVerifier

NAMES_FRESH_FOR = timedelta(seconds=10)
LOCALES_FRESH_FOR = timedelta(minutes=1)
MAX_LOCALES = 10_000


class StoreNameCache:
    """The name of each store by its code, from memory, at most ten seconds old."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store
        self._names: Mapping[str, str] = {}
        self._read_at: datetime | None = None

    async def names(self, *, now: datetime) -> Mapping[str, str]:
        """Return the names; read them again if they are old."""
        if self.known(now=now) is None:
            self._names = {shop.code: shop.name for shop in await stores.list_stores(self._store)}
            self._read_at = now
        return self._names

    def known(self, *, now: datetime) -> Mapping[str, str] | None:
        """Return the names, None where they are old."""
        is_fresh = self._read_at is not None and timedelta(0) <= now - self._read_at < NAMES_FRESH_FOR
        return self._names if is_fresh else None


class LocaleCache:
    """The locales of members who were read lately. A later page of a list needs no more of a member than the
    language of its titles, so it does not read the member.
    """

    def __init__(self) -> None:
        self._entries: OrderedDict[str, tuple[str, datetime]] = OrderedDict()

    def get(self, member: str, *, now: datetime) -> str | None:
        """Return a member's locale, at most a minute old."""
        entry = self._entries.get(member)
        return entry[0] if entry is not None and timedelta(0) <= now - entry[1] < LOCALES_FRESH_FOR else None

    def put(self, member: str, locale: str, *, now: datetime) -> None:
        """Remember a member's locale."""
        self._entries[member] = (locale, now)
        self._entries.move_to_end(member)
        if len(self._entries) > MAX_LOCALES:
            self._entries.popitem(last=False)

    def forget(self, member: str) -> None:
        """Forget a member's locale, because their profile has changed."""
        self._entries.pop(member, None)


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The dependencies of one process.

    The first of `card_keys` derives card codes, all of them check those that are scanned. `clock` gives the
    instant for which a request is true. `base_url` is the address that clients call; `links_url` is where
    links begin that the app opens, where a setting says so. `pictures`
    are those that the programme file names. `id_tokens` checks the
    tokens of Firebase, and `senders` send a test push.
    """

    runtime: IdentityRuntime
    store_names: StoreNameCache
    tokens: Tokens
    rates: Rates
    card_keys: tuple[bytes, ...] = field(repr=False)
    clock: Callable[[], datetime]
    base_url: str
    pictures: PictureLibrary
    backtests: BacktestJobs
    id_tokens: IdTokenVerifier | None = None
    senders: Senders = NO_SENDERS
    links_url: str = ""
    locales: LocaleCache = field(default_factory=LocaleCache)
    shift_limits: ShiftLimits = field(default_factory=ShiftLimits)
    badge_counts: BadgeCounts = field(default_factory=BadgeCounts)
    drafts: DraftProcesses = field(default_factory=DraftProcesses)

    def invitation_url(self, code: str) -> str:
        """Return the link with which a friend joins."""
        return f"{self.links_url or self.base_url}/phone/?r={code}"
