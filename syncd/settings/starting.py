"""The commented configuration that `syncd init` writes."""

from importlib.resources import files


def starter() -> str:
    """The starter's YAML: mode observe, one CSV file, one TikTok Shop."""
    return files("syncd.settings").joinpath("starter.yaml").read_text(encoding="utf-8")
