"""Helpers of the Python tests: processes, protocols, the reference model, the ledger."""
