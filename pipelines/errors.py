"""What can go wrong, and what the person in front of the screen is told about it.

Invariant: every error that reaches a page or the command line is a TouchlineError with a message (what happened, to which file, row,
column or source) and a remedy (what to do now). Anything else is a defect of ours.
"""


class TouchlineError(Exception):
    """Something the user can be told in a sentence: `message` says what happened, `remedy` what to do."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


class WrongUsage(TouchlineError):
    """A question, parameter or option that does not exist or does not hold: the caller must ask differently."""


class FileRefused(TouchlineError):
    """A file of which nothing could be taken. `missing` names the required fields that no column was found for."""

    def __init__(self, message: str, remedy: str = "", missing: tuple[str, ...] = ()) -> None:
        super().__init__(message, remedy)
        self.missing = missing


class NotFound(TouchlineError):
    """A thing named by the user (an upload, a point) that is not there."""


class WarehouseUnavailable(TouchlineError):
    """PostgreSQL does not answer."""


class LakeUnavailable(TouchlineError):
    """The lake, or the engine that reads it, does not answer."""


class CannotCarry(TouchlineError):
    """Data that a model cannot be fitted on: `message` says what they lack, `remedy` what would help."""
