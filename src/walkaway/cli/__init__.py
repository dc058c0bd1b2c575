"""The `walkaway` command: one file a command, and nothing else knows the terminal.

May import every floor. Begin with `command_line.py`, which lists the commands.
"""
