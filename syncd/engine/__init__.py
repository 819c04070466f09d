"""The cycle: read sources, plan, guard, apply, verify; knows ports and domain only."""
