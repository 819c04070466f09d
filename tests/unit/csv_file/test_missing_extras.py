"""What an installation without the optional libraries says, and that it reads everything else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
from syncd.__main__ import main
sys.argv[0] = "syncd"
sys.exit(main())
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


def ingest(folder: Path, keys: str) -> subprocess.CompletedProcess[str]:
    (folder / "syncd.yaml").write_text(CONFIG.format(keys=keys))
    environment = {
        **os.environ, "SYNCD_C": "secret", "SYNCD_LEDGER_URL": f"sqlite:///{folder}/ledger.db",
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, "--config", str(folder / "syncd.yaml"), "ingest"],
        capture_output=True, text=True, env=environment, cwd=folder, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "module", "extra"),
    [
        ("path: stock.xlsx", "openpyxl", "xlsx"),
        ("path: stock.parquet", "pyarrow", "parquet"),
        (SFTP, "paramiko", "sftp"),
    ],
    ids=["xlsx", "parquet", "sftp"],
)
def test_a_missing_library_is_one_sentence_with_the_command_that_helps(
    tmp_path: Path, keys: str, module: str, extra: str
) -> None:
    put(tmp_path, workbook([["sku", "price"], ["A", 1]]), "stock.xlsx")
    put(tmp_path, parquet({"sku": ["A"], "price": [1]}), "stock.parquet")

    done = ingest(tmp_path, keys)

    told = f"needs {module}, which is not installed: pip install 'syncd[{extra}]'"
    assert 5 == done.returncode
    assert told in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stderr


def test_without_them_other_files_are_read(tmp_path: Path) -> None:
    put(tmp_path, "sku,price\nA,1\n")

    assert 0 == ingest(tmp_path, "path: stock.csv").returncode
