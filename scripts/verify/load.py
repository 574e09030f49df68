"""Clock, latency, and what happens to more requests than the API takes."""

import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

from scripts.verify import judge
from scripts.verify.outcome import Check, Differs, NotTried
from scripts.verify.stack import Stack
from scripts.verify.wire import Answer

CACHED = 10
# Presigned URLs and signatures bear more, people's patience less.
SKEW_SECONDS = 60
MOST_AT_ONCE = 2000
CONNECTIONS = 100


def _clock(stack: Stack) -> str:
    date = stack.get(stack.plain).header("date")
    try:
        skew = parsedate_to_datetime(date).timestamp() - time.time()
    except (TypeError, ValueError):
        raise Differs(f"the Date header is {date!r}") from None
    if abs(skew) > SKEW_SECONDS:
        raise Differs(f"the endpoint's clock and this machine's are {skew:.0f} s apart")
    return f"within {abs(skew):.0f} s"


def _latency(stack: Stack) -> str:
    """Nothing is promised of it; the report has more figures."""
    path = stack.path(stack.plain.key)
    got = [stack.get(stack.plain) for _ in range(CACHED)]
    heads = [stack.ask(path, "HEAD") for _ in range(CACHED)]
    for answer in (*got, *heads):
        judge.status(answer, 200)
    stack.seconds["HEAD"] += [answer.seconds for answer in heads]
    median, head = (statistics.median(answer.seconds for answer in answers) for answers in (got, heads))
    [first] = stack.seconds["the first request"]
    return (
        f"first request {first * 1000:.0f} ms, cached GET {median * 1000:.0f} ms, HEAD {head * 1000:.0f} ms (medians)"
    )


def _throttled(stack: Stack) -> str:
    """More requests at once than the API accepts. They do not reach S3."""
    count = stack.settings.burst
    if not count:
        raise NotTried("give BURST=n, more than the API accepts at once: for example 300, as the template says 100")

    def ask(_: int) -> Answer:
        return stack.ask(f"/{stack.bucket}?torrent")

    with ThreadPoolExecutor(min(count, CONNECTIONS)) as pool:
        answers = list(pool.map(ask, range(count)))
    counts = dict(Counter(answer.status for answer in answers))
    refused = [answer for answer in answers if answer.status != 400]
    for answer in refused:
        judge.slow_down(answer)
        judge.cors(answer)
    if not refused:
        raise NotTried(f"none of {count} requests was turned away")
    return f"answers by status {counts}; the 503 is {refused[0]}"


CHECKS = (
    Check("clock", _clock),
    Check("latency", _latency),
    Check("throttled requests", _throttled),
)
