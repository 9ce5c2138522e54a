"""THE PORCH: processes and protocols. No rule of the programme lives here."""

import gc
import sys

# What is imported lives for good: looking for garbage in it would be a tenth of every start.
# `commands/running.py` looks again.
gc.set_threshold(1_000_000)

# structlog loads rich to draw tracebacks, wherever it is installed. Ours are plain (`logs.py`), and its 60
# files cost every start 4 MB.
if "rich" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment]  # how Python is told that a module is not there
    import structlog  # noqa: F401

    del sys.modules["rich"]
