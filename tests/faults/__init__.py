"""Runs of the real server under load while something breaks, each checked with a ledger."""
