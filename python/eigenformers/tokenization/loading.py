"""`from_pretrained`: find the files of a tokenizer, read its configuration, and put both together.

The tokenizer.json says how text becomes ids and is taken literally. The tokenizer_config.json beside it may change
added and special tokens, lengths, sides and the chat template, and nothing else. What the caller passes wins over both.
"""

from __future__ import annotations

import os
import re
from typing import Any

from ..utils import logging
from ._engine import AddedToken, TokenizerError, UnsupportedError
from .vocab_files import read_json, read_text

logger = logging.get_logger(__name__)

TOKENIZER_FILE = FULL_TOKENIZER_FILE = "tokenizer.json"
TOKENIZER_CONFIG_FILE = "tokenizer_config.json"
SPECIAL_TOKENS_MAP_FILE = "special_tokens_map.json"  # written by older versions
ADDED_TOKENS_FILE = "added_tokens.json"  # written by older versions
CHAT_TEMPLATE_FILE = "chat_template.jinja"
CHAT_TEMPLATE_DIR = "additional_chat_templates"
# Names of SentencePiece files in the order in which they are looked for, then of other vocabularies.
NATIVE_FILES = (
    "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "spm.model", "sentencepiece.model",
    "tekken.json", "tiktoken.model", "qwen.tiktoken", "vocab.tiktoken", "multilingual.tiktoken",
)  # fmt: skip

# Keys of a configuration that would say what to open; only a caller may.
_NOT_FROM_CONFIG = {
    "tokenizer_class",
    "auto_map",
    "init_inputs",
    "name_or_path",
    "is_local",
    "local_files_only",
    "tokenizer_file",
    "tokenizer_object",
    "gguf_file",
    "vocab",
    "merges",
    "vocab_file",
    "merges_file",
    "special_tokens_map_file",
    "added_tokens_file",
    "files_loaded",
    "backend",
    "device_map",
    "_chosen",
}


# Errors of which none says what is wrong with a file.
_UNEXPLAINED = (AssertionError, AttributeError, IndexError, KeyError, OverflowError, RecursionError, UnicodeError)


class Repository:
    """Files of one local folder or hub repository, by name."""

    def __init__(self, name: str, subfolder: str = "", **hub_kwargs: Any):
        self.name, self.subfolder, self.hub_kwargs = name, subfolder or "", hub_kwargs
        self.is_local = os.path.isdir(name)

    def find(self, filename: str) -> str | None:
        """Path of a file (downloaded if need be), None if the repository has none of that name."""
        if self.is_local:
            path = os.path.join(self.name, self.subfolder, filename)
            return path if os.path.isfile(path) else None
        from .. import hub

        path = hub.cached_file(
            self.name,
            filename,
            subfolder=self.subfolder,
            _raise_exceptions_for_missing_entries=False,
            **self.hub_kwargs,
        )
        # One commit for all files: the branch may move between two requests.
        self.hub_kwargs["_commit_hash"] = hub.extract_commit_hash(path, self.hub_kwargs.get("_commit_hash"))
        return path

    def templates(self) -> list[str]:
        """Names of the additional chat templates, without ".jinja"."""
        if self.is_local:
            folder = os.path.join(self.name, self.subfolder, CHAT_TEMPLATE_DIR)
            names = os.listdir(folder) if os.path.isdir(folder) else []
        else:
            names = self._remote_templates()
        return sorted(name[: -len(".jinja")] for name in names if name.endswith(".jinja"))

    def _remote_templates(self) -> list[str]:
        from .. import hub

        if self.hub_kwargs.get("local_files_only") or hub.is_offline_mode():
            known = self.find(TOKENIZER_CONFIG_FILE) or self.find(TOKENIZER_FILE)
            folder = os.path.join(os.path.dirname(known), CHAT_TEMPLATE_DIR) if known else ""
            return os.listdir(folder) if os.path.isdir(folder) else []
        options = {key: self.hub_kwargs[key] for key in ("revision", "token") if self.hub_kwargs.get(key)}
        try:
            files = hub.list_repo_files(self.name, **options)
        except OSError as error:
            logger.info("%s: additional chat templates were not looked for: %s", self.name, error)
            return []
        start = f"{self.subfolder}/{CHAT_TEMPLATE_DIR}/".lstrip("/")
        return [name[len(start) :] for name in files if name.startswith(start) and "/" not in name[len(start) :]]


