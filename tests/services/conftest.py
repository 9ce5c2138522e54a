"""A prepared store with a small programme, and a desk over it, for every story of the services."""

import pytest

from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.prepare import prepare
from tests.services.people import BEFORE, PROGRAMME, SECRET, People, Sent


@pytest.fixture
async def people(database: Database) -> People:
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    house = Runtime.for_store(store)
    await house.programmes.publish(PROGRAMME, now=BEFORE)
    sent = Sent()
    return People(IdentityRuntime.of(house, secret=SECRET, code_sender=sent), sent)
