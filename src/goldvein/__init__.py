"""Goldvein: human labelling that tests its labelers with benchmarks it mines itself."""

__version__ = "0.1.0"
