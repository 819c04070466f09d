"""The layout shows the architecture: module sizes, names, and first sentences."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path
    for package in ("syncd", "connectors")
    for path in (ROOT / package).rglob("*.py")
    if "versions" not in path.parts and "__pycache__" not in path.parts
)
MOST_LINES = 400
FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_small_and_says_what_it_knows(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert len(text.splitlines()) <= MOST_LINES
    assert path.stem not in FORBIDDEN
    assert ast.get_docstring(ast.parse(text))


def test_no_path_of_a_machine_and_no_registry_is_named() -> None:
    words = ("index-url", "/" + "root/", "pypi" + ".org", "files.python" + "hosted")
    for path in [*MODULES, ROOT / "requirements.lock", ROOT / "README.md", ROOT / "pyproject.toml"]:
        text = path.read_text(encoding="utf-8")
        assert not [word for word in words if word in text], path


def test_the_version_is_the_same_everywhere() -> None:
    from syncd import __version__

    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text()
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()
