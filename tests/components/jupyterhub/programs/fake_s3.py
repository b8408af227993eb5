"""An S3 in memory: the part of boto3's client that `S3Files` calls, with pages of two keys."""

import io
from datetime import datetime, timezone

PAGE = 2
NOW = datetime(2026, 11, 21, tzinfo=timezone.utc)


class S3Error(Exception):
    """Has the shape of botocore's ClientError."""

    def __init__(self, code):
        super().__init__(code)
        self.response = {"Error": {"Code": code}}


class FakeS3:
    def __init__(self, **objects):
        self.objects = {key: data for key, data in objects.items()}
        self.calls = []
        # Name of a call that fails, and how often it still works.
        self.failing = None
        self.left = 0

    def _called(self, name):
        self.calls.append(name)
        if name == self.failing:
            self.left -= 1
            if self.left < 0:
                raise S3Error("InternalError")

    def head_object(self, Bucket, Key):
        self._called("head_object")
        if Key not in self.objects:
            raise S3Error("404")
        return self._described(Key)

    def get_object(self, Bucket, Key):
        self._called("get_object")
        if Key not in self.objects:
            raise S3Error("NoSuchKey")
        return self._described(Key) | {"Body": io.BytesIO(self.objects[Key])}

    def put_object(self, Bucket, Key, Body):
        self._called("put_object")
        self.objects[Key] = Body if isinstance(Body, bytes) else Body.read()

    def copy_object(self, Bucket, Key, CopySource):
        self._called("copy_object")
        assert CopySource["Bucket"] == Bucket
        self.objects[Key] = self.objects[CopySource["Key"]]

    def delete_objects(self, Bucket, Delete):
        self._called("delete_objects")
        assert len(Delete["Objects"]) <= 1000
        for each in Delete["Objects"]:
            self.objects.pop(each["Key"], None)
        return {}

    def list_objects_v2(self, Bucket, Prefix, Delimiter=None, MaxKeys=PAGE, ContinuationToken=None):
        self._called("list_objects_v2")
        names = []
        for key in sorted(self.objects):
            if key.startswith(Prefix):
                rest = key[len(Prefix) :]
                if Delimiter is not None and Delimiter in rest:
                    key = Prefix + rest.partition(Delimiter)[0] + Delimiter
                    if ("folder", key) not in names:
                        names.append(("folder", key))
                else:
                    names.append(("file", key))
        start = int(ContinuationToken or 0)
        page = names[start : start + MaxKeys]
        more = start + MaxKeys < len(names)
        return {
            "KeyCount": len(page),
            "CommonPrefixes": [{"Prefix": key} for kind, key in page if kind == "folder"],
            "Contents": [self._described(key) | {"Key": key} for kind, key in page if kind == "file"],
            "IsTruncated": more,
            **({"NextContinuationToken": str(start + MaxKeys)} if more else {}),
        }

    def _described(self, key):
        size = len(self.objects[key])
        return {"Size": size, "ContentLength": size, "LastModified": NOW, "ETag": f'"{hash(self.objects[key])}"'}
