"""Twins: a crowd fitted to what a project has on record, on which another policy is tried."""
