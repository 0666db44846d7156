"""Files of a model: in a local folder, in the Hub's cache, or on the Hub.

The cache is huggingface_hub's own (`models--org--name/{blobs,refs,snapshots/<commit>}`), so both libraries share what
either downloaded. What is in the cache at a known commit, and everything in offline mode, is found without importing
huggingface_hub. The environment is read at each call: `HF_HOME`, `HF_HUB_CACHE`, `TRANSFORMERS_CACHE`,
`HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE`, `HF_ENDPOINT`, `HF_TOKEN`, `HF_TOKEN_PATH`.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from typing import Any

from .errors import UnsupportedError
from .utils import logging
from .utils.hub_push import PushToHubMixin, upload_saved
from .utils.weight_files import ResolvedWeights, resolve_weights

logger = logging.get_logger(__name__)

__all__ = [
    "CONFIG_NAME", "GENERATION_CONFIG_NAME", "HUB_ARGUMENTS", "PushToHubMixin", "ResolvedWeights", "cached_file",
    "cached_files", "extract_commit_hash", "has_file", "hub_cache", "is_offline_mode", "list_repo_files",
    "resolve_weights", "upload_saved",
]  # fmt: skip

CONFIG_NAME = "config.json"
GENERATION_CONFIG_NAME = "generation_config.json"

# The arguments of every `from_pretrained` that say where a file is and how to get it.
HUB_ARGUMENTS = (
    "cache_dir", "force_download", "local_files_only", "token", "use_auth_token", "revision", "subfolder", "proxies",
    "_commit_hash",
)  # fmt: skip

_TRUE = {"1", "ON", "YES", "TRUE"}
_COMMIT = re.compile(r"[0-9a-f]{40}")
_MISSING = object()  # the cache knows that the repository has no such file


def is_offline_mode() -> bool:
    """Whether `HF_HUB_OFFLINE` or `TRANSFORMERS_OFFLINE` forbids the network."""
    return any(os.environ.get(name, "").upper() in _TRUE for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))


def endpoint() -> str:
    """The Hub's address: `HF_ENDPOINT` or https://huggingface.co."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def hub_cache() -> str:
    """The folder of downloaded repositories: `TRANSFORMERS_CACHE`, `HF_HUB_CACHE` or `HF_HOME/hub`."""
    for name in ("TRANSFORMERS_CACHE", "PYTORCH_TRANSFORMERS_CACHE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if os.environ.get(name):
            return os.path.expanduser(os.environ[name])
    home = os.environ.get("HF_HOME")
    if not home:
        home = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache"), "huggingface")
    return os.path.join(os.path.expanduser(os.path.expandvars(home)), "hub")


def hub_api(token: bool | str | None = None, user_agent: str | dict[str, Any] | None = None) -> Any:
    """A `huggingface_hub.HfApi` for the current endpoint. Imports huggingface_hub."""
    import huggingface_hub

    try:
        from ._core import __version__
    except ImportError:  # the pure Python part, used without the extension
        __version__ = None
    logging.apply_progress_bars_to_hub()
    agent = {key: str(value) for key, value in user_agent.items()} if isinstance(user_agent, dict) else user_agent
    return huggingface_hub.HfApi(
        endpoint=endpoint(), token=token, library_name="eigenformers", library_version=__version__, user_agent=agent
    )


def extract_commit_hash(resolved_file: str | None, commit_hash: str | None = None) -> str | None:
    """The commit that a cached file belongs to (`…/snapshots/<commit>/…`); `commit_hash` if that is known already."""
    if resolved_file is None or commit_hash is not None:
        return commit_hash
    found = re.search(r"snapshots/([^/]+)/", resolved_file.replace(os.sep, "/"))
    return found.group(1) if found and _COMMIT.fullmatch(found.group(1)) else None


def _look_up(repo_id: str, filename: str, cache_dir: str, revision: str | None, repo_type: str | None) -> Any:
    """Path of a cached file, `_MISSING` if the repository is known to lack it, None if nothing is known."""
    repository = os.path.join(cache_dir, f"{repo_type or 'model'}s--{repo_id.replace('/', '--')}")
    commit = revision or "main"
    if not _COMMIT.fullmatch(commit):
        try:
            with open(os.path.join(repository, "refs", *commit.split("/")), encoding="utf-8") as file:
                commit = file.read().strip()
        except OSError:
            return None
    path = os.path.join(repository, "snapshots", commit, filename)
    if os.path.isfile(path):
        return path
    return _MISSING if os.path.isfile(os.path.join(repository, ".no_exist", commit, filename)) else None


def cached_file(path_or_repo_id: str | os.PathLike, filename: str, **kwargs: Any) -> str | None:
    """Path of one file of a folder or repository, downloaded if need be; arguments as in `cached_files`."""
    files = cached_files(path_or_repo_id, [filename], **kwargs)
    return None if files is None else files[0]


def cached_files(
    path_or_repo_id: str | os.PathLike,
    filenames: list[str],
    cache_dir: str | os.PathLike | None = None,
    force_download: bool = False,
    proxies: dict[str, str] | None = None,
    token: bool | str | None = None,
    revision: str | None = None,
    local_files_only: bool = False,
    subfolder: str | None = "",
    repo_type: str | None = None,
    user_agent: str | dict[str, str] | None = None,
    use_auth_token: bool | str | None = None,
    tqdm_class: type | None = None,
    _commit_hash: str | None = None,
    _raise_exceptions_for_gated_repo: bool = True,
    _raise_exceptions_for_missing_entries: bool = True,
    _raise_exceptions_for_connection_errors: bool = True,
) -> list[str] | None:
    """Paths of several files of a folder or repository, downloaded if need be.

    Args:
        path_or_repo_id: a local folder, or a repository id on the Hub.
        filenames: names of the files, below `subfolder`.
        cache_dir: folder to keep downloads in; default `hub_cache()`.
        force_download: download again what is cached.
        proxies: proxies by scheme; only None (or empty) here, set `HTTPS_PROXY` instead.
        token: access token, or True for the stored one, False for none. `use_auth_token` is its older name.
        revision: branch, tag or commit; `_commit_hash` (an earlier answer's commit) pins it.
        local_files_only: never touch the network.
        repo_type: `"model"` (default), `"dataset"` or `"space"`.
        _raise_exceptions_for_…: return None instead of raising for that reason.

    Returns:
        The paths, without those that do not exist (where that does not raise); None if there are none at all, or if
        the one file asked for is a missing `config.json`.

    Raises:
        OSError: not a folder nor a repository, no such revision or file, no access, no connection.
        UnsupportedError: `proxies`.
    """
    _refuse_proxies(proxies)
    token = use_auth_token if token is None else token
    subfolder = subfolder or ""
    path_or_repo_id = os.fspath(path_or_repo_id)
    names = [os.path.join(subfolder, name) for name in filenames]
    config_only = len(names) == 1 and names[0] == os.path.join(subfolder, CONFIG_NAME)

    def finish(found: list[str | None]) -> list[str] | None:
        missing = [name for name, path in zip(names, found) if path is None]
        if missing and _raise_exceptions_for_missing_entries and not config_only:
            what = f"a file named {missing[0]}" if len(missing) == 1 else f"files named {(*missing,)}"
            raise OSError(
                f"{path_or_repo_id} does not appear to have {what}. Checkout "
                f"'https://huggingface.co/{path_or_repo_id}/tree/{revision or 'main'}' for available files."
            )
        return [path for path in found if path is not None] or None

    if os.path.isdir(path_or_repo_id):
        paths = [os.path.join(path_or_repo_id, name) for name in names]
        return finish([path if os.path.isfile(path) else None for path in paths])

    cache = os.fspath(cache_dir or hub_cache())
    pinned = _commit_hash or (revision if revision and _COMMIT.fullmatch(revision) else None)
    local_files_only = local_files_only or is_offline_mode()

    def look_up(commit: str | None) -> list[Any]:
        return [_look_up(path_or_repo_id, name, cache, commit, repo_type) for name in names]

    # A commit never changes, so what the cache knows about it holds; offline, so does what it knows about a branch.
    if (pinned or local_files_only) and not force_download:
        known = look_up(pinned or revision)
        if all(path is not None for path in known):
            return finish([None if path is _MISSING else path for path in known])

    if local_files_only and _is_repo_id(path_or_repo_id):
        error: Exception | None = FileNotFoundError("offline, and not in the cache")
    else:
        options = {"repo_type": repo_type, "revision": pinned or revision, "cache_dir": cache,
                   "force_download": force_download, "local_files_only": local_files_only}  # fmt: skip
        if tqdm_class is not None:
            options["tqdm_class"] = tqdm_class
        error = _download(path_or_repo_id, names, token, user_agent, options)
    known = look_up(pinned or revision)
    if error is not None:
        if all(isinstance(path, str) for path in known) and _may_use_stale(error):
            return known
        missing_config = local_files_only and known == [_MISSING]
        if not missing_config and not _tolerated(
            error, path_or_repo_id, revision, _raise_exceptions_for_gated_repo,
            _raise_exceptions_for_missing_entries, _raise_exceptions_for_connection_errors,
        ):  # fmt: skip
            return None
    return finish([path if isinstance(path, str) else None for path in known])


def _refuse_proxies(proxies: dict[str, str] | None) -> None:
    if proxies:
        raise UnsupportedError("proxies: not supported here; set the environment variable HTTPS_PROXY instead")


def _is_repo_id(name: str) -> bool:
    part = r"[\w](?:[\w.-]*[\w])?"
    return re.fullmatch(rf"{part}(?:/{part})?", name) is not None and "--" not in name and ".." not in name


def _download(
    repo_id: str, names: list[str], token: bool | str | None, user_agent: str | dict | None, options: dict[str, Any]
) -> Exception | None:
    """Fetch files into the cache; returns what went wrong first, except that a file does not exist."""
    from huggingface_hub.utils import EntryNotFoundError, LocalEntryNotFoundError

    api = hub_api(token, user_agent)

    def fetch(name: str) -> Exception | None:
        try:
            api.hf_hub_download(repo_id, name, token=token, **options)
        except LocalEntryNotFoundError as error:  # no connection (and not in the cache)
            return error
        except EntryNotFoundError:
            return None
        except Exception as error:  # judged by the caller: most become an OSError with advice
            return error
        return None

    if len(names) == 1:
        return fetch(names[0])
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(8, len(names))) as pool:
        return next((error for error in pool.map(fetch, names) if error is not None), None)