def take_hub_kwargs(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Take the arguments that say where files come from out of `kwargs`."""
    from ..hub import HUB_ARGUMENTS

    kwargs.pop("resume_download", None)  # downloads always resume
    found = {name: kwargs.pop(name) for name in HUB_ARGUMENTS if name in kwargs}
    return {name: value for name, value in found.items() if value is not None}


class LoadingMixin:
    """`from_pretrained` of the tokenizer classes."""

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | os.PathLike, *init_inputs: Any, **kwargs: Any) -> Any:
        """Load a tokenizer from a folder, a hub repository, or a single file.

        Args:
            pretrained_model_name_or_path: folder, repository id, or path of a tokenizer.json, a vocabulary file, or
                a .gguf file.
            cache_dir, force_download, local_files_only, token, revision, subfolder: where files come from.
            gguf_file: name of the GGUF file in the folder or repository whose vocabulary is used.
            trust_remote_code: accepted; code out of a repository is never run.
            **kwargs: arguments of the class; they win over the files'.

        Raises:
            OSError: no such folder or repository, or no tokenizer in it.
            TokenizerError: a file is damaged.

        >>> tokenizer = PreTrainedTokenizerFast.from_pretrained("path/to/folder")  # doctest: +SKIP
        """
        name = os.fspath(pretrained_model_name_or_path)
        hub_kwargs = take_hub_kwargs(kwargs)
        for ignored in ("_from_auto", "_from_pipeline", "use_fast"):  # there is one implementation, the fast one
            kwargs.pop(ignored, None)
        if kwargs.pop("from_slow", False):
            raise UnsupportedError(
                "from_slow=True: the tokenizer.json is taken as it is; pass add_prefix_space= and the like to change it"
            )
        trust_remote_code = kwargs.pop("trust_remote_code", False)
        if os.path.isfile(name):
            files, config = _single_file(cls, name, kwargs.get("gguf_file")), {}
        else:
            repository = Repository(name, hub_kwargs.pop("subfolder", ""), **hub_kwargs)
            config = _read_config(cls, repository, kwargs, trust_remote_code)
            files = _tokenizer_files(cls, repository, config, kwargs)
            _read_templates(repository, config)
        kwargs.pop("gguf_file", None)
        init_inputs = init_inputs or tuple(config.pop("init_inputs", ()))
        from_files = {*_NOT_FROM_CONFIG, *cls.vocab_files_names}
        arguments = {key: value for key, value in config.items() if key not in from_files}
        if "tokenizer_file" in files:  # its post-processor says what goes around a text
            arguments.pop("add_bos_token", None)
            arguments.pop("add_eos_token", None)
        arguments.update(kwargs)
        _merge_extra_tokens(cls, arguments)
        arguments.update({key: path for key, path in files.items() if kwargs.get(key) is None})
        arguments["name_or_path"] = name
        if cls._takes_chosen:
            arguments["_chosen"] = kwargs
        if not cls.__module__.startswith("eigenformers."):  # a user's own; its errors are its own
            return cls(*init_inputs, **arguments)
        try:
            return cls(*init_inputs, **arguments)
        except TypeError as error:
            if "required positional argument" not in str(error):
                raise
            raise _no_tokenizer(name, cls) from error
        except _UNEXPLAINED as error:
            raise TokenizerError(
                f"{name}: {cls.__name__} cannot be made of its files ({type(error).__name__}: {error}); damaged file?"
            ) from error

    _reads_any_vocabulary = False  # whether a folder may have it under other names than `vocab_files_names` says
    _vocab_file_is_optional = False  # whether another of its files will do
    _takes_chosen = False  # whether the constructor tells the caller's arguments from a file's


_VOCABULARY = ("tokenizer_file", "vocab_file", "merges_file")


def _single_file(cls: type, path: str, gguf_file: str | None) -> dict[str, str]:
    """The constructor argument that a single file stands for."""
    if path.endswith(".gguf"):
        return {"gguf_file": path}
    if gguf_file:
        raise ValueError(f"{path}: a file, and gguf_file={gguf_file!r}; give the folder with gguf_file=, or the file")
    if os.path.basename(path) == "tekken.json":
        return {"vocab_file": path}
    if path.endswith(".json") and os.path.basename(path) != "vocab.json":
        return {"tokenizer_file": path}
    if path.endswith(".txt"):
        return {"vocab_file": path}
    if path.endswith((".model", ".spm", ".tiktoken")):
        return {"vocab_file": path}
    raise ValueError(
        f"Calling {cls.__name__}.from_pretrained() with the path to a single file or url is not "
        "supported for this tokenizer. Use a model identifier or the path to a directory instead."
    )


def _tokenizer_files(cls: type, repository: Repository, config: dict, kwargs: dict[str, Any]) -> dict[str, str]:
    """Constructor arguments for the file(s) that hold the vocabulary."""
    if kwargs.get("gguf_file"):
        path = repository.find(kwargs["gguf_file"])
        if path is None:
            raise OSError(f"{repository.name} does not appear to have a file named {kwargs['gguf_file']}.")
        return {"gguf_file": path}
    path = repository.find(_versioned_file(config.get("fast_tokenizer_files")))
    if path is not None and "tokenizer_file" in cls.vocab_files_names:
        side = {name: repository.find(file) for name, file in cls.vocab_files_names.items() if name not in _VOCABULARY}
        return {"tokenizer_file": path, **{name: file for name, file in side.items() if file is not None}}
    found = {}
    for argument, filename in cls.vocab_files_names.items():
        if argument != "tokenizer_file":
            path = repository.find(filename)
            if path is not None:
                found[argument] = path
    if "vocab_file" in found or (found and ("vocab_file" not in cls.vocab_files_names or cls._vocab_file_is_optional)):
        return found
    if not cls.vocab_files_names:
        return {}
    if any(kwargs.get(name) is not None for name in ("vocab", "vocab_file", "tokenizer_file", "tokenizer_object")):
        return {}
    if cls._reads_any_vocabulary:
        for names in (("vocab.json", "merges.txt"), ("vocab.txt",), *((name,) for name in NATIVE_FILES)):
            paths = [repository.find(name) for name in names]
            if all(paths):
                return dict(zip(("vocab_file", "merges_file"), paths))
    raise _no_tokenizer(repository.name, cls)


def _no_tokenizer(name: str, cls: type) -> OSError:
    return OSError(
        f"Can't load tokenizer for '{name}'. If you were trying to load it from "
        "'https://huggingface.co/models', make sure you don't have a local directory with the same name. "
        f"Otherwise, make sure '{name}' is the correct path to a directory "
        f"containing all relevant files for a {cls.__name__} tokenizer."
    )


def _versioned_file(names: Any) -> str:
    """tokenizer.json, or the newest of the files that are meant for versions of the API up to 5."""
    best, best_version = TOKENIZER_FILE, (0,)
    for name in names if isinstance(names, list) else []:
        found = re.fullmatch(r"tokenizer\.([0-9]+(?:\.[0-9]+)*)\.json", name) if isinstance(name, str) else None
        if found:
            version = tuple(int(part) for part in found[1].split("."))
            if best_version < version < (6,):
                best, best_version = name, version
    return best


def _read_config(
    cls: type, repository: Repository, kwargs: dict[str, Any], trust_remote_code: bool
) -> dict[str, Any]:
    """tokenizer_config.json, with what older versions wrote into files of their own."""
    path = repository.find(TOKENIZER_CONFIG_FILE)
    config = read_json(path) if path else {}
    if trust_remote_code and config.get("auto_map"):
        logger.warning("%s: code out of a repository is never run; the tokenizer files alone are used", repository.name)
    decoder = config.get("added_tokens_decoder")
    if decoder is not None:
        if not isinstance(decoder, dict):
            raise TokenizerError(f"{path}: added_tokens_decoder is a {type(decoder).__name__}, needed an object")
        try:
            config["added_tokens_decoder"] = {int(index): _added_token(token) for index, token in decoder.items()}
        except (TypeError, ValueError) as error:
            raise TokenizerError(f"{path}: added_tokens_decoder: {error}") from None
    else:
        _read_special_tokens_map(repository, config, kwargs)
        _read_added_tokens(cls, repository, config)
    for key, value in config.items():
        if key != "added_tokens_decoder":
            config[key] = _revive(value)
    length = config.get("model_max_length")
    if length is not None and (isinstance(length, bool) or not isinstance(length, (int, float)) or not length > 0):
        raise TokenizerError(f"{path}: model_max_length is {length!r}, needed a positive number")
    return config


def _added_token(token: Any, **more: Any) -> AddedToken:
    """An AddedToken from its JSON object."""
    if isinstance(token, AddedToken):
        return token
    if not isinstance(token, dict) or not isinstance(token.get("content"), str):
        raise TypeError(
            f"Found a {type(token)} in the saved `added_tokens_decoder`, "
            "should be a dictionary or an AddedToken instance"
        )
    known = ("single_word", "lstrip", "rstrip", "normalized", "special")
    flags = {name: bool(token[name]) for name in known if token.get(name) is not None}
    return AddedToken(token["content"], **{**flags, **more})


def _revive(value: Any) -> Any:
    """AddedToken objects for the dictionaries that stand for them, at any depth of lists and objects."""
    if isinstance(value, dict):
        if value.get("__type") == "AddedToken" or (isinstance(value.get("content"), str) and "lstrip" in value):
            return _added_token(value)
        return {key: _revive(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_revive(item) for item in value]
    return value


def _read_special_tokens_map(repository: Repository, config: dict[str, Any], kwargs: dict[str, Any]) -> None:
    path = repository.find(SPECIAL_TOKENS_MAP_FILE)
    if path is None:
        return
    for key, value in read_json(path).items():
        if kwargs.get(key):
            continue
        if isinstance(value, dict) and key != "extra_special_tokens":
            value = _added_token(value, special=True)
        elif isinstance(value, list):
            value = [_added_token(token, special=True) if isinstance(token, dict) else token for token in value]
            if key == "extra_special_tokens":
                before = list(config.get(key) or [])
                value = before + [token for token in value if token not in before]
        config[key] = value


def _read_added_tokens(cls: type, repository: Repository, config: dict[str, Any]) -> None:
    """added_tokens.json has no flags: those that a tokenizer.json states count, for named tokens too."""
    fast = "tokenizer_file" in cls.vocab_files_names
    path = repository.find(ADDED_TOKENS_FILE)
    tokenizer_file = None if fast and path is None else repository.find(_versioned_file(config.get("fast_tokenizer_files")))
    if path is None and tokenizer_file is None:
        return
    stated = {} if tokenizer_file is None else _stated_tokens(tokenizer_file)
    contents = {token.content: token for token in stated.values()}
    special = {str(value) for key, value in config.items() if key.endswith("_token")}
    special.update(str(token) for token in config.get("extra_special_tokens") or [])
    special.update(str(token) for token in config.get("additional_special_tokens") or [])
    decoder = {}
    for token, index in (read_json(path) if path else {}).items():
        if type(index) is not int or index < 0:
            raise TokenizerError(f"{path}: token {token!r} has the id {index!r}, needed a whole number")
        is_special = token in special
        if token not in contents:
            decoder[index] = AddedToken(token, normalized=not is_special, special=is_special)
    config["added_tokens_decoder"] = decoder if fast else {**decoder, **stated}  # the engine has its file's own
    for key in cls.SPECIAL_TOKENS_ATTRIBUTES:
        if isinstance(config.get(key), (str, dict, AddedToken)):
            config[key] = contents.get(str(_revive(config[key])), config[key])


def _stated_tokens(path: str) -> dict[int, AddedToken]:
    """Added tokens of a tokenizer.json, by id."""
    try:
        return {int(token["id"]): _added_token(token) for token in read_json(path).get("added_tokens") or []}
    except (KeyError, TypeError, ValueError) as error:
        raise TokenizerError(f"{path}: added_tokens: {type(error).__name__}: {error}; damaged file?") from None


def _read_templates(repository: Repository, config: dict[str, Any]) -> None:
    """Template files win over the templates inside tokenizer_config.json."""
    templates = {}
    path = repository.find(CHAT_TEMPLATE_FILE)
    if path is not None:
        templates["default"] = read_text(path)
    for name in repository.templates():
        path = repository.find(f"{CHAT_TEMPLATE_DIR}/{name}.jinja")
        if path is not None:
            templates[name] = read_text(path)
    if templates:
        config["chat_template"] = templates["default"] if list(templates) == ["default"] else templates


def _merge_extra_tokens(cls: type, arguments: dict[str, Any]) -> None:
    """One list of extra tokens, and one dictionary of the named ones that only this model has."""
    additional = arguments.pop("additional_special_tokens", None)
    if additional and not arguments.get("extra_special_tokens"):
        arguments["extra_special_tokens"] = additional
    specific = arguments.pop("model_specific_special_tokens", None) or {}
    if not isinstance(specific, dict):
        raise TypeError("model_specific_special_tokens must be a dictionary of token name to token value")
    specific = dict(specific)
    for key in list(arguments):
        if (
            key.endswith("_token")
            and key not in cls.SPECIAL_TOKENS_ATTRIBUTES
            and isinstance(arguments[key], (str, AddedToken))
        ):
            specific[key] = arguments.pop(key)
    if isinstance(arguments.get("extra_special_tokens"), dict):
        specific.update(arguments.pop("extra_special_tokens"))
    if specific:
        arguments["model_specific_special_tokens"] = specific
