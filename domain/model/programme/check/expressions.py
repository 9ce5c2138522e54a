"""Expressions: each reads names that exist, compares with codes that exist, and can be evaluated on sample
data.

An expression that fails only where a value is null is sound: it is false on such an event, which the author
may intend.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from domain.model.conditions import Expression, ExpressionFailed, Term, terms
from domain.model.expression_engine import Context
from domain.model.fault_text import FaultText
from domain.model.programme.check import samples
from domain.model.programme.check.checked_file import CheckedFile, PlacedExpression, key_of, noun_of
from domain.model.programme.faults import Finding, nearest, suggestion
from domain.model.programme.syntax_hints import failure_remedy, failure_text
from domain.model.programme.vocabulary import (
    BUILT_IN_EVENTS,
    DECLARED_KINDS,
    EVENTS_WITH_PURCHASE,
    LINE_VARIABLES,
    MEMBER_VARIABLES,
    NOW_VARIABLE,
    PURCHASE_VARIABLES,
    RECORD_PATHS,
    Variable,
    event_variables,
)

_COMPARISON_SIGNS = frozenset({"==", "!=", "in"})
_ELSEWHERE = {
    "purchase": FaultText("write it in a rule on purchase.completed"),
    "line": FaultText("write of: {lines: 'line.category == \"coins\"'}"),
    "event": FaultText("name what the member is, such as member.purchases.total"),
}


def check_expressions(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find expressions that read names that do not exist, or that fail on sample data."""
    for placed in checked_file.expressions:
        if checked_file.follows_from_a_fault(placed):
            continue
        variables_by_event = {
            event: variables
            for event in placed.events or ("",)
            if (variables := _variables(checked_file, placed, event)) is not None
        }
        # The event itself is unknown, which is another fault. Member variables can still be checked.
        if not variables_by_event:
            yield from _unknown_names(placed, {"": member_variables(checked_file)}, only="member")
            yield from _unknown_codes(checked_file, placed, {"": member_variables(checked_file)})
            continue
        if placed.is_by_line and not any(event in EVENTS_WITH_PURCHASE for event in variables_by_event):
            yield Finding(
                placed.path,
                FaultText(
                    "{events} brings no purchase, so there are no lines", events=", ".join(variables_by_event)
                ),
                FaultText("count by an expression instead"),
            )
            continue
        unknown = list(_unknown_names(placed, variables_by_event))
        yield from unknown
        yield from _unknown_codes(checked_file, placed, variables_by_event)
        if not unknown:
            yield from _sample_findings(placed, variables_by_event)


def _variables(
    checked_file: CheckedFile, placed: PlacedExpression, event: str
) -> Mapping[str, Variable] | None:
    """Return the variables of an expression on an event; those of the member alone where it has no event."""
    if placed.events is None:
        return {**member_variables(checked_file), **NOW_VARIABLE}
    fields = checked_file.fields(event)
    if fields is None:
        return None
    purchase = PURCHASE_VARIABLES if event in EVENTS_WITH_PURCHASE else {}
    line = LINE_VARIABLES if placed.is_by_line and purchase else {}
    return {**member_variables(checked_file), **NOW_VARIABLE, **event_variables(fields), **purchase, **line}


def member_variables(checked_file: CheckedFile) -> Mapping[str, Variable]:
    """Return what expressions may read of a member, with the attributes that the file declares."""
    attributes = {
        f"member.attributes.{spec.name}": Variable(
            DECLARED_KINDS[spec.kind], choices=tuple(choice.code for choice in spec.choices)
        )
        for spec in checked_file.programme.attributes
    }
    return {**MEMBER_VARIABLES, **attributes} if attributes else MEMBER_VARIABLES


def _unknown_names(
    placed: PlacedExpression,
    variables_by_event: Mapping[str, Mapping[str, Variable]],
    *,
    only: str | None = None,
) -> Iterator[Finding]:
    for name in sorted(placed.expression.names):
        if only not in (None, name.partition(".")[0]):
            continue
        if name == "member":
            yield Finding(
                placed.path,
                FaultText("it names the member as a whole"),
                FaultText("name what it needs, such as member.tier or member.purchases.total"),
            )
        elif not any(_is_known(variables, name) for variables in variables_by_event.values()):
            known = dict(chain.from_iterable(each.items() for each in variables_by_event.values()))
            yield Finding(
                placed.path, _unknown_name_message(name, placed), _unknown_name_remedy(name, placed, known)
            )