def _may_use_stale(error: Exception) -> bool:
    """Whether cached files stand in for a failed download: yes without connection, no if access or name is wrong."""
    from huggingface_hub import utils as hub

    if isinstance(error, hub.RepositoryNotFoundError) and not isinstance(error, hub.GatedRepoError):
        return False
    if isinstance(error, (hub.RevisionNotFoundError, hub.HFValidationError, PermissionError)):
        return False
    return not (isinstance(error, OSError) and error.errno in (errno.EROFS, errno.ENOSPC))


def _tolerated(
    error: Exception, repo_id: str, revision: str | None, raise_gated: bool, raise_missing: bool, raise_connection: bool
) -> bool:
    """Raise the OSError that explains a failed download; False where the caller asked for None instead."""
    if isinstance(error, FileNotFoundError) and "huggingface_hub" not in sys.modules:
        kind = "connection"
    else:
        from huggingface_hub import utils as hub

        if isinstance(error, hub.GatedRepoError):
            if not raise_gated:
                return False
            raise OSError(
                "You are trying to access a gated repo.\nMake sure to have access to it at "
                f"https://huggingface.co/{repo_id}.\n{error}"
            ) from error
        if isinstance(error, hub.RepositoryNotFoundError):
            raise _not_a_model(repo_id) from error
        if isinstance(error, hub.RevisionNotFoundError):
            raise OSError(
                f"{revision} is not a valid git identifier (branch name, tag name or commit id) that exists "
                "for this model name. Check the model page at "
                f"'https://huggingface.co/{repo_id}' for available revisions."
            ) from error
        if isinstance(error, PermissionError):
            raise OSError(
                f"PermissionError at {error.filename} when downloading {repo_id}. Check cache directory permissions. "
                "Common causes: 1) another user is downloading the same model (please wait); "
                "2) a previous download was canceled and the lock file needs manual removal."
            ) from error
        if isinstance(error, OSError) and error.errno in (errno.EROFS, errno.ENOSPC):
            raise error
        if isinstance(error, (hub.LocalEntryNotFoundError, FileNotFoundError, ConnectionError)):
            kind = "connection"
        elif isinstance(error, ValueError):  # a name that cannot be a repository id
            raise _not_a_model(repo_id, str(error)) from error
        elif isinstance(error, hub.HfHubHTTPError):
            kind = "http"
        else:
            raise error
    if not raise_connection:
        return False
    if kind == "http":
        raise OSError(f"There was a specific connection error when trying to load {repo_id}:\n{error}") from error
    if not raise_missing:
        return False
    raise OSError(
        f"We couldn't connect to '{endpoint()}' to load the files, and couldn't find them in the"
        " cached files.\nCheck your internet connection, or unset HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE and "
        f"local_files_only to allow downloading '{repo_id}'."
    ) from error


