"""Uploading what `save_pretrained` writes, with a README card."""

from __future__ import annotations

import contextlib
import inspect
import os
from collections.abc import Iterator
from typing import Any

from . import logging

logger = logging.get_logger(__name__)

_CARD = """
# {title}

This is the model card of a model that has been pushed on the Hub with `eigenformers`. It has been generated
automatically: please describe here what the model does, what it was trained on and how to use it.

The files are those of `transformers`; `{call}` reads them in both libraries.
"""

# Arguments of `push_to_hub` that `save_pretrained(push_to_hub=True, ...)` takes in its keyword arguments.
_PUSH_ARGUMENTS = (
    "repo_id", "commit_message", "commit_description", "private", "token", "use_auth_token", "revision", "create_pr",
    "tags",
)  # fmt: skip


def _default_message(class_name: str) -> str:
    for kind, noun in (
        ("Model", "model"), ("Config", "config"), ("Tokenizer", "tokenizer"),
        ("FeatureExtractor", "feature extractor"), ("Processor", "processor"),
    ):  # fmt: skip
        if kind in class_name:
            return f"Upload {noun}"
    return f"Upload {class_name}"


def _files_below(folder: str) -> dict[str, tuple[int, int]]:
    """relative path -> (modification time, size) of all files but hidden ones."""
    found = {}
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith("."):
                path = os.path.join(parent, name)
                status = os.stat(path)
                found[os.path.relpath(path, folder).replace(os.sep, "/")] = (status.st_mtime_ns, status.st_size)
    return found


def model_card(repo_id: str, class_name: str, tags: list[str] | None = None, token: bool | str | None = None) -> str:
    """The text of README.md: the repository's own with `tags` added, or a first one."""
    import tempfile

    from huggingface_hub import ModelCard, ModelCardData
    from huggingface_hub.utils import EntryNotFoundError

    from ..hub import hub_api

    try:
        with tempfile.TemporaryDirectory() as folder:
            path = hub_api(token).hf_hub_download(repo_id, "README.md", local_dir=folder)
            with open(path, encoding="utf-8") as file:
                card = ModelCard(file.read(), ignore_metadata_errors=True)
    except EntryNotFoundError:
        call = f"{class_name}.from_pretrained({repo_id!r})"
        header = ModelCardData(library_name="transformers", tags=[]).to_yaml()
        card = ModelCard(f"---\n{header}\n---\n{_CARD.format(title=repo_id.split('/')[-1], call=call)}")
    if tags:
        card.data.tags = list(dict.fromkeys([*(card.data.tags or []), *tags]))
    return str(card)


class PushToHubMixin:
    """Adds `push_to_hub` to whatever has `save_pretrained`."""

    def save_pretrained(self, save_directory: str | os.PathLike, **kwargs: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} must implement `save_pretrained` to use `push_to_hub`.")

    def push_to_hub(
        self,
        repo_id: str,
        *,
        commit_message: str | None = None,
        commit_description: str | None = None,
        private: bool | None = None,
        token: bool | str | None = None,
        revision: str | None = None,
        create_pr: bool = False,
        max_shard_size: int | str | None = "50GB",
        tags: list[str] | None = None,
        use_auth_token: bool | str | None = None,
        **save_arguments: Any,
    ) -> Any:
        """Save into a temporary folder and upload that, with a README card.

        Args:
            repo_id: `"name"` or `"organization/name"`; made if it is not there.
            commit_message: default `"Upload model"` (config, tokenizer …).
            commit_description: longer text of the commit.
            private: make a new repository private.
            token: access token, or True for the stored one.
            revision: branch to push to; made if it is not there.
            create_pr: open a pull request instead of committing.
            max_shard_size: for models, the size from which the weights are split.
            tags: tags to add to the card.
            **save_arguments: further arguments of `save_pretrained`.

        Returns:
            huggingface_hub's `CommitInfo` (its `str` is the commit's address).
        """
        token = use_auth_token if token is None else token
        if "max_shard_size" in inspect.signature(self.save_pretrained).parameters:  # it writes weights
            save_arguments["max_shard_size"] = max_shard_size
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            self.save_pretrained(folder, **save_arguments)
            return upload_folder(
                self, folder, _files_below(folder), repo_id, commit_message=commit_message,
                commit_description=commit_description, private=private, token=token, revision=revision,
                create_pr=create_pr, tags=tags,
            )  # fmt: skip


def upload_folder(
    owner: Any,
    folder: str,
    names: Any,
    repo_id: str,
    commit_message: str | None = None,
    commit_description: str | None = None,
    private: bool | None = None,
    token: bool | str | None = None,
    revision: str | None = None,
    create_pr: bool = False,
    tags: list[str] | None = None,
) -> Any:
    """Upload the files `names` of `folder` and the card in one commit; returns `CommitInfo`."""
    from huggingface_hub import CommitOperationAdd
    from huggingface_hub.utils import HfHubHTTPError

    from ..hub import hub_api

    api = hub_api(token)
    repo_id = api.create_repo(repo_id, private=private, exist_ok=True).repo_id
    card = model_card(repo_id, type(owner).__name__, tags, token)
    operations = [CommitOperationAdd(path_in_repo=name, path_or_fileobj=os.path.join(folder, name)) for name in names]
    operations.append(CommitOperationAdd(path_in_repo="README.md", path_or_fileobj=card.encode("utf-8")))
    if revision is not None and not revision.startswith("refs/pr"):
        try:
            api.create_branch(repo_id=repo_id, branch=revision, exist_ok=True)
        except HfHubHTTPError as error:
            # Without write access one may still open a pull request, and the branch may be there.
            if not (create_pr and error.response is not None and error.response.status_code == 403):
                raise
    logger.info(f"Uploading the following files to {repo_id}: {','.join(names)}")
    return api.create_commit(
        repo_id=repo_id,
        operations=operations,
        commit_message=commit_message or _default_message(type(owner).__name__),
        commit_description=commit_description,
        create_pr=create_pr,
        revision=revision,
    )


@contextlib.contextmanager
def upload_saved(owner: Any, folder: str, push_to_hub: bool, kwargs: dict[str, Any]) -> Iterator[None]:
    """The frame of every `save_pretrained(folder, push_to_hub=…, **kwargs)`.

    Makes the folder; after the body has written its files, uploads those that are new or changed. Takes the arguments
    of `push_to_hub` out of `kwargs`, and raises TypeError for what is left in it.
    """
    options = {name: kwargs.pop(name) for name in _PUSH_ARGUMENTS if name in kwargs}
    if kwargs:
        raise TypeError(f"{type(owner).__name__}.save_pretrained() got an unexpected argument {next(iter(kwargs))!r}")
    os.makedirs(folder, exist_ok=True)
    before = _files_below(folder) if push_to_hub else {}
    yield
    if push_to_hub:
        legacy_token = options.pop("use_auth_token", None)
        options["token"] = legacy_token if options.get("token") is None else options["token"]
        repo_id = options.pop("repo_id", None) or os.path.basename(os.path.normpath(folder))
        changed = [name for name, state in _files_below(folder).items() if before.get(name) != state]
        upload_folder(owner, folder, changed, repo_id, **options)
