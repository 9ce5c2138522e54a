"""A prepared store with a small programme, and an identity runtime over it."""

import pytest

from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.prepare import prepare
from tests.identity_harness import BEFORE, PROGRAMME, SECRET, IdentityHarness, RecordingCodeSender


@pytest.fixture
async def harness(database: Database) -> IdentityHarness:
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    runtime = Runtime.for_store(store)
    await runtime.programmes.publish(PROGRAMME, now=BEFORE)
    sent = RecordingCodeSender()
    return IdentityHarness(IdentityRuntime.of(runtime, secret=SECRET, code_sender=sent), sent)
