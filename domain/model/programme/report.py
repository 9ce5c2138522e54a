"""The report of a check, for people and machines: every fault, or a summary with the warnings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from domain.model.programme.faults import ProgrammeFault, ProgrammeInvalid
from domain.model.programme.inactive import inactive_keys
from domain.model.programme.loading import LoadedProgramme, load_with_warnings
from domain.model.programme.models import Programme
from domain.model.programme.parsing import content_hash


def check_report(text: str, *, as_json: bool = False, now: datetime | None = None) -> tuple[int, str]:
    """Check a programme file. Returns the exit code (0 valid, 1 faulty) and the text to print. With `now` it
    warns of what is over by then.
    """
    try:
        loaded = load_with_warnings(text, now=now)
    except ProgrammeInvalid as error:
        return 1, faults_json(error.faults) if as_json else faults_text(error.faults)
    digest = content_hash(text)
    return 0, summary_json(loaded, digest) if as_json else summary_text(loaded, digest)


def faults_text(faults: tuple[ProgrammeFault, ...]) -> str:
    """Write faults for people, one a line, in the order of the file."""
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return "\n".join((f"The programme file has {count}:", *(f"  {fault}" for fault in faults)))


def faults_json(faults: tuple[ProgrammeFault, ...]) -> str:
    """Write faults for machines."""
    return json.dumps(
        {"sound": False, "faults": [_fault_json(fault) for fault in faults]}, ensure_ascii=False, indent=2
    )


def summary_text(loaded: LoadedProgramme, digest: str) -> str:
    """Write the content of a valid programme with its warnings, missing texts and inactive keys."""
    header = loaded.programme.programme
    lines = [
        (
            f"{header.name.for_locale(header.locales[0])} ({header.code}) is sound: {header.currency},"
            f" {header.timezone}, {' '.join(header.locales)}"
        )
    ]
    lines += [
        f"  {name:<13}{len(codes):>3}  {', '.join(codes)}"
        for name, codes in _codes(loaded.programme).items()
        if codes
    ]
    lines.append(f"  content {digest[:16]}")
    if loaded.warnings:
        lines += ["Worth a second look:", *(f"  {warning}" for warning in loaded.warnings)]
    for locale, places in loaded.missing_texts.items():
        if places:
            listed = ", ".join(f"{path} (line {line})" for line, path in places)
            lines += [
                (
                    f"{locale} is missing in {_texts(len(places))}, which members then read in"
                    f" {header.locales[0]}:"
                ),
                f"  {listed}",
            ]
    inactive_lines = inactive_keys(loaded.programme)
    if inactive_lines:
        lines += [
            "This version does not act on these yet:",
            *(f"  {sentence}" for sentence in inactive_lines),
        ]
    return "\n".join(lines)


def summary_json(loaded: LoadedProgramme, digest: str) -> str:
    """Write the same for machines, with every missing text."""
    header = loaded.programme.programme
    answer = {
        "sound": True,
        "code": header.code,
        "name": dict(header.name.entries),
        "content": digest,
        "codes": {name: list(codes) for name, codes in _codes(loaded.programme).items()},
        "warnings": [_fault_json(warning) for warning in loaded.warnings],
        "missing": {
            locale: [{"line": line, "path": path} for line, path in places]
            for locale, places in loaded.missing_texts.items()
        },
        "inactive": inactive_keys(loaded.programme),
    }
    return json.dumps(answer, ensure_ascii=False, indent=2)


def _codes(programme: Programme) -> Mapping[str, tuple[str, ...]]:
    return {
        "wallets": tuple(wallet.code for wallet in programme.wallets),
        "events": tuple(event.name for event in programme.events),
        "rules": tuple(rule.code for rule in programme.rules),
        "caps": tuple(cap.code for cap in programme.caps),
        "tiers": tuple(programme.tier_order),
        "badges": tuple(badge.code for badge in programme.badges),
        "rewards": tuple(reward.code for reward in programme.rewards),
        "categories": tuple(category.code for category in programme.categories),
        "segments": tuple(segment.code for segment in programme.segments),
        "codes": tuple(spec.name for spec in programme.codes),
        "attributes": tuple(spec.name for spec in programme.attributes),
        "plans": tuple(plan.code for plan in programme.plans),
        "messages": tuple(message.code for message in programme.messages),
        "consents": tuple(consent.purpose for consent in programme.consents),
        "surveys": tuple(survey.code for survey in programme.surveys),
        "webhooks": tuple(sorted(programme.webhooks)),
        "leaderboards": tuple(board.code for board in programme.leaderboards),
    }


def _fault_json(fault: ProgrammeFault) -> dict[str, object]:
    return {"line": fault.line, "path": fault.path, "message": fault.message, "remedy": fault.remedy}


def _texts(count: int) -> str:
    return "1 text" if count == 1 else f"{count} texts"
