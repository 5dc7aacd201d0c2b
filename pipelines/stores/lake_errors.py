"""What went wrong in a lake in the cloud, as a person is told it: what cannot be read, why, the query's id, and what to do.

Invariant: a sentence holds the words of AWS or of the engine only where nothing here knows them, and never a credential.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.errors import LakeUnavailable


@dataclass(frozen=True)
class _Told:
    """A kind of fault: what AWS and the engines call it, what is said (with the named groups of the pattern), and what to do."""

    pattern: str
    what: str
    remedy: str


_FAULTS = (
    _Told(
        r"Bytes scanned limit|EXCEEDED_SCAN_LIMIT|exceeded.*scan limit",
        "it would read more bytes than the workgroup allows for one query",
        "Choose a shorter period, or raise the workgroup's limit.",
    ),
    _Told(
        r"TooManyRequests|Throttl|RequestLimitExceeded|SLOW_DOWN|SlowDown|Rate exceeded|QUERY_QUEUE_FULL|ServiceUnavailable",
        "{engine} has too much to do and put us off",
        "Wait a minute, then press Refresh or run it again. Where it happens often, ask AWS for a higher quota.",
    ),
    _Told(
        r"ExpiredToken|RequestExpired|EXPIRED_TOKEN|token included in the request is expired|SSOToken|TokenRetrieval",
        "the AWS credentials have expired",
        "Sign in to AWS again, or renew the keys that the dashboard runs under; then press Refresh or run it again.",
    ),
    _Told(
        r"NoCredentials|Unable to locate credentials|PartialCredentials|CredentialRetrieval|ProfileNotFound",
        "there are no AWS credentials",
        "Set AWS_PROFILE, or run the dashboard under a role (docs/aws.md); then start it again.",
    ),
    _Told(
        r"\berror 401\b",
        "{engine} does not know the user, or the password is another one",
        "Check TOUCHLINE_TRINO_URL, then start the dashboard again.",
    ),
    _Told(
        r"UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|InvalidAccessKeyId|INVALID_ACCESS_KEY"
        r"|IncompleteSignature|MissingAuthenticationToken|Unauthorized",
        "the credentials are not known to {engine}",
        "Check the keys or the role that the dashboard runs under (docs/aws.md), then start it again.",
    ),
    _Told(
        r"NoSuchBucket|NO_SUCH_BUCKET|[Bb]ucket.{0,80}(does not exist|not found)|create output bucket",
        "a bucket of the lake is gone",
        "Check TOUCHLINE_LAKE_URL; `python -m pipelines provision --check` tells what is missing.",
    ),
    _Told(
        r"Path does not exist|NoSuchKey|NO_SUCH_KEY|FileNotFound|ICEBERG_MISSING_METADATA|ICEBERG_INVALID_METADATA",
        "files of its table are gone, or their bucket is",
        "Check TOUCHLINE_LAKE_URL; `python -m pipelines provision --check` tells what is missing.",
    ),
    _Told(
        r"AccessDenied|ACCESS_DENIED|PERMISSION_DENIED|Access Denied|not authorized|Forbidden|\berror 403\b|Insufficient.*permission",
        "the dashboard is not allowed to read it",
        "Give its role the reader's policy (docs/aws.md), then press Refresh or run it again.",
    ),
    _Told(
        r"WorkGroup (?P<name>\S+) is not found",
        "there is no workgroup {name}",
        "Run `python -m pipelines provision`, or name another one in TOUCHLINE_ATHENA_WORKGROUP.",
    ),
    _Told(
        r"(?:TABLE|SCHEMA|CATALOG)_NOT_FOUND|EntityNotFound|NoSuchTable|NoSuchNamespace",
        "the table is missing in the catalogue",
        "Run `python -m pipelines provision`, which makes what is missing.",
    ),
    _Told(
        r"COLUMN_NOT_FOUND.*?[Cc]olumn '(?P<name>[^']+)'|Column '(?P<other>[^']+)' cannot be resolved",
        "its table lacks the column {name}",
        "Run `python -m pipelines provision --check`: it tells how the table differs from what Touchline reads.",
    ),
    _Told(
        r"TYPE_MISMATCH|FUNCTION_NOT_FOUND|INVALID_CAST_ARGUMENT|HIVE_BAD_DATA|ICEBERG_BAD_DATA|Unsupported Parquet type",
        "a column of its table has another type than Touchline reads",
        "Run `python -m pipelines provision --check`: it tells how the table differs from what Touchline reads.",
    ),
    _Told(
        r"[Ss]napshot ID does not exist|snapshot .{0,40}not kept",
        "this state of its table is not kept any more",
        "Press Refresh or run it again: the present one is read then.",
    ),
    _Told(
        r"EXCEEDED_.*MEMORY|exhausted resources|EXCEEDED_TIME_LIMIT",
        "it needs more than {engine} has to give",
        "Choose a shorter period.",
    ),
    _Told(
        r"NoRegion|specify a region",
        "no AWS region is set",
        "Set AWS_DEFAULT_REGION to the region of the lake's bucket, then start the dashboard again.",
    ),
    _Told(
        r"EndpointConnection|ConnectTimeout|ReadTimeout|ConnectionError|ConnectionClosed|Could not connect|NETWORK_CONNECTION"
        r"|Max retries exceeded|Connection refused|timed? ?out|\berror 50[234]\b",
        "{engine} cannot be reached",
        "Check the network, and {place}; then press Refresh or run it again.",
    ),
)

_CANCELLED = _Told("", "the query was cancelled by someone else", "Press Refresh or run it again.")
_UNKNOWN = _Told("", "{words}", "Press Refresh or run it again; if it stays, look the query up in {engine}.")
_TITLES = {
    "mentions": "Mentions",
    "touchpoints": "Touchpoints",
    "conversions": "Conversions",
    "journeys": "Journeys",
    "conversion_status": "Conversions",
}


def unavailable(engine: str, tables: Sequence[str], words: str, query_id: str | None = None) -> LakeUnavailable:
    """The error for what AWS or the engine said (error code and message). tables: what could not be read."""
    found, match = _kind(words)
    name = next(filter(None, match.groups()), "") if match and match.re.groupindex else ""
    said = {
        "engine": engine,
        "name": name,
        "place": "TOUCHLINE_TRINO_URL" if engine == "Trino" else "AWS_DEFAULT_REGION",
    }
    what = found.what.format(**said, words=_first_line(words))
    return LakeUnavailable(
        f"{_reads(tables)} cannot be read: {what}{_query(engine, query_id)}.", found.remedy.format(**said)
    )


def too_slow(engine: str, tables: Sequence[str], seconds: float, query_id: str | None) -> LakeUnavailable:
    """The error for a query that did not end in time and was cancelled where it ran."""
    return LakeUnavailable(
        f"{_reads(tables)} cannot be read: the query took more than {seconds:g} s and was cancelled{_query(engine, query_id)}.",
        "Choose a shorter period, or allow more in TOUCHLINE_LAKE_DEADLINE_SECONDS.",
    )


def _kind(words: str) -> tuple[_Told, re.Match[str] | None]:
    for told in _FAULTS:
        if match := re.search(told.pattern, words):
            return told, match
    return (_CANCELLED if "cancel" in words.lower() else _UNKNOWN), None


def _reads(tables: Sequence[str]) -> str:
    titles = list(dict.fromkeys(_TITLES.get(table, table) for table in tables))
    if not titles:
        return "The lake"
    first, *others = [titles[0], *(title.lower() for title in titles[1:])]
    return first if not others else f"{', '.join([first, *others[:-1]])} and {others[-1]}"


def _query(engine: str, query_id: str | None) -> str:
    return f" ({engine} query {query_id})" if query_id else ""


def _first_line(words: str) -> str:
    return (words.strip().splitlines() or ["it did not say why"])[0][:200].rstrip(".")
