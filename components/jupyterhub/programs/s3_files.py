"""Files and folders in a bucket, below a prefix: what a contents manager needs of S3, and nothing of Jupyter.

A file is the object of its path. A folder is there when an object of the name `<path>/` marks it or when a file lies
below it. Keys with an empty step, "." or ".." (`a//b.csv`) have no path: they are not listed, and nothing here removes
them. Where a file and a folder have one path, neither is removed or moved, for nobody says which is meant. S3 can neither
move nor copy a folder: each of its objects is copied by the server, and a move removes the old ones only after the last
copy, so that whatever fails leaves every file where it was.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Iterator

# An S3 server takes at most this many keys in one request to delete.
DELETE_BATCH = 1000
# What S3 answers for an object that is not there; a HEAD has no body, so its code is the bare status.
MISSING = {"404", "NoSuchKey", "NotFound"}


@dataclass(frozen=True)
class Entry:
    """A file or folder of a listing."""

    path: str
    folder: bool
    size: int
    modified: datetime


@dataclass(frozen=True)
class Stat:
    """What S3 knows of a file without its content."""

    size: int
    modified: datetime
    # Changes with the content.
    etag: str


class NotAllowed(Exception):
    """A change that would lose or hide a file."""


# When a folder was made is not known: S3 has no folders.
UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=timezone.utc)


class S3Files:
    """The files below `prefix` (empty, or ending in a slash) of a bucket, by a boto3 client of S3."""

    def __init__(self, client: Any, bucket: str, prefix: str = ""):
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def stat(self, path: str) -> Stat | None:
        """What is known of a file; `None` when there is none."""
        if path == "":
            return None
        try:
            return _stat(self._client.head_object(Bucket=self._bucket, Key=self._prefix + path))
        except Exception as error:
            if _code(error) in MISSING:
                return None
            raise

    def is_file(self, path: str) -> bool:
        return self.stat(path) is not None

    def is_folder(self, path: str) -> bool:
        if path == "":
            return True
        found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix + path + "/", MaxKeys=1)
        return found.get("KeyCount", len(found.get("Contents", []))) > 0

    def entries(self, path: str) -> list[Entry]:
        """What lies in a folder, without what lies deeper."""
        start = self._prefix + _below(path)
        found: list[Entry] = []
        for page in self._pages(Prefix=start, Delimiter="/"):
            for common in page.get("CommonPrefixes", []):
                folder = common["Prefix"][len(self._prefix) : -1]
                if is_path(folder):
                    found.append(Entry(folder, True, 0, UNKNOWN_TIME))
            for item in page.get("Contents", []):
                name = item["Key"][len(self._prefix) :]
                if item["Key"] != start and is_path(name):
                    found.append(Entry(name, False, item["Size"], item["LastModified"]))
        return found

    def read(self, path: str) -> tuple[bytes, Stat] | None:
        """A file's content; `None` when there is none."""
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + path)
        except Exception as error:
            if _code(error) in MISSING:
                return None
            raise
        return found["Body"].read(), _stat(found)

    def write(self, path: str, content: Any) -> None:
        """Makes or replaces a file, whole or not at all. `content`: bytes, or an open binary file."""
        if self.is_folder(path):
            raise NotAllowed(f"{path} is a folder")
        self._client.put_object(Bucket=self._bucket, Key=self._prefix + path, Body=content)

    def make_folder(self, path: str) -> None:
        if self.is_file(path):
            raise NotAllowed(f"{path} is a file")
        self._client.put_object(Bucket=self._bucket, Key=self._prefix + path + "/", Body=b"")

    def copy(self, old: str, new: str) -> None:
        """Copies a file, or a folder with all that lies below; the server does it."""
        for key in self._keys(old):
            self._copy_key(key, old, new)

    def move(self, old: str, new: str) -> None:
        """Moves a file or a folder to a path that nothing has yet."""
        if new == old:
            return
        if new.startswith(old + "/"):
            raise NotAllowed(f"{old} cannot be moved into itself")
        if self.is_file(new) or self.is_folder(new):
            raise NotAllowed(f"{new} is there already")
        keys = self._all_keys(old)
        for key in keys:
            self._copy_key(key, old, new)
        self._delete(keys)
        self._keep_folder_of(old)

    def delete(self, path: str) -> None:
        """Removes a file, or a folder with all that lies below."""
        self._delete(self._all_keys(path))
        self._keep_folder_of(path)

    def _all_keys(self, path: str) -> list[str]:
        """Keys that go with a path.

        Raises:
            NotAllowed: they cannot all be shown, or the path is a file and a folder at the same time.
        """
        if self.is_file(path) and self.is_folder(path):
            raise NotAllowed(
                f"{path} is both a file and a folder, so it is not clear which is meant; "
                "rename or remove one of them with millrace.s3()"
            )
        keys = list(self._keys(path))
        for key in keys:
            if not is_path(key[len(self._prefix) :].removesuffix("/")):
                raise NotAllowed(
                    f'{path} holds the object "{key}", which the file browser cannot show, since its name has an empty '
                    'step, "." or ".."; rename or remove it with millrace.s3() first'
                )
        return keys

    def _keys(self, path: str) -> Iterator[str]:
        """Keys of a file, or of all that lies below a folder."""
        if self.is_file(path):
            yield self._prefix + path
            return
        for page in self._pages(Prefix=self._prefix + path + "/"):
            for item in page.get("Contents", []):
                yield item["Key"]

    def _copy_key(self, key: str, old: str, new: str) -> None:
        target = self._prefix + new + key[len(self._prefix + old) :]
        self._client.copy_object(Bucket=self._bucket, Key=target, CopySource={"Bucket": self._bucket, "Key": key})

    def _delete(self, keys: list[str]) -> None:
        for start in range(0, len(keys), DELETE_BATCH):
            batch = [{"Key": key} for key in keys[start : start + DELETE_BATCH]]
            answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": batch, "Quiet": True})
            for failed in answer.get("Errors", []):
                raise OSError(f"{failed.get('Key')} cannot be removed: {failed.get('Code')} {failed.get('Message')}")

    def _keep_folder_of(self, path: str) -> None:
        """A folder stays when its last file goes, as everywhere else."""
        parent = path.rpartition("/")[0]
        if parent != "" and not self.is_folder(parent) and not self.is_file(parent):
            self.make_folder(parent)

    def _pages(self, **request: Any) -> Iterator[dict[str, Any]]:
        token: dict[str, str] = {}
        while True:
            page = self._client.list_objects_v2(Bucket=self._bucket, **request, **token)
            yield page
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}


