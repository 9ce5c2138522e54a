"""The stand-in for FCM, one for each test module and emptied before each test, and firebase-admin connected
to it.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from api.senders.firebase import FirebasePush, certificate
from tests.senders.fcm import PROJECT, FcmStandIn, serving_fcm


@pytest.fixture(scope="module")
def served() -> Iterator[FcmStandIn]:
    with serving_fcm() as stand_in:
        yield stand_in


@pytest.fixture
def fcm(served: FcmStandIn) -> FcmStandIn:
    served.forget()
    return served


@pytest.fixture
async def push(fcm: FcmStandIn, tmp_path: Path) -> AsyncIterator[FirebasePush]:
    opened = FirebasePush(certificate(fcm.account_file(tmp_path)), project=PROJECT, url=fcm.url)
    try:
        yield opened
    finally:
        await opened.close()
