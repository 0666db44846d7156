"""Which files hold a model's weights, in the order in which transformers looks for them.

An explicit `transformers_weights` of config.json, `model.safetensors`, its sharded index, `pytorch_model.bin`, its
index. A variant goes before the last suffix: `model.fp16.safetensors`, `model.safetensors.index.fp16.json`.
"""

from __future__ import annotations

import os
import re
from typing import Any

from ..errors import CheckpointError
from . import logging
from .files import is_inside

logger = logging.get_logger(__name__)

SAFE_WEIGHTS_NAME = "model.safetensors"
SAFE_WEIGHTS_INDEX_NAME = "model.safetensors.index.json"
WEIGHTS_NAME = "pytorch_model.bin"
WEIGHTS_INDEX_NAME = "pytorch_model.bin.index.json"


class ResolvedWeights:
    """The files of one checkpoint.

    Attributes:
        files: paths, in the order of their names.
        format: `"safetensors"`, `"torch"` or `"gguf"`.
        weight_map: tensor name -> path of the shard that holds it; None for a single file.
        metadata: what the index says besides (`total_size`, `total_parameters`).
        commit_hash: the commit that was read, for a repository on the Hub.
    """

    def __init__(
        self,
        files: list[str],
        format: str,
        weight_map: dict[str, str] | None = None,
        metadata: dict[str, Any] | None = None,
        commit_hash: str | None = None,
    ):
        self.files, self.format, self.weight_map, self.commit_hash = files, format, weight_map, commit_hash
        self.metadata = {} if metadata is None else metadata

    @property
    def is_sharded(self) -> bool:
        """Whether an index says which shard holds which tensor."""
        return self.weight_map is not None


def add_variant(name: str, variant: str | None) -> str:
    """`model.safetensors` with `"fp16"` is `model.fp16.safetensors`."""
    if variant is None:
        return name
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{variant}.{suffix}"


def _format(name: str) -> str:
    return "gguf" if name.endswith(".gguf") else "safetensors" if ".safetensors" in name else "torch"


def resolve_weights(
    path_or_repo: str | os.PathLike,
    variant: str | None = None,
    use_safetensors: bool | None = None,
    subfolder: str | None = "",
    gguf_file: str | None = None,
    transformers_weights: str | None = None,
    **hub_arguments: Any,
) -> ResolvedWeights:
    """Find (and download) the weight files of a folder, a file or a repository.

    Args:
        path_or_repo: a folder, a weight file, or a repository id on the Hub.
        variant: `"fp16"` looks for `model.fp16.safetensors`.
        use_safetensors: True: nothing else; False: the `.bin` files; None: safetensors if there are any.
        subfolder: folder inside `path_or_repo`.
        gguf_file: name of a GGUF file (of the first one, if it is split).
        transformers_weights: the name that config.json gives explicitly.
        **hub_arguments: those of `hub.cached_files` (`revision`, `token`, `cache_dir` …).

    Raises:
        OSError: no weights there; the text names what was looked for.
        CheckpointError: an index that is damaged, or names files outside of the folder.
        ValueError: `transformers_weights` is no safetensors name, or leaves the folder.
    """
    path_or_repo = os.fspath(path_or_repo)
    place = _Place(path_or_repo, subfolder or "", hub_arguments)
    if gguf_file is not None or (path_or_repo.endswith(".gguf") and os.path.isfile(path_or_repo)):
        return _resolve_gguf(place, gguf_file or path_or_repo)
    if os.path.isfile(path_or_repo):
        found = path_or_repo
        place = _Place(os.path.dirname(path_or_repo) or ".", "", {})
    elif transformers_weights is not None:
        _check_explicit(transformers_weights)
        found = place.find(transformers_weights, required=True)
    else:
        found = _search(place, variant, use_safetensors)
    logger.info(f"loading weights file {found}")
    if found.endswith(".json"):
        return _read_index(place, found)
    return ResolvedWeights([found], _format(os.path.basename(found)), commit_hash=place.commit_hash(found))


class _Place:
    """A folder or repository in which names are looked up; the first hit pins the commit for the others."""

    def __init__(self, root: str, subfolder: str, hub_arguments: dict[str, Any]) -> None:
        self.root, self.subfolder, self.arguments = root, subfolder, dict(hub_arguments)
        self.is_local = os.path.isdir(root)

    def find(self, name: str, required: bool = False) -> str | None:
        found = self.find_all([name], required)
        return found[0] if found else None

    def find_all(self, names: list[str], required: bool = True) -> list[str]:
        from ..hub import cached_files

        found = cached_files(
            self.root,
            names,
            subfolder=self.subfolder,
            _raise_exceptions_for_missing_entries=required,
            **self.arguments,
        )
        if found and self.commit_hash(found[0]):
            self.arguments["_commit_hash"] = self.commit_hash(found[0])
        return found or []

    def commit_hash(self, path: str) -> str | None:
        from ..hub import extract_commit_hash

        return None if self.is_local else extract_commit_hash(path, self.arguments.get("_commit_hash"))

    def has(self, name: str) -> bool:
        from ..hub import has_file

        accepted = ("revision", "token", "use_auth_token", "cache_dir", "local_files_only")
        arguments = {key: value for key, value in self.arguments.items() if key in accepted}
        return has_file(self.root, os.path.join(self.subfolder, name), **arguments)


