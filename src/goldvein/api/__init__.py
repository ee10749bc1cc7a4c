"""The HTTP edge: parse, call a service, respond; one shape for every error."""
