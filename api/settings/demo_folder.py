"""Where the demo's files are: beside the packages in the project, in `api/demo` where Selo was installed."""

from pathlib import Path

_PLACES = (Path(__file__).parents[2] / "scripts" / "demo", Path(__file__).parents[1] / "demo")
DEMO_FOLDER = next((place for place in _PLACES if place.is_dir()), _PLACES[0])
PROGRAMME = DEMO_FOLDER / "programmes" / "numiscollect.yaml"
PICTURES = DEMO_FOLDER / "art"