def _unknown_name_message(name: str, placed: PlacedExpression) -> FaultText:
    root = name.partition(".")[0]
    if placed.events is None and root in _ELSEWHERE:
        return FaultText("{root} is not seen here: this is judged over the member alone", root=root)
    if root == "line" and not placed.is_by_line:
        return FaultText("line is seen only inside of: {lines: ...} and of: {items: ...}")
    if root == "purchase" and not EVENTS_WITH_PURCHASE.intersection(placed.events or ()):
        return FaultText("{events} brings no purchase", events=", ".join(placed.events or ()))
    if name.startswith("event.data.") and placed.events:
        return FaultText("there is no {name} on {events}", name=name, events=", ".join(placed.events))
    return FaultText("there is no {name}", name=name)


def _unknown_name_remedy(name: str, placed: PlacedExpression, known: Mapping[str, Variable]) -> FaultText:
    root, (above, _, last) = name.partition(".")[0], name.rpartition(".")
    if above in known and known[above].kind == "texts":
        return FaultText('write "{value}" in {path}', value=last, path=above)
    if root == "event" and f"purchase.{last}" in known:
        return FaultText("did you mean {near}?", near=f"purchase.{last}")
    if placed.events is None and placed.expected == "number" and root in _ELSEWHERE:  # a goal
        return _ELSEWHERE["event"]
    declaration = _declaration(name, placed)
    if declaration is not None:
        above = name.removesuffix(last)
        near = nearest(last, (path.removeprefix(above) for path in known if path.startswith(above)))
        return FaultText("did you mean {near}?", near=above + near) if near is not None else declaration
    same_root = {
        f"{path}.{last}" if variable.kind == "by_code" and path.count(".") < name.count(".") else path
        for path, variable in known.items()
        if path.partition(".")[0] == root
    }
    if same_root:
        return suggestion(name, same_root, FaultText("remove it"))
    if root in _ELSEWHERE:
        return _ELSEWHERE[root]
    roots = ", ".join(sorted({path.partition(".")[0] for path in known}))
    if "." in name:
        return FaultText("names begin with one of {roots}", roots=roots)
    return FaultText(
        'names begin with one of {roots}; a text goes in quotes: "{name}"', roots=roots, name=name
    )


def _declaration(name: str, placed: PlacedExpression) -> FaultText | None:
    """Return how the file can declare a name that is missing; None for one that it cannot."""
    last = name.rpartition(".")[2]
    kind = "int" if placed.expected == "number" else "string"
    if name == f"member.attributes.{last}":
        example = f"{{name: {last}, title: {last.capitalize()}, kind: {kind}}}"
        return FaultText("add it under attributes: {example}, or another kind", example=example)
    declared = [event for event in placed.events or () if event not in BUILT_IN_EVENTS]
    if declared and name == f"event.data.{last}":
        return FaultText(
            "add {name}: {kind} to the data of {event} under events, or another kind",
            name=last,
            kind=kind,
            event=declared[0],
        )
    return None


def _is_known(variables: Mapping[str, Variable], name: str) -> bool:
    """Tell whether a name is a variable, a map that contains variables, or one step into a map by code."""
    if name in variables:
        return True
    above, _, _ = name.rpartition(".")
    if above in variables and variables[above].kind == "by_code":
        return True
    if name.startswith("member.favourite."):
        return True
    return name in RECORD_PATHS and any(
        path.startswith(name + ".")
        for path in (*variables, *(("event.data.",) if "event.at" in variables else ()))
    )


def _unknown_codes(
    checked_file: CheckedFile,
    placed: PlacedExpression,
    variables_by_event: Mapping[str, Mapping[str, Variable]],
) -> Iterator[Finding]:
    """Find texts that are compared with a code, but are not a code of its section."""
    yield from _never_favourites(placed)
    variables = dict(chain.from_iterable(each.items() for each in variables_by_event.values()))
    for path, text in comparisons(placed.expression):
        variable = variables.get(path)
        if variable is not None and variable.choices and text not in variable.choices:
            name = path.rpartition(".")[2]
            remedy = suggestion(
                text, variable.choices, FaultText("add it to the choices of {name}", name=name)
            )
            yield Finding(
                placed.path,
                FaultText(
                    "{path} is compared with {text}: {name} has no such choice",
                    path=path,
                    text=text,
                    name=name,
                ),
                remedy,
            )
        if (
            variable is None
            or variable.code_section is None
            or _is_code_of(checked_file, variable.code_section, text)
        ):
            continue
        remedy = suggestion(
            text,
            checked_file.codes(variable.code_section),
            FaultText("add it under {section}", section=key_of(variable.code_section)),
        )
        yield Finding(
            placed.path,
            FaultText(
                "{path} is compared with {text}: there is no such {noun}",
                path=path,
                text=text,
                noun=noun_of(variable.code_section),
            ),
            remedy,
        )


