"""A USB scanner's keys as Chromium gets them: pressed by place, on the layout of whoever uses the device."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, Page

DIGITS = {f"Digit{digit}": str(digit) for digit in range(10)}
LETTERS = {f"Key{letter}": letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
# What each place gives, without and with Shift: on a keyboard of the United States, which is what scanners are.
UNITED_STATES: dict[str, str] = {
    **{code: digit + ")!@#$%^&*("[int(digit)] for code, digit in DIGITS.items()},
    **{code: letter + letter.upper() for code, letter in LETTERS.items()},
    "Minus": "-_",
    "BracketRight": "]}",
    "Backslash": "\\|",
    "Space": "  ",
}
LAYOUTS: dict[str, dict[str, str]] = {
    "United States": {},
    "Portuguese": {"Minus": "'?", "BracketRight": "´`", "Slash": "-_", "Digit2": '2"', "Digit7": "7/"},
    "German": {
        "KeyY": "zZ",
        "KeyZ": "yY",
        "Minus": "ß?",
        "BracketRight": "+*",
        "Slash": "-_",
        "Digit2": '2"',
    },
    "French": {
        "KeyA": "qQ",
        "KeyQ": "aA",
        "KeyW": "zZ",
        "KeyZ": "wW",
        "KeyM": ",?",
        "Semicolon": "mM",
        "Minus": ")°",
        "BracketRight": "$£",
        **{f"Digit{digit}": f"{plain}{digit}" for digit, plain in enumerate("à&é\"'(-è_ç")},
    },
}


@dataclass(slots=True)
class Scanner:
    """Types at a page. `layout` is the device's; `set_up_for` the one that the scanner believes in."""

    context: BrowserContext
    page: Page
    layout: str = "United States"
    set_up_for: str = "United States"
    caps_lock: bool = False
    gap_seconds: float = 0.01
    _at: float = field(default_factory=time.time)

    def scan(self, text: str, end: str = "Enter") -> None:
        """Type a text, one key every `gap_seconds` by the browser's own time, and end it with a key or none."""
        session = self.context.new_cdp_session(self.page)
        believed = {**UNITED_STATES, **LAYOUTS[self.set_up_for]}
        real = {**UNITED_STATES, **LAYOUTS[self.layout]}
        self._at = max(self._at + 1, time.time())
        for character in text:
            code, shift = next(
                (code, each.index(character)) for code, each in believed.items() if character in each
            )
            shown = real.get(code, "??")[shift]
            if self.caps_lock and shown.isalpha() and shown != "ß":
                shown = shown.swapcase()
            self._press(session, code=code, key=shown, text=shown, modifiers=8 if shift else 0)
        if end:
            self._press(session, code=end, key=end, text="\r" if end == "Enter" else "", modifiers=0)
        session.detach()

    def _press(self, session: object, **key: object) -> None:
        self._at += self.gap_seconds
        send = session.send  # type: ignore[attr-defined]
        code = {"Enter": 13, "Tab": 9}.get(str(key["key"]), 0)
        send(
            "Input.dispatchKeyEvent",
            {"type": "keyDown", "timestamp": self._at, "windowsVirtualKeyCode": code, **key},
        )
        send(
            "Input.dispatchKeyEvent",
            {"type": "keyUp", "timestamp": self._at, "windowsVirtualKeyCode": code, **key, "text": ""},
        )
