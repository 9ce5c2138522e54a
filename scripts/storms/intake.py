"""A long storm of a shop's deliveries, five an order, while API and worker are killed; see
`tests/storms/shop_deliveries.py`.

Prints what became of the deliveries, how soon they were answered, and whether the end is the orders' last state.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from tests.storms.shop_deliveries import run_storm


def main() -> int:
    """Run it, and print what it left; 1 where anything is not as the orders' last states say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("orders", type=int, nargs="?", default=1_000)
    parser.add_argument("kills", type=int, nargs="?", default=10)
    arguments = parser.parse_args()
    made, report = asyncio.run(run_storm(orders=arguments.orders, kills=arguments.kills))
    print(
        f"{len(made.sent)} deliveries of {arguments.orders} orders, {arguments.kills} kills: {dict(report.fates)}"
    )
    late = sum(each > 1 for each in report.seconds)
    print(
        f"answers while nothing restarted: half in {report.within(0.5):.3f} s, 99 of 100 in"
        f" {report.within(0.99):.3f} s, all in {report.within(1):.3f} s, {late} of"
        f" {len(report.seconds)} took more than one;"
        f" {report.backlog} deliveries waited to be mapped when the last was answered"
    )
    is_right = dict(report.points) == dict(made.points) and not report.differences
    print("the end is the orders' last state" if is_right else f"{made.points} expected, {report} stands")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
