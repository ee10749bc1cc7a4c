"""Pages for people, made on the server; small ES modules make the live ones live.

One module per kind of person holds the handlers, one template per page what they show. A page reads by the
same services as the API and never decides anything; what it changes, it changes by a service.
"""
