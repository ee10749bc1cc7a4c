"""Policies compete on the same simulated population, answer by answer, on a virtual clock."""
