"""Measurements of speed and of statistical efficiency; each prints its machine, sizes and seed."""
