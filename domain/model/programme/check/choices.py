"""Words that follow a number or a code: the forms that each language needs, and codes that do not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from domain.model.fault_text import FaultText, joined
from domain.model.locales import EVERYDAY_COUNTS, OTHER, PluralKind, everyday_form, plural_forms
from domain.model.message_format import Choice, TextParts, choices, exact_number, literals
from domain.model.programme.check.checked_file import CheckedFile, key_of
from domain.model.programme.faults import Finding, KeyPath, suggestion
from domain.model.programme.vocabulary import PLACEHOLDER_VALUES, Variable

_FORMS: Final = ("zero", "one", "two", "few", "many", OTHER)
_TRUTHS: Final = frozenset({"true", "false"})
_QUOTED: Final = re.compile(r"\{[^{}]*\}")


def check_choices(
    checked_file: CheckedFile, path: KeyPath, parts: TextParts, *, locale: str, events: frozenset[str]
) -> Iterator[Finding]:
    """Find forms that a text lacks, forms and codes that do not exist, and names that are no number. Warn of
    forms that are never chosen, and of placeholders in quotes. `events` are those that send the message.
    """
    for choice in choices(parts):
        variable = _variable(checked_file, choice.name, events)
        if choice.kind == "select":
            yield from _select_findings(checked_file, path, choice, variable)
        else:
            yield from _number_findings(path, choice, choice.kind, variable, locale)
    for quoted in (match for words in literals(parts) for match in _QUOTED.findall(words)):
        yield Finding(
            path,
            FaultText("{quoted} stands in quotes, so members read it as it stands", quoted=quoted),
            FaultText("write '' for an apostrophe before a brace"),
            is_warning=True,
        )


def _variable(checked_file: CheckedFile, name: str, events: frozenset[str]) -> Variable | None:
    """Return what a placeholder holds; None where there is none of the name, or its events differ in it."""
    if not name.startswith("event."):
        return PLACEHOLDER_VALUES.get(name)
    declared = [checked_file.fields(event) or {} for event in events]
    variables = {
        fields[name.removeprefix("event.")] for fields in declared if name.removeprefix("event.") in fields
    }
    return variables.pop() if len(variables) == 1 else None


def _number_findings(
    path: KeyPath, choice: Choice, kind: PluralKind, variable: Variable | None, locale: str
) -> Iterator[Finding]:
    shown = f"{{{choice.name}, {kind}}}"
    if variable is not None and variable.kind != "whole":
        yield Finding(
            path,
            FaultText("{{{name}}} is no number, so it has no {kind} forms", name=choice.name, kind=kind),
            FaultText("write {{{name}, select, CODE {{...}} other {{...}}}}", name=choice.name),
        )
        return
    own_forms = plural_forms(locale, kind)
    for key in choice.options:
        if key not in _FORMS and exact_number(key) is None:
            known = [form for form in _FORMS if form in own_forms]
            yield Finding(
                path,
                FaultText('"{key}" is no form of {shown}', key=key, shown=shown),
                FaultText("write {known}, or a number such as =0", known=", ".join(known)),
            )
        elif key in _FORMS and key not in own_forms:
            yield Finding(
                path,
                FaultText('"{key}" is never chosen in {locale}', key=key, locale=locale),
                FaultText(
                    "remove it: {locale} has {known}",
                    locale=locale,
                    known=", ".join(form for form in _FORMS if form in own_forms),
                ),
                is_warning=True,
            )
    missing = _missing_forms(choice, kind, locale)
    if missing:
        examples = [
            FaultText("{form} is for {counts}", form=form, counts=", ".join(map(str, counts)))
            for form, counts in missing.items()
        ]
        yield Finding(
            path,
            FaultText(
                "{shown} lacks {forms}, which {locale} needs: {examples}",
                shown=shown,
                forms=joined(missing, FaultText("{before} and {after}")),
                locale=locale,
                examples=joined(examples, FaultText("{before}; {after}")),
            ),
            FaultText("add {forms}", forms=" ".join(f"{form} {{...}}" for form in missing)),
        )


def _missing_forms(choice: Choice, kind: PluralKind, locale: str) -> Mapping[str, list[int]]:
    """Return the forms that everyday counts need and that a choice lacks, each with its first counts."""
    exact = {number for key in choice.options if (number := exact_number(key)) is not None}
    missing: dict[str, list[int]] = {}
    for count in EVERYDAY_COUNTS:
        form = everyday_form(count, locale, kind)
        if form not in choice.options and count not in exact and len(missing.setdefault(form, [])) < 3:
            missing[form].append(count)
    return missing


def _select_findings(
    checked_file: CheckedFile, path: KeyPath, choice: Choice, variable: Variable | None
) -> Iterator[Finding]:
    if variable is None:
        return
    keys = choice.options.keys() - {OTHER}
    if variable.kind == "truth":
        known, what = _TRUTHS, FaultText("true or false")
    elif variable.code_section is not None and not checked_file.is_incomplete(variable.code_section):
        known = checked_file.codes(variable.code_section)
        what = FaultText("a code of {section}", section=key_of(variable.code_section))
    else:
        return
    for key in sorted(keys - known):
        yield Finding(
            path,
            FaultText('"{key}" of {{{name}, select}} is not {what}', key=key, name=choice.name, what=what),
            suggestion(key, known, FaultText("remove it")),
        )
