"""Methods on cases with references: tables of agreement."""
