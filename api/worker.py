"""What runs without being asked: the turn, which writes down what time brought and fires what the agenda holds.

Inside `selo serve` by default. Several processes may run it: each item acts once, whoever gets to it.
"""

import structlog

from api.http.callers import utc_now
from domain.services.house import House
from domain.services.turn import keep_turning

log = structlog.get_logger(__name__)


async def work(house: House) -> None:
    """Take the turn every so often, until cancelled."""
    await keep_turning(house, clock=utc_now, heard=_failed)


def _failed(fault: Exception) -> None:
    log.warning("worker.turn_failed", fault=type(fault).__name__)
