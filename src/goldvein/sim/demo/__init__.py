"""The demonstration: a whole operation on one machine, with a customer who trains on what it gets."""
