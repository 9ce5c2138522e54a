"""Random histories of returns, many of them: the laws of `tests/laws/test_returning.py` by the thousand.

Half of them have purchases alone, a quarter other events beside, a quarter other events and nothing spent.
Prints how many were tried in how many seconds, and of those that fail the smallest story of each.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

from tests.laws.returning_histories import (
    Story,
    amiss_with_others,
    different_from_others,
    left_by,
    lived,
    random_story,
    settled,
)

Law = Callable[[Story], list[str]]


def _leaves_nothing(story: Story) -> list[str]:
    run = lived(story)
    return left_by(run) or left_by(settled(run))


def _leaves_what_others_gave(story: Story) -> list[str]:
    return amiss_with_others(settled(lived(story)))


def _ends_like_others(story: Story) -> list[str]:
    return different_from_others(settled(lived(story)))


def drawn(seed: int) -> tuple[Story, Law]:
    """Return the story of a seed, and the law that it is held to."""
    if seed % 2 == 0:
        return random_story(Random(seed)), _leaves_nothing
    if seed % 4 == 1:
        return random_story(Random(seed), with_others=True), _leaves_what_others_gave
    return random_story(Random(seed), with_others=True, with_spending=False), _ends_like_others


def smaller(story: Story) -> Iterator[Story]:
    """Return the stories that are smaller by one thing."""
    for place in range(len(story.steps)):
        yield replace(story, steps=story.steps[:place] + story.steps[place + 1 :])
    shape = story.shape
    for name in ("purchase_rules", "raised_rules", "badges"):
        parts = getattr(shape, name)
        for place in range(len(parts)):
            fewer: dict[str, Any] = {name: parts[:place] + parts[place + 1 :]}
            yield replace(story, shape=replace(shape, **fewer))
    for name in ("referral", "debt", "credit_debt", "pending", "credit_pending", "expiry", "window", "count"):
        if getattr(shape, name):
            simpler: dict[str, Any] = {name: 0}
            yield replace(story, shape=replace(shape, **simpler))


def smallest(story: Story, law: Law) -> Story:
    """Return a story that fails as well, of which no part can be left out."""
    while (less := next((one for one in smaller(story) if law(one)), None)) is not None:
        story = less
    return story


def main() -> int:
    """Try the histories and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=20_000)
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    arguments = parser.parse_args()
    began, cpu, failed = time.perf_counter(), time.process_time(), 0
    for seed in range(arguments.first, arguments.first + arguments.count):
        story, law = drawn(seed)
        if law(story):
            failed += 1
            story = smallest(story, law)
            print(f"seed {seed}: {law(story)}\n  {story}", flush=True)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(f"{arguments.count} histories, {failed} failed, {seconds:.0f} s ({cpu:.0f} s of CPU)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
