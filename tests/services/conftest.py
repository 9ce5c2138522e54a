"""A prepared store and a desk over it, for every story of the services."""

import pytest

from domain.services.desk import Desk
from domain.store.base import Store
from domain.store.connect import Database
from domain.store.prepare import prepare
from tests.services.people import SECRET, People, Sent


@pytest.fixture
async def people(database: Database) -> People:
    store = Store.of(database, embedded=True)
    await prepare(store)
    sent = Sent()
    return People(Desk(store=store, secret=SECRET, sender=sent), sent)
