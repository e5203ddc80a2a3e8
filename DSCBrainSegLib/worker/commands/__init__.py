"""What the worker can be asked for, a file for each command."""
