"""JupyterLab's file browser on S3: a contents manager and its checkpoints.

Every request to S3 runs in a thread, so that a slow one holds up neither the Lab nor its kernels. Hidden files (a name
that begins with a dot) are neither shown nor reached; checkpoints lie in the hidden folder `.checkpoints`.
"""

import asyncio
import base64
import functools
import json
import mimetypes
import os
import tempfile
from datetime import datetime, timezone
from typing import Any, BinaryIO, Callable, TypeVar

import nbformat
from jupyter_server.services.contents.checkpoints import AsyncCheckpoints
from jupyter_server.services.contents.manager import AsyncContentsManager
from s3_files import UNKNOWN_TIME, Entry, NotAllowed, S3Files, Stat, is_path, parse_home
from tornado.web import HTTPError
from traitlets import Instance, default

CHECKPOINTS = ".checkpoints"
CHECKPOINT_ID = "checkpoint"
# The number that the Lab gives to the last part of an upload.
LAST_CHUNK = -1
T = TypeVar("T")


async def in_thread(work: Callable[..., T], *args: Any) -> T:
    """Runs a call of `S3Files` beside the server; what S3 refuses is said in the Lab."""
    try:
        return await asyncio.to_thread(work, *args)
    except NotAllowed as refused:
        raise HTTPError(409, str(refused)) from refused
    except Exception as error:
        raise HTTPError(503, f"The object store did not do this: {error}") from error


class S3ContentsManager(AsyncContentsManager):
    """Files of the Lab in the user's home."""

    # Not by configuration: that copies what it is given, and a client of S3 cannot be copied.
    files: S3Files = Instance(S3Files)

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        self._uploads: dict[str, BinaryIO] = {}

    @default("files")
    def _files(self) -> S3Files:
        return home_files()

    @default("checkpoints_class")
    def _checkpoints_class(self) -> type:
        return S3Checkpoints

    @default("files_handler_params")
    def _files_handler_params(self) -> dict[str, str]:
        # The handler of downloads inherits from one that serves a folder and asks for its path; it never reads it.
        return {"path": ""}

    async def dir_exists(self, path: str) -> bool:
        return await in_thread(self.files.is_folder, clean(path))

    async def file_exists(self, path: str) -> bool:
        return await in_thread(self.files.is_file, clean(path))

    async def is_hidden(self, path: str) -> bool:
        return is_hidden(clean(path))

    async def get(
        self,
        path: str,
        content: bool = True,
        type: str | None = None,
        format: str | None = None,
        require_hash: bool = False,
    ) -> dict[str, Any]:
        path = clean(path)
        if type == "directory" or (type is None and await in_thread(self.files.is_folder, path)):
            return await self._folder_model(path, content)
        if content:
            found = await in_thread(self.files.read, path)
            data, stat = found if found is not None else (None, None)
        else:
            data, stat = None, await in_thread(self.files.stat, path)
        if stat is None:
            if await in_thread(self.files.is_folder, path):
                raise HTTPError(400, f"{path} is a folder, not a file")
            raise HTTPError(404, f"No such file: {path}")
        kind = type or ("notebook" if path.endswith(".ipynb") else "file")
        model = file_model(path, kind, stat)
        if require_hash:
            model |= {"hash": stat.etag, "hash_algorithm": "etag"}
        if data is not None:
            model |= self._notebook(data, path) if kind == "notebook" else file_content(data, path, format)
            if kind == "notebook":
                self.validate_notebook_model(model)
        return model

    async def save(self, model: dict[str, Any], path: str) -> dict[str, Any]:
        path = clean(path)
        kind = model.get("type")
        if kind not in ("directory", "file", "notebook"):
            raise HTTPError(400, f'type is "{kind}"; give directory, file or notebook')
        if kind != "directory" and "content" not in model:
            raise HTTPError(400, f"{path} comes without content")
        if is_hidden(path) and not self.allow_hidden:
            raise HTTPError(400, f"{path} is hidden: its name begins with a dot")
        if model.get("chunk") not in (None, 1):
            return await self._save_chunk(model, path)
        self.run_pre_save_hooks(model=model, path=path)
        if model.get("chunk") == 1:
            return await self._save_chunk(model, path)
        message = None
        if kind == "directory":
            await in_thread(self.files.make_folder, path)
        elif kind == "notebook":
            notebook = nbformat.from_dict(model["content"])
            self.check_and_sign(notebook, path)
            text = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
            await in_thread(self.files.write, path, text.encode())
            message = self.validate_notebook_model(model).get("message")
        else:
            await in_thread(self.files.write, path, decoded(model, path))
        saved = await self.get(path, content=False, type=kind)
        self.emit(data={"action": "save", "path": path})
        return saved if message is None else saved | {"message": message}

    async def delete_file(self, path: str) -> None:
        path = clean(path)
        if not await self.exists(path):
            raise HTTPError(404, f"No such file or folder: {path}")
        await in_thread(self.files.delete, path)

    async def rename_file(self, old_path: str, new_path: str) -> None:
        old, new = clean(old_path), clean(new_path)
        if is_hidden(new) and not self.allow_hidden:
            raise HTTPError(400, f"{new} is hidden: its name begins with a dot")
        if not await self.exists(old):
            raise HTTPError(404, f"No such file or folder: {old}")
        await in_thread(self.files.move, old, new)

    async def _folder_model(self, path: str, content: bool) -> dict[str, Any]:
        if not await in_thread(self.files.is_folder, path):
            raise HTTPError(404, f"No such folder: {path}")
        model = folder_model(path)
        if content:
            entries = await in_thread(self.files.entries, path)
            shown = [entry for entry in entries if self.allow_hidden or not is_hidden(entry.path)]
            listed = [entry_model(entry) for entry in shown if self.should_list(name_of(entry.path))]
            model |= {"format": "json", "content": listed}
        return model

    def _notebook(self, data: bytes, path: str) -> dict[str, Any]:
        try:
            notebook = nbformat.reads(data.decode(), as_version=4)
        except Exception as error:
            raise HTTPError(400, f"{path} is no notebook that can be read: {error}") from error
        self.mark_trusted_cells(notebook, path)
        return {"format": "json", "content": notebook}

    async def _save_chunk(self, model: dict[str, Any], path: str) -> dict[str, Any]:
        """A part of a large upload. The parts wait in a local file, so that S3 gets the whole or nothing."""
        chunk = model["chunk"]
        if chunk == 1:
            self._forget_upload(path)
            self._uploads[path] = tempfile.TemporaryFile()
        upload = self._uploads.get(path)
        if upload is None:
            raise HTTPError(400, f"The first part of {path} is not here; upload it again")
        await in_thread(upload.write, decoded(model, path))
        if chunk == LAST_CHUNK:
            upload.seek(0)
            try:
                await in_thread(self.files.write, path, upload)
            finally:
                self._forget_upload(path)
            saved = await self.get(path, content=False, type="file")
            self.emit(data={"action": "save", "path": path})
            return saved
        return file_model(path, "file", Stat(upload.tell(), datetime.now(timezone.utc), ""))

    def _forget_upload(self, path: str) -> None:
        left = self._uploads.pop(path, None)
        if left is not None:
            left.close()


