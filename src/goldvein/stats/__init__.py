"""Pure mathematics on arrays: posteriors, items, shortcuts, consensus, agreement and drift."""
