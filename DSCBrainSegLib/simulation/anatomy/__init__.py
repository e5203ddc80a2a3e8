"""Heads: tissues, label maps, a template head, the field they make."""