def _never_favourites(placed: PlacedExpression) -> Iterator[Finding]:
    """Find a favourite that is compared with a category which is not in its list."""
    pieces = terms(placed.expression.source)
    for index, term in enumerate(pieces):
        if term.kind != "call" or term.value != "favourite":
            continue
        end = pieces.index(Term("sign", ")"), index)
        among = [each.value for each in pieces[index:end] if each.kind == "text"]
        for beside in (pieces[end + 1 : end + 3], pieces[max(0, index - 2) : index][::-1]):
            if len(beside) < 2:
                continue
            sign, text = beside
            if sign.value in ("==", "!=") and text.kind == "text" and text.value not in among:
                remedy = suggestion(text.value, among, FaultText("name it in the list"))
                yield Finding(
                    placed.path,
                    FaultText(
                        "favourite is compared with {value}, which its list does not have", value=text.value
                    ),
                    remedy,
                )


def _is_code_of(checked_file: CheckedFile, section: str, code: str) -> bool:
    """Tell whether a section has a code. Without declared consents, every purpose of an earlier version is
    allowed.
    """
    known = checked_file.codes(section)
    return code in known or checked_file.is_incomplete(section) or (section == "consents" and not known)


def comparisons(expression: Expression) -> Iterator[tuple[str, str]]:
    """Yield each path with each text that it is compared with by ==, != and in, or indexed by."""
    pieces = terms(expression.source)
    for index, term in enumerate(pieces):
        if term.kind == "path" and term.value.count(".") >= 2:
            above, _, last = term.value.rpartition(".")
            yield above, last
        if term.value in _COMPARISON_SIGNS and 0 < index < len(pieces) - 1:
            left, right = pieces[index - 1], pieces[index + 1]
            if left.kind == "text" and right.kind == "path":
                yield right.value, left.value
            elif left.kind == "path" and right.kind == "text":
                yield left.value, right.value
            elif left.kind == "path" and right.value == "[" and term.value == "in":
                yield from ((left.value, text) for text in _list_texts(pieces[index + 2 :]))


def _list_texts(rest: tuple[Term, ...]) -> Iterator[str]:
    for term in rest:
        if term.value == "]" and term.kind == "sign":
            return
        if term.kind == "text":
            yield term.value


def _sample_findings(
    placed: PlacedExpression, variables_by_event: Mapping[str, Mapping[str, Variable]]
) -> Iterator[Finding]:
    for event, variables in variables_by_event.items():
        if placed.is_by_line and event not in EVENTS_WITH_PURCHASE:
            continue
        failure = _sample_failure(placed, variables, event)
        if failure is not None:
            message = (
                FaultText("it fails on sample data on {event}: {failure}", event=event, failure=failure)
                if event and len(variables_by_event) > 1
                else FaultText("it fails on sample data: {failure}", failure=failure)
            )
            yield Finding(placed.path, message, failure_remedy(failure))
            return
    yield from _counts_nothing(placed)


def _counts_nothing(placed: PlacedExpression) -> Iterator[Finding]:
    """Find a number that is the same for everybody, and less than anything that can be counted or reached."""
    if placed.expected == "number" and not placed.expression.names:
        answer = placed.expression.value(Context({}))
        if isinstance(answer, int | float) and answer <= 0:
            yield Finding(
                placed.path,
                FaultText(
                    "it is always {answer}: nothing is ever counted or reached by it", answer=f"{answer:g}"
                ),
                FaultText("write a number above 0, such as 5, or what the member or the event brings"),
            )


def _sample_failure(placed: PlacedExpression, variables: Mapping[str, Variable], event: str) -> str | None:
    """Say why an expression cannot be evaluated: a type error on any sample, or an error on all samples.

    Variables that only other events of its list provide may be missing here, where the expression itself asks
    which event it is.
    """
    is_complete = all(_is_known(variables, name) for name in placed.expression.names)
    has_answer, last_failure = False, ""
    for context in samples.full_samples(variables, placed.expression, event):
        try:
            answer = placed.expression.value(context)
        except ExpressionFailed as error:
            last_failure = failure_text(placed.expression, error)
            if error.by_type and is_complete:
                return last_failure
            continue
        has_answer = True
        if placed.expected == "condition" and not isinstance(answer, bool):
            return FaultText("it answers {kind}, not true or false", kind=_kind_text(answer))
        if placed.expected == "number" and (isinstance(answer, bool) or not isinstance(answer, int | float)):
            return FaultText("it answers {kind}, not a number", kind=_kind_text(answer))
    return None if has_answer else last_failure


def _kind_text(answer: object) -> FaultText:
    kinds = {
        bool: FaultText("true or false"),
        int: FaultText("a number"),
        float: FaultText("a number"),
        str: FaultText("a text"),
        list: FaultText("a list"),
        dict: FaultText("a map"),
        type(None): FaultText("null"),
    }
    return kinds.get(type(answer), FaultText("a time"))
