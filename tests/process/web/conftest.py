import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.process.conftest import Shopkeeper, seed_of, shopkeeper_of

ROOT = Path(__file__).parents[3]


@contextmanager
def serving(keeper: Shopkeeper, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The surface as its own process, and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.process.web.serving", str(keeper.folder / "syncd.yaml")],
        cwd=ROOT, text=True, stdout=subprocess.PIPE,
        env={**keeper.environment, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(20)
        assert process.stdout is not None
        process.stdout.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def web_keeper_of(folder: Path, seed: dict[str, object], *flags: str) -> Iterator[Shopkeeper]:
    """A connected shopkeeper whose configuration serves the web on a free port."""
    with shopkeeper_of(folder, seed, *flags) as keeper:
        port = free_port()
        config = keeper.folder / "syncd.yaml"
        text = config.read_text().replace(
            "    rate: 200\n",
            f"    rate: 200\n    service_id: '7'\n"
            f"    authorize_url: {keeper.shop['url']}/open/authorize\n",
        )
        listen = f"127.0.0.1:{port}"
        config.write_text(f"{text}web: {{listen: {listen}, public_url: http://{listen}}}\n")
        yield keeper


def address(keeper: Shopkeeper) -> str:
    """Where its daemon serves the web."""
    listen = (keeper.folder / "syncd.yaml").read_text().split("listen: ")[1].partition(",")[0]
    return f"http://{listen}"


@pytest.fixture
def web_keeper(tmp_path: Path) -> Iterator[Shopkeeper]:
    """One with three SKUs."""
    with web_keeper_of(tmp_path, seed_of(3)) as keeper:
        yield keeper
