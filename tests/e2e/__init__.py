"""The contract of the real binary in front of a real Valkey."""
