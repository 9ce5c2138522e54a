"""Waiting for subscriptions to the activity of members."""

import asyncio

from domain.services.activity_hub import ActivityHub


async def wait_for_listeners(hub: ActivityHub, count: int) -> None:
    """Wait until there are so many subscriptions, each of which knows where its member stands: what is written
    from then on is told to it.
    """
    async with asyncio.timeout(30):
        while True:
            positions = [listener.seq for each in hub._listeners.values() for listener in each]
            if len(positions) == count and 0 not in positions:
                return
            await asyncio.sleep(0.01)
