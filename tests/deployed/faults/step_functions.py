"""Faults of ministack's Step Functions."""

from ministack.services import stepfunctions

from faults.seams import replace


def make_good() -> None:
    """All of this module."""
    throttled_calls_have_their_name()


def throttled_calls_have_their_name() -> None:
    """A call that Lambda throttles fails as `Lambda.Unknown`, so a state machine retries it as any other."""
    call = stepfunctions._call_lambda

    def call_lambda(function: str, event: object) -> object:
        try:
            return call(function, event)
        except stepfunctions._ExecutionError as error:
            if error.error == "Lambda.Unknown" and "TooManyRequestsException" in error.cause:
                raise stepfunctions._ExecutionError("Lambda.TooManyRequestsException", error.cause) from error
            raise

    replace(call, call_lambda)
