"""WCAG 2.2 AA by axe-core: every screen that a test shows is checked, and no violation may be found."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from playwright.sync_api import Page

ENGINE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What of all that depends on the colours alone.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
JUDGE = (
    "async (only) => (await axe.run(document, { runOnly: only })).violations.map((v) => "
    "`${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`)"
)


def findings(page: Page) -> list[str]:
    """Return what axe-core finds on the page as it stands, each with its elements."""
    return _violations(page, "tag", RULES)


def findings_in_both_schemes(page: Page) -> list[str]:
    """Return what axe-core finds on a light page as it stands, and then of its colours on the dark one."""
    found = findings(page)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {each}" for each in _violations(page, "rule", COLOUR_RULES)]
    page.emulate_media(color_scheme="light")
    return found


def _violations(page: Page, kind: Literal["tag", "rule"], values: list[str]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"{ENGINE};0")
    violations: list[str] = page.evaluate(JUDGE, {"type": kind, "values": values})
    return violations