def _not_a_model(repo_id: str, detail: str = "") -> OSError:
    return OSError(
        f"{repo_id} is not a local folder and is not a valid model identifier listed on "
        f"'https://huggingface.co/models'{': ' + detail if detail else ''}\nIf this is a private repository, make sure "
        "to pass a token having permission to this repo either by logging in with `hf auth login` or by passing "
        "`token=<your_token>`"
    )


def has_file(
    path_or_repo: str | os.PathLike,
    filename: str,
    revision: str | None = None,
    proxies: dict[str, str] | None = None,
    token: bool | str | None = None,
    *,
    local_files_only: bool = False,
    cache_dir: str | os.PathLike | None = None,
    repo_type: str | None = None,
    use_auth_token: bool | str | None = None,
) -> bool:
    """Whether a folder or repository has a file, without downloading it; without connection: whether it is cached.

    Raises:
        OSError: the repository or the revision does not exist, or access to it was not granted.
    """
    _refuse_proxies(proxies)
    path_or_repo = os.fspath(path_or_repo)
    if os.path.isdir(path_or_repo):
        return os.path.isfile(os.path.join(path_or_repo, filename))
    cached = _look_up(path_or_repo, filename, os.fspath(cache_dir or hub_cache()), revision, repo_type)
    if local_files_only or is_offline_mode():
        return isinstance(cached, str)
    import huggingface_hub
    from huggingface_hub import utils as hub

    token = use_auth_token if token is None else token
    url = huggingface_hub.hf_hub_url(
        path_or_repo, filename, revision=revision, repo_type=repo_type, endpoint=endpoint()
    )
    try:
        hub_api(token).get_hf_file_metadata(url=url, token=token)
        return True
    except (hub.RepositoryNotFoundError, hub.RevisionNotFoundError) as error:
        _tolerated(error, path_or_repo, revision, True, True, True)
        raise
    except hub.EntryNotFoundError:
        return False
    except Exception as error:
        if isinstance(error, hub.HfHubHTTPError) or _is_connection_error(error):
            return isinstance(cached, str)
        raise