def parse_home(url: str) -> tuple[str, str]:
    """Bucket and prefix (empty, or ending in a slash) of `s3://bucket/prefix/`."""
    scheme, _, rest = url.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or bucket == "":
        raise ValueError(f'MILLRACE_HOME is "{url}"; give s3://<bucket>/ or s3://<bucket>/<prefix>/')
    prefix = prefix.strip("/")
    return bucket, f"{prefix}/" if prefix else ""


def fill_home(files: S3Files, folder: str, mark: str) -> list[str]:
    """Puts the notebooks of a local folder into a home that never had them, leaving alone what is there already.

    `mark` is a file in the home that is written last: a start that was cut off goes on, and what a person removed later
    does not come back. Returns the names put there.
    """
    if files.is_file(mark):
        return []
    names = sorted(name for name in os.listdir(folder) if name.endswith(".ipynb")) if os.path.isdir(folder) else []
    missing = [name for name in names if not files.is_file(name)]
    for name in missing:
        with open(os.path.join(folder, name), "rb") as notebook:
            files.write(name, notebook.read())
    files.write(mark, b"")
    return missing


def is_path(path: str) -> bool:
    """Whether a key can be shown and asked for as a path."""
    return not any(step in ("", ".", "..") for step in path.split("/"))


def _below(path: str) -> str:
    return "" if path == "" else path + "/"


def _stat(found: dict[str, Any]) -> Stat:
    return Stat(found["ContentLength"], found["LastModified"], found["ETag"].strip('"'))


def _code(error: Exception) -> str:
    """S3's code of a boto3 error, told by its shape, so that this module needs no boto3."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
