"""What came of a draft that was tried on a story, and how long a story may be. `domain.model.simulate.trial`
tries it.
"""

from __future__ import annotations

from typing import Any

from domain.model.values import dataclass

MAX_STORY_LINES = 500
MAX_STORY_CHARACTERS = 100_000
MAX_ANSWERS = 1_000


@dataclass(frozen=True, slots=True)
class StoryTrial:
    """What a simulation answered, up to its first fault: `fault` says what is wrong with the story, and
    `is_cut` that it had more to answer than MAX_ANSWERS.
    """

    answers: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...] = ()
    fault: str | None = None
    is_cut: bool = False
