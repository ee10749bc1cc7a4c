"""The self-attack: whether what labelers receive tells a benchmark from other work."""
