"""A short storm of a shop's deliveries; `scripts/storms/intake` runs the long one."""

import pytest

from tests.storms.shop_deliveries import run_storm


@pytest.mark.timeout(580)
async def test_the_end_is_the_orders_last_state_whatever_is_killed() -> None:
    made, report = await run_storm(orders=12, kills=3)
    assert report.differences == []
    assert dict(report.points) == dict(made.points)
    assert report.fates["parked"] == report.fates["failed"] == 0
    assert len(made.sent) == 60
    assert report.within(0.5) < 1, "a shop waits for storing, not for mapping"
