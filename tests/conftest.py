"""Knows how much chance a run takes: none in `make test`, so that red repeats; all it can in `make proof`."""

import os

from hypothesis import settings

settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("proof", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile("proof" if "SYNCD_PROOF" in os.environ else "suite")
