"""Drafts of the programme: the check of one, and its try on a story."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import orjson
import strawberry

from api.graphql.engine.shared_types import Info
from domain.model.fault_text import text_in
from domain.model.programme.drafts import draft_check

DraftText = Annotated[str, strawberry.argument(description="The draft, at most 200,000 characters.")]


@strawberry.type(description="A fault or a warning of a draft, where an editor marks it.")
class ProgrammeFault:
    line: int = strawberry.field(description="Counted from 1.")
    column: int = strawberry.field(description="Counted from 1: where the key or the text begins.")
    path: str = strawberry.field(description="The field, with items counted from 0: `rules[3].when`.")
    message: str = strawberry.field(
        description="What is wrong, as `selo programme check` says it, in the language of Accept-Language."
    )
    remedy: str = strawberry.field(description="What would be right, in the same language.")


@strawberry.type(description="A text that a language of the programme lacks.")
class MissingProgrammeText:
    locale: str = strawberry.field(description="Which language; members then read the first one.")
    line: int = strawberry.field(description="Counted from 1.")
    path: str = strawberry.field(description="The field.")


@strawberry.type(description="What `selo programme check` says of a draft.")
class ProgrammeCheck:
    is_sound: bool = strawberry.field(description="Whether it has no fault, and can be published.")
    faults: list[ProgrammeFault] = strawberry.field(description="Every fault, in the order of the file.")
    warnings: list[ProgrammeFault] = strawberry.field(
        description="What is worth a second look, and can be published."
    )
    missing_texts: list[MissingProgrammeText] = strawberry.field(
        description="The texts that a language lacks."
    )
    inactive: list[str] = strawberry.field(description="What this release does not act on yet.")


@strawberry.type(description="What a draft makes of a story.")
class ProgrammeTrial:
    answers: list[str] = strawberry.field(
        description=(
            "JSON objects as `selo simulate` writes them: what each event brought, with what time brings in"
            " between, then each member; at most 1,000."
        )
    )
    warnings: list[str] = strawberry.field(description="What is odd about the story, in English.")
    fault: str | None = strawberry.field(
        description="Why the story cannot be run from a line on, in English; null where it ran to its end."
    )
    is_cut: bool = strawberry.field(description="Whether there would be more answers.")


def faults_of(faults: Iterable[draft_check.DraftFault], language: str) -> list[ProgrammeFault]:
    """Return faults as the console shows them, in its language."""
    return [
        ProgrammeFault(
            line=each.line,
            column=each.column,
            path=each.path,
            message=text_in(each.message, language),
            remedy=text_in(each.remedy, language),
        )
        for each in faults
    ]


@strawberry.type
class ProgrammeDraftQuery:
    @strawberry.field(
        description=(
            "Operators, at the console: every fault of a draft with its line, as `selo programme check` has"
            " it. BUSY where others check at the same time."
        )
    )
    async def programme_check(self, info: Info, text: DraftText) -> ProgrammeCheck:
        check = await info.context.dependencies.drafts.check(text, now=info.context.loaders.now)
        language = info.context.loaders.language
        return ProgrammeCheck(
            is_sound=check.digest is not None,
            faults=faults_of(check.faults, language),
            warnings=faults_of(check.warnings, language),
            missing_texts=[
                MissingProgrammeText(locale=each.locale, line=each.line, path=each.path)
                for each in check.missing_texts
            ],
            inactive=list(check.inactive),
        )

    @strawberry.field(
        description=(
            "Operators, at the console: runs a story through a draft, as `selo simulate` does, without any"
            " member: 500 lines, 100,000 characters and 8 seconds at most."
        )
    )
    async def programme_trial(
        self,
        info: Info,
        text: DraftText,
        story: Annotated[str, strawberry.argument(description="The events, one JSON object a line.")],
        until: Annotated[
            datetime | None,
            strawberry.argument(description="Until when time runs; null for the last event's instant."),
        ] = None,
    ) -> ProgrammeTrial:
        trial = await info.context.dependencies.drafts.try_story(text, story, until=until)
        return ProgrammeTrial(
            answers=[orjson.dumps(each).decode() for each in trial.answers],
            warnings=list(trial.warnings),
            fault=trial.fault,
            is_cut=trial.is_cut,
        )
