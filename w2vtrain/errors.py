"""The one exception that users are meant to see."""


class W2VError(Exception):
    """A failure that the user can mend.

    The command line prints it as `Error: message` and `Hint: hint` and exits with 1.

    Args:
        message: what is wrong, with the value received and the place.
        hint: what to do next; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} Hint: {self.hint}" if self.hint else self.message


class TrainingStopped(W2VError):  # noqa: N818
    """A training that was asked to stop and has written a checkpoint."""