class S3Checkpoints(AsyncCheckpoints):
    """One checkpoint per file: a copy that the S3 server itself makes."""

    @property
    def _files(self) -> S3Files:
        return self.parent.files

    async def create_checkpoint(self, contents_mgr: S3ContentsManager, path: str) -> dict[str, Any]:
        path = clean(path)
        await in_thread(self._files.copy, path, checkpoint_of(path))
        stat = await in_thread(self._files.stat, checkpoint_of(path))
        if stat is None:
            raise HTTPError(404, f"No such file: {path}")
        return checkpoint_model(stat)

    async def restore_checkpoint(self, contents_mgr: S3ContentsManager, checkpoint_id: str, path: str) -> None:
        path = clean(path)
        await self._must_exist(path)
        await in_thread(self._files.copy, checkpoint_of(path), path)

    async def list_checkpoints(self, path: str) -> list[dict[str, Any]]:
        stat = await in_thread(self._files.stat, checkpoint_of(clean(path)))
        return [] if stat is None else [checkpoint_model(stat)]

    async def delete_checkpoint(self, checkpoint_id: str, path: str) -> None:
        path = clean(path)
        await self._must_exist(path)
        await in_thread(self._files.delete, checkpoint_of(path))

    async def rename_checkpoint(self, checkpoint_id: str, old_path: str, new_path: str) -> None:
        await self.rename_all_checkpoints(old_path, new_path)

    async def rename_all_checkpoints(self, old_path: str, new_path: str) -> None:
        """Also those of all files in a folder."""
        old, new = checkpoint_of(clean(old_path)), checkpoint_of(clean(new_path))
        if await self._exists(old):
            await in_thread(self._files.delete, new)
            await in_thread(self._files.move, old, new)

    async def delete_all_checkpoints(self, path: str) -> None:
        """Also those of all files in a folder."""
        if await self._exists(checkpoint_of(clean(path))):
            await in_thread(self._files.delete, checkpoint_of(clean(path)))

    async def _exists(self, path: str) -> bool:
        return await in_thread(self._files.is_file, path) or await in_thread(self._files.is_folder, path)

    async def _must_exist(self, path: str) -> None:
        if await in_thread(self._files.stat, checkpoint_of(path)) is None:
            raise HTTPError(404, f"{path} has no checkpoint")


