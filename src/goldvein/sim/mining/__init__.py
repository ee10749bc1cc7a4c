"""Rules of mining compete on a pool of tasks whose keys are known."""
