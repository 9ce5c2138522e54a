"""The release that runs: `/health` says it, and so does the schema over HTTP."""

from typing import Final

RELEASE: Final = "0.1.0"
