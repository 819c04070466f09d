"""Knows how a run takes the tests: with how much chance, and which of them beside which others.

No chance in `make test`, so that red repeats; all there is in `make proof`.
"""

import os
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

PROCESSES = Path(__file__).parent / "process"
SHARING = frozenset({"test_daemon_life", "test_demo", "test_other_users"})
"""Files whose tests share a daemon, a demo, a machine with users."""

settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("proof", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile("proof" if "SYNCD_PROOF" in os.environ else "suite")


class WhereThereIsRoom(LoadScopeScheduling):  # type: ignore[misc]  # xdist tells no types
    """Tests of processes mostly wait: each goes where there is room, before the others, who fill the gaps.

    Those that share something dear, and all that are no processes, stay with their file.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", maxsplit=1)[0]
        alone = path.startswith("tests/process/") and Path(path).stem not in SHARING
        return nodeid if alone else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WhereThereIsRoom:
    """Instead of `--dist loadgroup`, whose marks this pytest leaves out of the names of tests."""
    return WhereThereIsRoom(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of processes come first, those of one daemon before all, because they take longest."""
    items.sort(
        key=lambda item: (not item.path.is_relative_to(PROCESSES), item.path.stem not in SHARING)
    )


def pytest_sessionfinish() -> None:
    """A worker that takes long to end is killed: what it measured is written before."""
    measuring = Coverage.current()
    if measuring is not None and "PYTEST_XDIST_WORKER" in os.environ:
        measuring.save()
