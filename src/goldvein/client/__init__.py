"""The SDK: knows the wire shapes and an HTTP client, nothing else."""
