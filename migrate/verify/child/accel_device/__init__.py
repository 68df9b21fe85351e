"""The simulated device that runs inside the user's interpreter: torch and the standard library only.

`schema` describes the files it shares with the process that started it.
"""
