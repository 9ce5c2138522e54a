"""Every order of six acts over the small programmes of `tests/laws/orders.py`: what no order may leave.

Prints per programme how many orders there were in how many seconds, and each order that leaves something.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.laws.orders import (
    PROGRAMMES,
    OrderRun,
    excess,
    excess_when_all_is_returned,
    order_programme,
    orders,
)


def main() -> int:
    """Try every order and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("acts", type=int, nargs="?", default=6)
    acts = parser.parse_args().acts
    failed = 0
    for name in PROGRAMMES:
        began, cpu, count = time.perf_counter(), time.process_time(), 0
        for order, run in orders(OrderRun(order_programme(name)), acts):
            count += 1
            if left := excess(run) or excess_when_all_is_returned(run):
                failed += 1
                print(f"{name}: {', '.join(order)}: {left}", flush=True)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        print(
            f"{name}: {count} orders of up to {acts} acts, {seconds:.0f} s ({cpu:.0f} s of CPU)", flush=True
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
