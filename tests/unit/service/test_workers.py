"""Knows that a worker ends with its command, whatever the interruption of it fell into."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from syncd.service.workers import unless_interrupted, working
from tests.process.daemons import until


def deaf_once(folder: Path) -> None:
    """Work without end that loses its first interruption, as a finalizer does, and takes its folder with it."""
    begun = folder / "begun"
    begun.touch()
    try:
        try:
            threading.Event().wait(600)
        except KeyboardInterrupt:
            (folder / "lost").touch()
        threading.Event().wait(600)
    finally:
        begun.unlink()


def deaf(folder: Path) -> None:
    """Work that no interruption ends."""
    (folder / "begun").touch()
    while True:
        try:
            threading.Event().wait(600)
        except KeyboardInterrupt:
            (folder / "lost").touch()


def next_one(folder: Path) -> None:
    """What a pool has handed out before the interruption and would begin after it."""
    (folder / "next").touch()
    threading.Event().wait(600)


def interrupted(*works: Callable[[Path], None], at: Path) -> None:
    """These works, given to one worker, whose command is interrupted in the first of them."""
    with working(1) as pool:
        for work in works:
            pool.submit(unless_interrupted, work, at)
        until((at / "begun").exists, "the work is begun")
        raise KeyboardInterrupt


def left(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def test_a_worker_that_lost_its_interruption_is_interrupted_again_and_cleans_up(
    tmp_path: Path,
) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(deaf_once, at=tmp_path)
    assert {"lost"} == left(tmp_path)


def test_work_that_no_interruption_ends_does_not_keep_its_command(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(deaf, at=tmp_path)
    assert {"begun", "lost"} == left(tmp_path)


def test_work_that_was_handed_out_before_an_interruption_is_not_begun_after_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(deaf_once, next_one, at=tmp_path)
    assert {"lost"} == left(tmp_path)
