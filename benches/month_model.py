"""What a month costs by list prices of us-east-1: without a call, and for what downloaders fetch.

The formulas behind two tables of docs/COSTS.md. tests/template/test_costs.py compares them.
"""

from benches.cost_model import GB_TO_CALLER

ALARM = 0.10
DASHBOARD = 3.00

# GB of a tier, and dollars for each: what S3 sends to the internet, and CloudFront to the USA, Canada and Europe.
S3_TIERS = ((10_000, GB_TO_CALLER), (40_000, 0.085), (100_000, 0.07))
CLOUDFRONT_TIERS = ((10_000, 0.085), (40_000, 0.080), (100_000, 0.060))
CLOUDFRONT_FREE_GB = 1_000
# docs/PUBLISHING.md: what a web seed still sends of 512 MiB, with two web seeds.
SHARE = 0.36

TERABYTES = (1, 10, 50, 100)


def idle(alarms: int, dashboards_before: int) -> float:
    """A stack that nobody calls. An account's first three dashboards are free."""
    return alarms * ALARM + (DASHBOARD if dashboards_before >= 3 else 0)


def s3(gb: float) -> float:
    """What S3 charges for sending so much to the internet."""
    return _tiered(gb, S3_TIERS)


def cloudfront(gb: float) -> float:
    """What CloudFront charges for it, by use. From S3 to CloudFront is free, and so is each month's first TB."""
    return _tiered(gb, CLOUDFRONT_TIERS) - _tiered(min(gb, CLOUDFRONT_FREE_GB), CLOUDFRONT_TIERS)


def rows() -> list[list[str]]:
    """TB that downloaders fetch, and dollars: each of the two, alone and with torrents."""
    return [
        [str(tb), *(f"{price(tb * 1_000 * share):,.0f}" for price in (s3, cloudfront) for share in (1, SHARE))]
        for tb in TERABYTES
    ]


def _tiered(gb: float, tiers: tuple[tuple[int, float], ...]) -> float:
    dollars = 0.0
    for size, price in tiers:
        dollars += min(gb, size) * price
        gb = max(gb - size, 0)
    assert gb == 0, "beyond the tiers"
    return dollars
