"""What AWS refuses, in a sentence: which permission is missing, whose the bucket is, where credentials are looked for.

Invariant: no key, token or signature stands in what is told.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)

from pipelines.errors import TouchlineError

_S3_ACTIONS = {
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjectsV2": "ListBucket",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
}
"""S3's calls whose permission has another name."""

_DENIED = {"AccessDenied", "AccessDeniedException", "403", "Forbidden", "UnauthorizedOperation"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_UNKNOWN = {"InvalidAccessKeyId", "UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch"}
_TAKEN = {"BucketAlreadyExists"}

_CREDENTIALS = "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached; then run it again."


def permission(service: str, operation: str) -> str:
    """The IAM action that a call of boto3 needs."""
    return f"{service}:{_S3_ACTIONS.get(operation, operation) if service == 's3' else operation}"


def elsewhere(what: str) -> TouchlineError:
    """The error for what lies in another region than the one that is asked."""
    return TouchlineError(f"The {what} lies in another region.", "Set AWS_DEFAULT_REGION to that region.")


@contextmanager
def told(service: str, what: str) -> Iterator[None]:
    """Whatever AWS refuses in the block becomes a TouchlineError that names `what` and the permission that is missing."""
    try:
        yield
    except NoCredentialsError as problem:
        raise TouchlineError("There are no AWS credentials.", _CREDENTIALS) from problem
    except PartialCredentialsError as problem:
        raise TouchlineError("The AWS credentials are incomplete.", _CREDENTIALS) from problem
    except NoRegionError as problem:
        raise TouchlineError("No AWS region is set.", "Set AWS_DEFAULT_REGION, for example to eu-west-1.") from problem
    except EndpointConnectionError as problem:
        raise TouchlineError(
            f"AWS does not answer about {what}.", "Check the network, the region and AWS_ENDPOINT_URL."
        ) from problem
    except ClientError as problem:
        raise _refused(problem, service, what) from problem
    except BotoCoreError as problem:
        raise TouchlineError(f"AWS could not be asked about {what}: {problem}.", "Check the AWS settings.") from problem
    except OSError as problem:  # Arrow's own S3 client
        raise _of_arrow(problem, what) from problem


def _refused(problem: ClientError, service: str, what: str) -> TouchlineError:
    error: dict[str, Any] = problem.response.get("Error", {})
    code, message = str(error.get("Code", "")), str(error.get("Message", ""))
    needed = re.search(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z]+)", message)
    action = needed.group(1) if needed else permission(service, problem.operation_name)
    if code in _EXPIRED:
        return TouchlineError("The AWS credentials have expired.", "Sign in again, then run it again.")
    if code in _UNKNOWN:
        return TouchlineError("AWS does not know these credentials.", _CREDENTIALS)
    if code in _TAKEN or (problem.operation_name == "HeadBucket" and code in _DENIED):
        return TouchlineError(
            f"The {what} belongs to another account, or {permission('s3', 'HeadBucket')} on it is missing.",
            "Choose another name in TOUCHLINE_LAKE_URL, or allow that action; docs/iam/provisioner.json lists all that is needed.",
        )
    if code in _DENIED:
        return TouchlineError(
            f"AWS refuses access to the {what}: the permission {action} is missing.",
            "Allow it for whoever runs this; docs/iam/provisioner.json lists all that is needed.",
        )
    if code in ("301", "PermanentRedirect", "AuthorizationHeaderMalformed"):
        return elsewhere(what)
    return TouchlineError(f"AWS refuses {problem.operation_name} for the {what}: {message or code}.", "")


def _of_arrow(problem: OSError, what: str) -> TouchlineError:
    text = str(problem).splitlines()[0]
    call = re.search(r"AWS Error ACCESS_DENIED during (\w+) operation", text)
    if call:
        return TouchlineError(
            f"AWS refuses access to the {what}: the permission {permission('s3', call.group(1))} is missing.",
            "Allow it for whoever runs this; docs/iam/provisioner.json lists all that is needed.",
        )
    return TouchlineError(
        f"The files of the {what} cannot be reached: {text[:200]}.", "Check the bucket and the region."
    )
