"""Scheduled and deferred work; each job calls one service."""
