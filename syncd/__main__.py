"""The installed command: answers `--version` without loading anything else."""

import sys


def main() -> None:
    """Run the command line; always leaves by SystemExit."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from syncd import __version__

        sys.stdout.write(f"syncd {__version__}\n")
        raise SystemExit(0)
    from syncd.service.cli import main as run_command

    raise SystemExit(run_command(sys.argv[1:]))


if __name__ == "__main__":
    main()
