"""What runs without being asked: the turn, which writes down what time brought and fires what the agenda holds, and the post, which
delivers what the outbox holds.

Inside `selo serve` by default, or alone as `selo worker`. Any number of processes may run it: each item of the agenda acts once, each
message is claimed by one worker, and what a dead one left comes up again.
"""

import asyncio
from collections.abc import Mapping
from functools import partial

import structlog

from api.graphql.messages import message_key
from api.http.unsubscribe import unsubscribe_link
from api.process import Process
from domain.services.deliveries import keep_delivering
from domain.services.senders import Senders
from domain.services.sending import Post
from domain.services.turn import keep_turning

log = structlog.get_logger(__name__)


def channels(senders: Senders) -> Mapping[str, bool]:
    """Tell of each channel whether somebody is configured to send it."""
    return {"push": senders.push is not None, "email": senders.mail is not None, "sms": senders.sms is not None}


def post_of(process: Process) -> Post:
    """Return what delivering needs of a process: its senders, and how its API names letters and links."""
    return Post(process.senders, public_id=message_key, unsubscribe=partial(unsubscribe_link, process))


async def work(process: Process) -> None:
    """Take the turn every so often and deliver what is due, until cancelled."""
    off = [channel for channel, on in channels(process.senders).items() if not on]
    if off:
        log.info("worker.channels_off", channels=", ".join(off), instead="the inbox and live activity have every message")
    post, house = post_of(process), process.house
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keep_turning(house, clock=process.clock, heard=_turn_failed))
        tasks.create_task(keep_delivering(house, post, clock=process.clock, woken=house.live.promised, heard=_round_failed))


def _turn_failed(fault: Exception) -> None:
    log.warning("worker.turn_failed", fault=type(fault).__name__)


def _round_failed(fault: Exception) -> None:
    log.warning("worker.round_failed", fault=type(fault).__name__)