def _search(place: _Place, variant: str | None, use_safetensors: bool | None) -> str:
    safe = [add_variant(name, variant) for name in (SAFE_WEIGHTS_NAME, SAFE_WEIGHTS_INDEX_NAME)]
    torch = [add_variant(name, variant) for name in (WEIGHTS_NAME, WEIGHTS_INDEX_NAME)]
    for name in (safe if use_safetensors is not False else []) + (torch if not use_safetensors else []):
        found = place.find(name)
        if found is not None:
            return found
    advice = _other_weights(place, variant)
    if place.is_local:
        if use_safetensors:
            raise OSError(f"Error no file named {safe[0]} found in directory {place.root}.{advice}")
        raise OSError(f"Error no file named {safe[0]}, or {torch[0]}, found in directory {place.root}.{advice}")
    if use_safetensors:
        raise OSError(
            f"{place.root} does not appear to have a file named {safe[0]} or {safe[1]} "
            "and thus cannot be loaded with `safetensors`. Please do not set `use_safetensors=True`."
        )
    for name in (WEIGHTS_NAME, SAFE_WEIGHTS_NAME):
        if variant is not None and place.has(name):
            raise OSError(
                f"{place.root} does not appear to have a file named {add_variant(name, variant)} but there is a file "
                f"without the variant {variant}. Use `variant=None` to load this model from those weights."
            )
    raise OSError(f"{place.root} does not appear to have a file named {torch[0]} or {safe[0]}.")


def _other_weights(place: _Place, variant: str | None) -> str:
    """Advice that names what else lies in a local folder."""
    folder = os.path.join(place.root, place.subfolder)
    names = sorted(os.listdir(folder)) if place.is_local and os.path.isdir(folder) else []
    ggufs = [name for name in names if name.endswith(".gguf")]
    if ggufs:
        return f" It has {', '.join(ggufs[:3])}: pass gguf_file={ggufs[0]!r} to load that."
    foreign = [name for name in names if name.startswith(("tf_model.", "flax_model."))]
    if foreign:
        from ..modeling.loading import CONVERT_ADVICE

        return f" It has {foreign[0]}: {CONVERT_ADVICE}"
    if variant is not None and SAFE_WEIGHTS_NAME in names:
        return f" It has {SAFE_WEIGHTS_NAME}: use variant=None to load that."
    if "adapter_config.json" in names:
        return " It has adapter_config.json: this is an adapter, not a whole model."
    return ""


def _check_explicit(name: str) -> None:
    if not isinstance(name, str) or not name.endswith((".safetensors", ".safetensors.index.json")):
        raise ValueError(
            "The transformers file in the config seems to be incorrect: it is neither a safetensors file "
            f"(*.safetensors) nor a safetensors index file (*.safetensors.index.json): {name}"
        )
    if not is_inside(".", name):
        raise ValueError(f"`transformers_weights` must reference a file inside the model directory, got {name}")


def _read_index(place: _Place, path: str) -> ResolvedWeights:
    from .._configuration_loading import read_json_dict

    index, label = read_json_dict(path), os.path.basename(path)
    weight_map, metadata = index.get("weight_map"), index.get("metadata") or {}
    if not isinstance(weight_map, dict) or not weight_map or not isinstance(metadata, dict):
        raise CheckpointError(f"{label}: needed a `weight_map` of tensor names to file names; damaged download?")
    shards = sorted(set(map(str, weight_map.values())))
    for shard in shards:
        if not is_inside(".", shard) or not shard.endswith((".safetensors", ".bin")):
            raise CheckpointError(
                f"{label}: the weight map names the file {shard!r}, needed a .safetensors or .bin file inside the "
                "model's folder; do not trust this checkpoint"
            )
    paths = dict(zip(shards, place.find_all(shards)))
    return ResolvedWeights(
        files=list(paths.values()),
        format=_format(shards[0]),
        weight_map={str(tensor): paths[str(shard)] for tensor, shard in weight_map.items()},
        metadata=metadata,
        commit_hash=place.commit_hash(path),
    )


def _resolve_gguf(place: _Place, gguf_file: str) -> ResolvedWeights:
    if os.path.isfile(gguf_file):
        place, name = _Place(os.path.dirname(gguf_file) or ".", "", {}), os.path.basename(gguf_file)
    else:
        name = gguf_file
    split = re.fullmatch(r"(.+)-(\d{5})-of-(\d{5})\.gguf", name)
    names = [name]
    if split is not None:
        stem, total = split.group(1), split.group(3)
        if place.find(f"{stem}-00001-of-{total}.gguf", required=True):
            names = [f"{stem}-{part:05d}-of-{total}.gguf" for part in range(1, int(total) + 1)]
    files = place.find_all(names)
    return ResolvedWeights(files, "gguf", commit_hash=place.commit_hash(files[0]))
