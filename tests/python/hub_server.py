"""A small Hub on 127.0.0.1: the routes of huggingface.co that downloading and pushing use, over repositories in memory.

with HubServer() as hub:
    hub.add("org/model", {"config.json": b"{}"})
    os.environ["HF_ENDPOINT"] = hub.url
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlparse

TOKEN = "hf_owner"  # the account "owner", who may do everything
LFS_SIZE = 200  # files from this size (or binary) go through LFS


@dataclass
class Repository:
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)  # commit -> path -> content
    refs: dict[str, str] = field(default_factory=dict)  # branch or tag -> commit
    messages: dict[str, str] = field(default_factory=dict)  # commit -> message
    private: bool = False
    gated: bool = False
    pull_requests: int = 0

    def commit(self, branch: str, changes: dict[str, bytes | None], message: str = "") -> str:
        files = dict(self.files.get(self.refs.get(branch, ""), {}))
        for path, content in changes.items():
            files.pop(path, None) if content is None else files.__setitem__(path, content)
        sha = hashlib.sha1(repr((len(self.files), sorted(files), message)).encode()).hexdigest()
        self.files[sha], self.refs[branch], self.messages[sha] = files, sha, message
        return sha

    def resolve(self, revision: str) -> str | None:
        return self.refs.get(revision, revision if revision in self.files else None)


class HubServer:
    """The server; `requests` lists `(method, path)` of everything that was asked."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.lfs: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.break_after: int | None = None  # close the connection after so many bytes of the next download
        self.status: int | None = None  # answer everything with this status
        outer = self

        class Handler(_Handler):
            hub = outer

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> HubServer:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, name: str, files: dict[str, bytes], **options: bool) -> Repository:
        self.repositories[name] = Repository(**options)
        self.repositories[name].commit("main", dict(files), "first")
        return self.repositories[name]

    def downloads(self) -> list[str]:
        """Names of the files that were fetched, in order."""
        return [
            path.split("/resolve/")[1].split("/", 1)[1]
            for method, path in self.requests
            if method == "GET" and "/resolve/" in path
        ]


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    # Answers

    def _send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _json(self, value: object, status: int = 200) -> None:
        self._send(status, json.dumps(value).encode())

    def _error(self, status: int, code: str | None = None, message: str = "") -> None:
        headers = {"X-Error-Message": message or code or ""}
        if code:
            headers["X-Error-Code"] = code
        self._send(status, json.dumps({"error": message or code}).encode(), headers)

    def _repository(self, name: str) -> Repository | None:
        """The repository, or None after an answer that says why not."""
        repository, owner = self.hub.repositories.get(name), self._is_owner()
        if repository is None or (repository.private and not owner):
            if self.headers.get("Authorization"):
                self._error(404, "RepoNotFound", "Repository not found")
            else:
                self._error(401, "RepoNotFound", "Invalid username or password.")
            return None
        if repository.gated and not owner and "/resolve/" in self.path:
            self._error(403, "GatedRepo", f"Access to model {name} is restricted.")
            return None
        return repository

    def _is_owner(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    # Requests

    def _route(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        self.hub.requests.append((self.command, self.path))
        if self.hub.status is not None:
            return self._error(self.hub.status, None, "out of order")
        url = urlparse(self.path)
        path, self.query = unquote(url.path), parse_qs(url.query)
        for pattern, method in (
            (r"/(?P<name>[^/]+/[^/]+)/resolve/(?P<revision>refs/pr/\d+|[^/]+)/(?P<file>.+)", self._resolve),
            (r"/api/models/(?P<name>[^/]+/[^/]+)(?:/revision/(?P<revision>.+))?", self._info),
            (r"/api/models/(?P<name>[^/]+/[^/]+)/tree/(?P<revision>[^/]+)(?:/(?P<folder>.+))?", self._tree),
            (r"/api/models/(?P<name>[^/]+/[^/]+)/preupload/(?P<revision>.+)", self._preupload),
            (r"/api/models/(?P<name>[^/]+/[^/]+)/commit/(?P<revision>.+)", self._commit),
            (r"/api/models/(?P<name>[^/]+/[^/]+)/branch/(?P<branch>.+)", self._branch),
            (r"/(?P<name>[^/]+/[^/]+)\.git/info/lfs/objects/batch", self._lfs_batch),
            (r"/lfs/(?P<oid>\w+)", self._lfs_put),
            (r"/api/repos/create", self._create),
            (r"/api/whoami-v2", self._whoami),
            (r"/api/validate-yaml", lambda: self._json({"errors": [], "warnings": []})),
        ):
            found = re.fullmatch(pattern, path)
            if found:
                return method(**found.groupdict())
        return self._error(404, None, f"no route {path}")

    do_GET = do_HEAD = do_POST = do_PUT = _route

    def _resolve(self, name: str, revision: str, file: str) -> None:
        repository = self._repository(name)
        if repository is None:
            return
        commit = repository.resolve(revision)
        if commit is None:
            return self._error(404, "RevisionNotFound", "Revision Not Found")
        content = repository.files[commit].get(file)
        if content is None:
            self.send_response(404)
            for key, value in (("X-Error-Code", "EntryNotFound"), ("X-Repo-Commit", commit), ("Content-Length", "0")):
                self.send_header(key, value)
            return self.end_headers()
        etag = hashlib.sha256(content).hexdigest()
        start, status = 0, 200
        wanted = re.match(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if wanted:
            start, status = int(wanted.group(1)), 206
        headers = {
            "ETag": f'"{etag}"',
            "X-Repo-Commit": commit,
            "X-Linked-Size": str(len(content)),
            "Content-Length": str(len(content) - start),
            "Accept-Ranges": "bytes",
        }
        if status == 206:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        if self.command == "GET" and self.hub.break_after is not None:
            body, self.hub.break_after = content[start : start + self.hub.break_after], None
            self._send(status, body, headers)
            self.wfile.flush()
            self.close_connection = True
            return self.connection.close()
        return self._send(status, content[start:], headers)

    def _info(self, name: str, revision: str | None) -> None:
        repository = self._repository(name)
        if repository is None:
            return
        commit = repository.resolve(revision or "main")
        if commit is None:
            return self._error(404, "RevisionNotFound", "Revision Not Found")
        siblings = [{"rfilename": path} for path in repository.files[commit]]
        self._json(
            {
                "id": name,
                "modelId": name,
                "sha": commit,
                "siblings": siblings,
                "private": repository.private,
                "tags": [],
            }
        )

    def _tree(self, name: str, revision: str, folder: str | None) -> None:
        repository = self._repository(name)
        if repository is None:
            return
        commit = repository.resolve(revision)
        if commit is None:
            return self._error(404, "RevisionNotFound", "Revision Not Found")
        entries = [
            {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
            for path, content in repository.files[commit].items()
            if folder is None or path.startswith(f"{folder}/")
        ]
        self._json(entries)

    def _whoami(self) -> None:
        if not self._is_owner():
            return self._error(401, None, "Invalid username or password.")
        self._json({"type": "user", "name": "owner", "orgs": [], "auth": {"accessToken": {"role": "write"}}})

    def _create(self) -> None:
        wanted = json.loads(self.body)
        if not self._is_owner():
            return self._error(401, None, "Invalid username or password.")
        name = f"{wanted.get('organization') or 'owner'}/{wanted['name']}"
        exists = name in self.hub.repositories
        if not exists:
            self.hub.add(
                name,
                {".gitattributes": b""},
                private=wanted.get("visibility") == "private" or bool(wanted.get("private")),
            )
        self._json({"url": f"{self.hub.url}/{name}", "name": name, "id": name}, 409 if exists else 200)

    def _may_write(self, name: str) -> Repository | None:
        repository = self._repository(name)
        if repository is not None and not self._is_owner():
            self._error(403, None, "You don't have the rights")
            return None
        return repository

    def _branch(self, name: str, branch: str) -> None:
        repository = self._may_write(name)
        if repository is None:
            return
        if branch in repository.refs:
            return self._error(409, None, "Reference already exists")
        repository.refs[branch] = repository.refs["main"]
        self._json({})

    def _preupload(self, name: str, revision: str) -> None:
        repository = self._repository(name)
        if repository is None:
            return
        if repository.resolve(revision) is None:
            return self._error(404, "RevisionNotFound", "Revision Not Found")
        answer = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["size"] >= LFS_SIZE and file["path"] != "README.md" else "regular",
                "shouldIgnore": False,
            }
            for file in json.loads(self.body)["files"]
        ]
        self._json({"files": answer})

    def _lfs_batch(self, name: str) -> None:
        if self._repository(name) is None:
            return
        objects = [
            {
                "oid": item["oid"],
                "size": item["size"],
                "actions": {"upload": {"href": f"{self.hub.url}/lfs/{item['oid']}", "header": {}}},
            }
            for item in json.loads(self.body)["objects"]
        ]
        self._send(200, json.dumps({"transfer": "basic", "objects": objects}).encode())

    def _lfs_put(self, oid: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != oid:
            return self._error(400, None, "wrong checksum")
        self.hub.lfs[oid] = self.body
        self._send(200)

    def _commit(self, name: str, revision: str) -> None:
        repository = self._repository(name)
        if repository is None:
            return
        as_request = self.query.get("create_pr") == ["1"]
        if not self._is_owner():
            return self._error(403, None, "You don't have the rights")
        changes, message = {}, ""
        for line in self.body.splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "header":
                message = value["summary"]
            elif item["key"] == "file":
                changes[value["path"]] = base64.b64decode(value["content"])
            elif item["key"] == "lfsFile":
                changes[value["path"]] = self.hub.lfs[value["oid"]]
        answer = {"success": True}
        if as_request:
            repository.pull_requests += 1
            branch = f"refs/pr/{repository.pull_requests}"
            repository.refs[branch] = repository.refs[revision]
            answer["pullRequestUrl"] = f"{self.hub.url}/{name}/discussions/{repository.pull_requests}"
            revision = branch
        sha = repository.commit(revision, changes, message)
        self._json({**answer, "commitOid": sha, "commitUrl": f"{self.hub.url}/{name}/commit/{sha}"})
