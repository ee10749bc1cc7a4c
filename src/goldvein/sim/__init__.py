"""Labeler behaviours, populations, scenarios and replay; the service never imports it."""
