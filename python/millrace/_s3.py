"""The object store through boto3."""

import os
from dataclasses import replace
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ._config import config_file, endpoints, s3_endpoint, secret
from ._errors import AccessRefused, MillraceError, NotAvailable, NotConfigured, ParameterError

if TYPE_CHECKING:
    from ._config import S3Endpoint

#: A boto3 S3 client. boto3 makes its classes at run time, so there is no better type.
Client = Any


def s3(published: bool = False) -> Client:
    """A boto3 S3 client for the platform's object store, with this program's own keys.

    The same client is given out each time; it may be used from several threads. With `published` it has the address that
    people reach from outside the cluster: for links that others open,
    `s3(published=True).generate_presigned_url("get_object", {"Bucket": "notebooks", "Key": "report.ipynb"})`.

    `IfNoneMatch` and `IfMatch` of what it writes are refused: the platform's store ignores them, and would replace what is
    there.

    Raises:
        NotConfigured: the address, AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is missing.
        ParameterError: a write asks for a condition.
    """
    endpoint = s3_endpoint()
    if published:
        address = endpoints().published.get("s3")
        if address is None:
            raise NotConfigured(
                f'S3 has no address outside the cluster: {config_file()} has no "s3" in "published"; '
                "the stack's target does not publish it"
            )
        endpoint = replace(endpoint, endpoint=address)
    return _client(
        endpoint,
        secret("AWS_ACCESS_KEY_ID", "the id of this program's S3 key"),
        secret("AWS_SECRET_ACCESS_KEY", "the secret of this program's S3 key"),
        os.environ.get("AWS_SESSION_TOKEN") or None,
        os.getpid(),
    )


@lru_cache(maxsize=4)
def _client(endpoint: "S3Endpoint", key_id: str, key: str, token: str | None, _process: int) -> Client:
    import boto3
    from botocore.config import Config

    client = boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint.endpoint,
        region_name=endpoint.region,
        aws_access_key_id=key_id,
        aws_secret_access_key=key,
        **({} if token is None else {"aws_session_token": token}),
        config=Config(
            # Else addresses that are signed beforehand get the old signature, which only Amazon takes.
            signature_version="s3v4",
            s3={"addressing_style": "path" if endpoint.path_style else "virtual"},
            retries={"mode": "standard", "max_attempts": 5},
            connect_timeout=5,
            # Checksums in trailers are an extension that not every S3 server takes.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    for operation in ("PutObject", "CopyObject", "CompleteMultipartUpload"):
        client.meta.events.register(f"before-parameter-build.s3.{operation}", refuse_conditions)
    return client


def refuse_conditions(params: dict[str, Any], **_rest: Any) -> None:
    """Refuses what the store would ignore without a word.

    Raises:
        ParameterError: a write asks for a condition.
    """
    for name in ("IfNoneMatch", "IfMatch"):
        if name in params:
            raise ParameterError(
                f"{name} is not known to the platform's object store, which would write all the same; look first with "
                "head_object, and give each writer a name of its own: two at once cannot be told apart"
            )


def split(address: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    if not address.startswith("s3://") or bucket == "":
        raise ParameterError(f'"{address}" is not an address in S3; give one like s3://notebooks/report.ipynb')
    return bucket, key


def read(address: str) -> bytes:
    """The bytes of an object."""
    bucket, key = split(address)
    try:
        content: bytes = s3().get_object(Bucket=bucket, Key=key)["Body"].read()
    except Exception as error:
        raise problem(error, address, "read") from error
    return content


def write(address: str, content: bytes, content_type: str, metadata: dict[str, str] | None = None) -> None:
    """Puts an object, replacing one that is there."""
    bucket, key = split(address)
    try:
        s3().put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type, Metadata=metadata or {})
    except Exception as error:
        raise problem(error, address, "write") from error


def remove(address: str) -> None:
    """Removes an object, if it is there."""
    bucket, key = split(address)
    try:
        s3().delete_object(Bucket=bucket, Key=key)
    except Exception as error:
        raise problem(error, address, "remove") from error


def ages(address: str) -> dict[str, float]:
    """Seconds since the objects below `s3://bucket/prefix` were written, by their names without the prefix."""
    bucket, prefix = split(address)
    now = datetime.now(timezone.utc)
    try:
        found = s3().list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1000).get("Contents", [])
    except Exception as error:
        raise problem(error, address, "list") from error
    return {item["Key"][len(prefix) :]: (now - item["LastModified"]).total_seconds() for item in found}


def metadata_of(address: str) -> dict[str, str] | None:
    """The metadata that people gave to an object; None where there is no object."""
    bucket, key = split(address)
    try:
        found: dict[str, str] = s3().head_object(Bucket=bucket, Key=key)["Metadata"]
    except Exception as error:
        if _code(error) in ("404", "NoSuchKey"):
            return None
        raise problem(error, address, "look at") from error
    return found


def names(address: str, limit: int = 1000) -> list[str]:
    """Keys below `s3://bucket/prefix`, without the prefix."""
    bucket, prefix = split(address)
    try:
        found = s3().list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=limit).get("Contents", [])
    except Exception as error:
        raise problem(error, address, "list") from error
    return [item["Key"][len(prefix) :] for item in found]


def problem(error: Exception, address: str, action: str) -> MillraceError:
    """The error of boto3 in plain words."""
    if isinstance(error, MillraceError):
        return error
    code = _code(error)
    if code in ("NoSuchKey", "NoSuchBucket", "404"):
        what = "bucket" if code == "NoSuchBucket" else "object"
        return NotAvailable(f"cannot {action} {address}: there is no such {what}")
    if code in ("AccessDenied", "Forbidden", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch"):
        return AccessRefused(
            f"cannot {action} {address}: the object store refuses this program's key ({code}); "
            "it has rights on its own buckets only"
        )
    return NotAvailable(f"cannot {action} {address}: {type(error).__name__}: {error}")


def _code(error: Exception) -> str:
    """S3's own name of an error; empty for others."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
