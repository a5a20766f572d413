"""What a report costs in things that can be counted."""
