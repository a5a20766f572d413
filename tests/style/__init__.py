"""The rules of docs and code that matter enough to be a test."""