def clean(path: str) -> str:
    """A path of the Lab without slashes around it. Steps upwards have no meaning in S3."""
    path = path.strip("/")
    if path != "" and not is_path(path):
        raise HTTPError(400, f'"{path}" is not a path: it holds an empty step, "." or ".."')
    return path


def is_hidden(path: str) -> bool:
    return any(step.startswith(".") for step in path.split("/"))


def name_of(path: str) -> str:
    return path.rpartition("/")[2]


def checkpoint_of(path: str) -> str:
    return f"{CHECKPOINTS}/{path}"


def checkpoint_model(stat: Stat) -> dict[str, Any]:
    return {"id": CHECKPOINT_ID, "last_modified": stat.modified}


def folder_model(path: str) -> dict[str, Any]:
    return base_model(path, "directory", UNKNOWN_TIME, None)


def file_model(path: str, kind: str, stat: Stat) -> dict[str, Any]:
    model = base_model(path, kind, stat.modified, stat.size)
    return model if kind == "notebook" else model | {"mimetype": mimetypes.guess_type(path)[0]}


def entry_model(entry: Entry) -> dict[str, Any]:
    if entry.folder:
        # The Lab shows no time then, rather than one of 1970.
        return folder_model(entry.path) | {"created": None, "last_modified": None}
    kind = "notebook" if entry.path.endswith(".ipynb") else "file"
    return file_model(entry.path, kind, Stat(entry.size, entry.modified, ""))


def base_model(path: str, kind: str, modified: datetime, size: int | None) -> dict[str, Any]:
    return {
        "name": name_of(path),
        "path": path,
        "type": kind,
        "created": modified,
        "last_modified": modified,
        "size": size,
        "writable": True,
        "format": None,
        "content": None,
        "mimetype": None,
    }


def file_content(data: bytes, path: str, format: str | None) -> dict[str, Any]:
    """Content of a file as text if it is that, else in base64."""
    mimetype = mimetypes.guess_type(path)[0]
    if format != "base64":
        try:
            return {"format": "text", "content": data.decode(), "mimetype": mimetype or "text/plain"}
        except UnicodeDecodeError as error:
            if format == "text":
                raise HTTPError(400, f"{path} is not text in UTF-8") from error
    content = base64.b64encode(data).decode("ascii")
    return {"format": "base64", "content": content, "mimetype": mimetype or "application/octet-stream"}


def decoded(model: dict[str, Any], path: str) -> bytes:
    format, content = model.get("format"), model["content"]
    try:
        if format == "text":
            return content.encode()
        if format == "base64":
            return base64.b64decode(content)
        if format == "json":
            return json.dumps(content).encode()
    except Exception as error:
        raise HTTPError(400, f"{path} cannot be decoded: {error}") from error
    raise HTTPError(400, f'format of {path} is "{format}"; give text or base64')


@functools.cache
def home_files() -> S3Files:
    """The home that the environment names, with the keys and the endpoint of the environment."""
    import boto3
    from botocore.config import Config

    bucket, prefix = parse_home(os.environ["MILLRACE_HOME"])
    client = boto3.client(
        "s3",
        config=Config(
            s3={"addressing_style": "path" if path_style() else "virtual"},
            connect_timeout=5,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": 4},
            # Not every S3 server knows the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    return S3Files(client, bucket, prefix)


def path_style() -> bool:
    """Whether buckets are path segments, by the endpoints that all notebooks get."""
    endpoints = os.environ.get("MILLRACE_CONFIG", "/etc/millrace/endpoints.json")
    with open(endpoints, encoding="utf-8") as file:
        return bool(json.load(file)["s3"]["pathStyle"])
