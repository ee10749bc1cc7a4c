"""The incident of 2019: people who take the longest option, where it is right on 85% of unambiguous tasks."""
