"""Reads systemd's unit files, for tests: every value of every key, in order."""

from collections.abc import Mapping, Sequence
from pathlib import Path

Unit = Mapping[str, Mapping[str, Sequence[str]]]

FOLDER = Path(__file__).parents[2] / "systemd"


def unit(name: str) -> Unit:
    """The shipped unit of this name, by section and key."""
    sections: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            section.setdefault(key, []).append(value)
    return sections
