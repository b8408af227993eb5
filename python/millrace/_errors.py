"""What can go wrong, in the words of the one who wrote the notebook."""


class MillraceError(Exception):
    """Any error of this library."""


class NotConfigured(MillraceError):
    """An address, a key or a setting is missing or unreadable."""


class NotAvailable(MillraceError):
    """A service does not answer, or what was asked for is not there."""


class AccessRefused(MillraceError):
    """A service does not take the keys or the token of this program."""


class QueryFailed(MillraceError):
    """Presto did not run a query."""


class ParameterError(MillraceError):
    """A value does not fit a query, a topic or a notebook."""


class MissingParameter(ParameterError):
    """A query or a notebook needs a parameter that it did not get."""


class UnknownParameter(ParameterError):
    """A parameter that a query or a notebook does not have."""


class NotebookFailed(MillraceError):
    """A cell of a notebook failed; the executed notebook was saved all the same."""


class MaintenanceFailed(MillraceError):
    """Upkeep of tables of the lake failed; the others were maintained all the same."""