def _is_connection_error(error: Exception) -> bool:
    """Whether this is an error of one of the HTTP libraries that versions of huggingface_hub use."""
    library = type(error).__module__.split(".")[0]
    return isinstance(error, ConnectionError) or library in (
        "httpx", "httpcore", "httpx2", "httpcore2", "requests", "urllib3",
    )  # fmt: skip


def list_repo_files(
    path_or_repo: str | os.PathLike,
    revision: str | None = None,
    token: bool | str | None = None,
    repo_type: str | None = None,
) -> list[str]:
    """Names of all files in a folder or repository, with `/` between folders.

    Raises:
        OSError: the repository or the revision does not exist, or access to it was not granted.
        ConnectionError: the Hub does not answer.
    """
    path_or_repo = os.fspath(path_or_repo)
    if os.path.isdir(path_or_repo):
        return sorted(
            os.path.relpath(os.path.join(folder, name), path_or_repo).replace(os.sep, "/")
            for folder, _, names in os.walk(path_or_repo)
            for name in names
        )
    from huggingface_hub import utils as hub

    try:
        return list(hub_api(token).list_repo_files(path_or_repo, revision=revision, repo_type=repo_type))
    except (hub.RepositoryNotFoundError, hub.RevisionNotFoundError, hub.HFValidationError) as error:
        _tolerated(error, path_or_repo, revision, True, True, True)
        raise
    except Exception as error:
        if isinstance(error, hub.HfHubHTTPError) or _is_connection_error(error):
            raise ConnectionError(f"{endpoint()}: {error}") from error
        raise
