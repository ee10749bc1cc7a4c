"""The JSON shapes that the API and the client share; imports nothing else of goldvein."""
