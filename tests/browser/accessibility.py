"""WCAG 2.2 AA by axe-core: every screen that a test shows is checked, and no violation may be found."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

ENGINE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def findings(page: Page) -> list[str]:
    """Return what axe-core finds on the page as it stands, each with its elements."""
    page.evaluate(f"{ENGINE};0")
    violations: list[str] = page.evaluate(
        "async (tags) => (await axe.run(document, { runOnly: tags })).violations.map((v) => "
        "`${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`)",
        RULES,
    )
    return violations
