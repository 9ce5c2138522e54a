"""The on-call game: one of six faults at random, hidden until it is named. Run by `scripts/on-call`."""

import argparse
import secrets
import threading
import time
from pathlib import Path

from tests.on_call_scene import FAULTS, MEMBERS, Scene, open_scene

PAUSE_SECONDS = 1.0
QUIET_SECONDS = 8


def trade(scene: Scene, is_over: threading.Event) -> None:
    """Have customers buy until the game is over."""
    while not is_over.wait(PAUSE_SECONDS):
        scene.buy(secrets.choice(MEMBERS))


def ask(answer: Path | None) -> str:
    """Return the name that the player gives."""
    if answer is None:
        return input("Which fault is it? ").strip()
    while not answer.exists():
        time.sleep(0.5)
    return answer.read_text().strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answer", type=Path, help="the file in which the name will stand")
    options = parser.parse_args()
    fault, is_over = secrets.choice(FAULTS), threading.Event()
    with open_scene() as scene:
        customers = threading.Thread(target=trade, args=(scene, is_over))
        customers.start()
        try:
            for part in scene.parts:
                print(
                    f"{part.name}: http://127.0.0.1:{part.port}/metrics and /ready, log {part.log}",
                    flush=True,
                )
            time.sleep(QUIET_SECONDS + secrets.randbelow(10))
            fault.inject(scene)
            began = time.monotonic()
            print(f"Something is wrong. It is one of: {', '.join(each.name for each in FAULTS)}", flush=True)
            named = ask(options.answer)
            verdict = "right" if named == fault.name else f"wrong: it is {fault.name}"
            print(f"{named}: {verdict}, after {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
        finally:
            is_over.set()
            customers.join()


if __name__ == "__main__":
    main()
