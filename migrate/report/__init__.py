"""A run's report in every form: each renderer turns a `RepoReport` into text or bytes, and prints nothing."""
