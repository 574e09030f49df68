"""The one error a person sees: a single clear line, no traceback."""


class StackError(Exception):
    """Something could not be started or done; the message says what, and what to do about it."""
