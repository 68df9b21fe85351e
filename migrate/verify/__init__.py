"""Runs a migrated script on a simulated device, and says what that showed: what this needs of the repository, the
vendor's table and the user's Python. What runs in that Python is in `child`, and imports nothing of this."""
