"""Knows how a run takes the tests: with how much chance, and which of them beside which others.

No chance in `make test`, so that red repeats; all there is in `make proof`.
"""

import os
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import settings

PROCESSES = Path(__file__).parent / "process"

settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("proof", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile("proof" if "SYNCD_PROOF" in os.environ else "suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of processes mostly wait: each goes where there is room, before the others, who fill the gaps.

    Those that share something dear name their group; all others stay with their file.
    """
    items.sort(key=lambda item: not item.path.is_relative_to(PROCESSES))
    for item in items:
        if not item.path.is_relative_to(PROCESSES):
            item.add_marker(pytest.mark.xdist_group(f"{item.path.parent.name}/{item.path.stem}"))


def pytest_sessionfinish() -> None:
    """A worker that takes long to end is killed: what it measured is written before."""
    measuring = Coverage.current()
    if measuring is not None and "PYTEST_XDIST_WORKER" in os.environ:
        measuring.save()
