"""The nouns as frozen records, and what can go wrong. Standard library only."""
