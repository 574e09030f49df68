"""What comes of an emulator that is reached by http."""

from ministack.core import iam_evaluator

from faults.seams import replace


def make_good() -> None:
    """Policies that demand TLS refuse everyone, as that of SAM's own bucket does."""
    pin = iam_evaluator.pin_request_origin
    replace(pin, lambda source_ip, _secure: pin(source_ip, True))
