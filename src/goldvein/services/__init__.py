"""One module per step of a task's way; one transaction per use case; every write lives here."""
