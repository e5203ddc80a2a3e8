"""Errors a user can act on: one sentence saying what is wrong, where, and what to do."""


class DSCBrainSegError(Exception):
    """Base of every error that is the input's or the environment's fault, not a bug.

    The message is one plain sentence for a person; the command line and the Slicer module show it
    without a traceback.
    """


class SeriesError(DSCBrainSegError):
    """The input is not a series that can be read or segmented."""


class ConfigurationError(DSCBrainSegError):
    """A setting has a value that cannot be used."""


class OutputError(DSCBrainSegError):
    """A result cannot be written where it was asked for."""


class WeightsError(DSCBrainSegError):
    """Network weights are missing, damaged or do not fit the network."""


class MissingPackageError(DSCBrainSegError):
    """An optional package that this action needs is not installed."""


class Cancelled(DSCBrainSegError):
    """The user cancelled; nothing was written."""
