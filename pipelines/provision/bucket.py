"""The bucket: private, encrypted, and rid of what nobody needs any more.

Invariants: only the lake's own prefix is given rules of life; the rules of others stay. Versions are not asked for: Iceberg writes no file twice
and keeps its own snapshots, so that versions would only keep, and bill, what maintenance removed; where the bucket has them, old ones go.
Records of runs never go: the jobs read in them which files are in.
"""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from pipelines.provision.parts import Features, Part
from pipelines.provision.refused import elsewhere
from pipelines.settings import Settings

_PUBLIC = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_TIERS = {"infrequent": ("STANDARD_IA", 30), "glacier": ("GLACIER_IR", 90)}
"""Where files as they came in move to, and after how many days. Both give a file at once when it is read again."""
_VERSIONS = {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}}
_NONE_SET = {
    "NoSuchBucket",
    "404",
    "NoSuchPublicAccessBlockConfiguration",
    "ServerSideEncryptionConfigurationNotFoundError",
    "NoSuchLifecycleConfiguration",
}


def bucket_and_prefix(lake_url: str) -> tuple[str, str]:
    """The bucket of an s3:// URL, and the prefix below it: empty, or with a slash at its end."""
    bucket, _, prefix = lake_url.removeprefix("s3://").partition("/")
    return bucket, f"{prefix}/" if prefix else ""


def bucket_parts(s3: Any, region: str, settings: Settings) -> Iterator[Part]:
    """The bucket and its settings. s3: boto3's client."""
    assert settings.lake_url is not None
    bucket, prefix = bucket_and_prefix(settings.lake_url)
    yield Part(f"bucket {bucket}", {}, _known(lambda: _found(s3, bucket, region)), _maker(s3, bucket, region))
    blocked = dict.fromkeys(_PUBLIC, True)
    yield Part(
        f"bucket {bucket}: public access",
        {"blocked": blocked},
        _known(lambda: {"blocked": s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]}),
        lambda _: s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=blocked),
    )
    yield _encryption(s3, bucket, settings.kms_key)
    yield _lifecycle(s3, bucket, _rules(prefix, settings))


def _found(s3: Any, bucket: str, region: str) -> Features:
    """Nothing about the bucket, if it is there. Raises TouchlineError where it lies in another region, to which boto3 follows it unasked."""
    if s3.head_bucket(Bucket=bucket).get("BucketRegion", region) != region:
        raise elsewhere(f"bucket {bucket}")
    return {}


def _maker(s3: Any, bucket: str, region: str) -> Callable[[bool], None]:
    def make(_: bool) -> None:
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, **where)

    return make


def _encryption(s3: Any, bucket: str, key: str | None) -> Part:
    algorithm = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"}
    rule = {"ApplyServerSideEncryptionByDefault": algorithm, "BucketKeyEnabled": key is not None}

    def found() -> Features:
        rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        return {"algorithm": rules[0].get("ApplyServerSideEncryptionByDefault")}

    return Part(
        f"bucket {bucket}: encryption",
        {"algorithm": algorithm},
        _known(found),
        lambda _: s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}),
    )


def _rules(prefix: str, settings: Settings) -> dict[str, dict[str, Any] | None]:
    """Name of a rule of life -> the rule, None where there is to be none. One bucket may hold several lakes: the prefix tells whose it is."""
    rules: dict[str, dict[str, Any] | None] = {
        "results": {"Expiration": {"Days": settings.keep_results_days}},
        "rejected": {"Expiration": {"Days": settings.keep_rejected_days}},
        "raw": None,
        "": {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}, **_VERSIONS},
    }
    if settings.raw_storage in _TIERS:
        tier, days = _TIERS[settings.raw_storage]
        rules["raw"] = {"Transitions": [{"Days": days, "StorageClass": tier}]}
    named: dict[str, dict[str, Any] | None] = {}
    for folder, action in rules.items():
        place = f"{prefix}{folder}/" if folder else prefix
        name = f"touchline {place or 'leftovers'}"
        named[name] = action and {"ID": name, "Status": "Enabled", "Filter": {"Prefix": place}, **action}
    return named


def _lifecycle(s3: Any, bucket: str, rules: dict[str, dict[str, Any] | None]) -> Part:
    def present() -> dict[str, dict[str, Any]]:
        try:
            found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        except ClientError as problem:
            if problem.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
                raise
            return {}
        return {rule.get("ID", str(number)): rule for number, rule in enumerate(found)}

    def put(_: bool) -> None:
        others = [rule for name, rule in present().items() if name not in rules]
        ours = [rule for rule in rules.values() if rule is not None]
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [*others, *ours]})

    return Part(f"bucket {bucket}: lifecycle", rules, _known(lambda: present() or None), put)


def _known(found: Callable[[], Features | None]) -> Callable[[], Features | None]:
    """The features, or None where S3 knows none."""

    def look() -> Features | None:
        try:
            return found()
        except ClientError as problem:
            if problem.response["Error"]["Code"] in _NONE_SET:
                return None
            raise

    return look
