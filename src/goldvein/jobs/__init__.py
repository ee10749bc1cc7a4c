"""Scheduled and deferred work, each piece of which calls one service: what ``goldvein work`` runs.

Any number of processes may run it on one database. Three threads: webhooks, sweeps, and the schedule.
"""

from goldvein.jobs.process import run

__all__ = ["run"]
