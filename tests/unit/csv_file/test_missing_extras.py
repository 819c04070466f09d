"""What an installation without the optional libraries says, and that it reads everything else."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from connectors.csv_file.formats import require
from syncd.domain.errors import SourceUnavailable
from tests.fakes.csv_files import put
from tests.fakes.tables import parquet, workbook

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"openpyxl", "pyarrow", "paramiko"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
from syncd.service.cli import main
for config in sys.argv[1:]:
    code = main(["--config", config, "ingest"])
    print(f"exit {code} ---", flush=True)
"""
CONFIG = """
sources:
  stock: {{kind: csv_file, {keys}, stock: none}}
channels:
  shop: {{kind: tiktok_shop, app_key: k, app_secret: {{credential: c}}, price: {{floor: 1}}}}
"""
SFTP = (
    "path: sftp://u@127.0.0.1:9/s.csv, auth: {password: {credential: c}}, "
    f"host_key: SHA256:{'A' * 43}"
)
FILES = {
    "xlsx": "path: stock.xlsx",
    "parquet": "path: stock.parquet",
    "sftp": SFTP,
    "csv": "path: stock.csv",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What a program without the libraries says when it reads each of the files."""
    folder = tmp_path_factory.mktemp("bare")
    put(folder, workbook([["sku", "price"], ["A", 1]]), "stock.xlsx")
    put(folder, parquet({"sku": ["A"], "price": [1]}), "stock.parquet")
    put(folder, "sku,price\nA,1\n")
    for name, keys in FILES.items():
        (folder / f"{name}.yaml").write_text(CONFIG.format(keys=keys))
    environment = {
        **os.environ, "SYNCD_C": "secret", "SYNCD_LEDGER_URL": f"sqlite:///{folder}/ledger.db",
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *(f"{name}.yaml" for name in FILES)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=folder,
        check=False, timeout=120,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout
    return dict(zip(FILES, done.stdout.split(" ---\n"), strict=False))


@pytest.mark.parametrize(
    ("kind", "module"), [("xlsx", "openpyxl"), ("parquet", "pyarrow"), ("sftp", "paramiko")]
)
def test_a_missing_library_is_one_sentence_with_the_command_that_helps(
    told: Mapping[str, str], kind: str, module: str
) -> None:
    words = f"needs {module}, which is not installed: pip install 'syncd[{kind}]'"
    assert words in " ".join(told[kind].split())
    assert told[kind].endswith("exit 5")
    assert "Traceback" not in told[kind]


def test_without_them_other_files_are_read(told: Mapping[str, str]) -> None:
    assert told["csv"].endswith("exit 0")


@pytest.mark.parametrize("loaded", [None, ModuleType("half_loaded")])
def test_a_library_that_is_there_only_by_half_is_missing(
    monkeypatch: pytest.MonkeyPatch, loaded: ModuleType | None
) -> None:
    monkeypatch.setitem(sys.modules, "half_loaded", loaded)  # one without a spec: ValueError

    with pytest.raises(SourceUnavailable, match="this needs half_loaded, which is not installed"):
        require("half_loaded", "half", "this")
