"""Trying a draft on a story: the events of a simulation as one text, and its answers, bounded."""

from __future__ import annotations

from datetime import datetime

from domain.model.programme.drafts.story_trial import MAX_ANSWERS, StoryTrial
from domain.model.programme.loading import load
from domain.model.simulate.answers import Answer
from domain.model.simulate.events_file import simulate
from domain.model.simulate.inputs import InputMalformed


def try_story(programme: str, story: str, *, until: datetime | None = None) -> StoryTrial:
    """Run the lines of a story through a programme file, as `selo simulate` does. Raises ProgrammeInvalid."""
    answers: list[Answer] = []
    warnings: list[str] = []
    try:
        for answer in simulate(load(programme), story.splitlines(), until=until, warn=warnings.append):
            if len(answers) == MAX_ANSWERS:
                return StoryTrial(tuple(answers), tuple(warnings), is_cut=True)
            answers.append(answer)
    except InputMalformed as fault:
        return StoryTrial(tuple(answers), tuple(warnings), str(fault))
    return StoryTrial(tuple(answers), tuple(warnings))
