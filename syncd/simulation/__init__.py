"""A world on simulated time that sells, loses messages and crashes around the real planner and ledger."""
