"""`save_pretrained`: files that this library, and transformers, read back. Each is written whole or not at all."""

from __future__ import annotations

import copy
import json
import os
import re
from typing import Any

from ..utils import logging
from ..utils.files import atomic_write
from ..utils.hub_push import PushToHubMixin, upload_saved
from ._engine import AddedToken
from .loading import ADDED_TOKENS_FILE, CHAT_TEMPLATE_DIR, CHAT_TEMPLATE_FILE, TOKENIZER_CONFIG_FILE

logger = logging.get_logger(__name__)

# Arguments that describe where a tokenizer came from, not what it is.
_PRIVATE = {
    "name_or_path",
    "special_tokens_map_file",
    "added_tokens_decoder",
    "additional_special_tokens",
    "add_bos_token",
    "add_eos_token",
    "files_loaded",
    "device_map",
    "slow_tokenizer_class",
    "is_local",
    "local_files_only",
}


def write_json(path: str, value: Any) -> None:
    """Write JSON as the hub's files have it: two blanks of indent, sorted, UTF-8."""
    atomic_write(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


class SavingMixin(PushToHubMixin):
    """`save_pretrained` and its parts."""

    def save_pretrained(
        self,
        save_directory: str | os.PathLike,
        legacy_format: bool | None = None,
        filename_prefix: str | None = None,
        push_to_hub: bool = False,
        **kwargs: Any,
    ) -> tuple[str, ...] | None:
        """Write the tokenizer into a folder, from which `from_pretrained` reads it back; returns the paths written.

        Args:
            save_directory: folder, made if need be.
            legacy_format: True to write the vocabulary in the older files too (vocab.json, merges.txt, vocab.txt).
            filename_prefix: put before every file name, with a hyphen.
            push_to_hub: upload the folder afterwards.
            save_format: "mistral" copies the tekken.json that the tokenizer was made from, and nothing else.
            save_jinja_files: False to keep the chat template inside tokenizer_config.json.
            **kwargs: arguments of `push_to_hub`: `repo_id`, `commit_message`, `private`, `token`, ...
        """
        directory = os.fspath(save_directory)
        if os.path.isfile(directory):
            logger.error(f"Provided path ({directory}) should be a directory, not a file")
            return None
        save_format = kwargs.pop("save_format", None)
        if save_format not in (None, "hf", "mistral"):
            raise ValueError(f"Unknown save_format={save_format!r}. Supported values: 'hf', 'mistral'.")
        if save_format == "mistral":
            with upload_saved(self, directory, push_to_hub, kwargs):
                return self._save_tekken(directory)
        save_jinja_files = kwargs.pop("save_jinja_files", True)
        prefix = f"{filename_prefix}-" if filename_prefix else ""
        with upload_saved(self, directory, push_to_hub, kwargs):
            config = self._config_to_save()
            config, template_files = self.save_chat_templates(directory, config, filename_prefix, save_jinja_files)
            config_file = os.path.join(directory, prefix + TOKENIZER_CONFIG_FILE)
            write_json(config_file, self.convert_added_tokens(config, save=True))
            files = (config_file, *template_files)
            return self._save_pretrained(directory, files, legacy_format, filename_prefix)

    @classmethod
    def convert_added_tokens(cls, obj: Any, save: bool = False, add_type_field: bool = True) -> Any:
        """A value as tokenizer_config.json holds it, or such a value with its AddedToken objects made, at any depth.

        Args:
            obj: the value, which stays as it is.
            save: AddedToken objects become dictionaries.
            add_type_field: those have "__type"; else they lack "special", as the oldest files did.
        """
        if not save and isinstance(obj, dict) and obj.get("__type") == "AddedToken":
            return AddedToken(**{key: value for key, value in obj.items() if key != "__type"})
        if isinstance(obj, AddedToken) and save:
            state = obj.__getstate__()
            if not add_type_field:
                return {key: value for key, value in state.items() if key != "special"}
            return {**state, "__type": "AddedToken"}
        if isinstance(obj, dict):
            return {key: cls.convert_added_tokens(value, save, add_type_field) for key, value in obj.items()}
        if isinstance(obj, (list, tuple)):
            return [cls.convert_added_tokens(value, save, add_type_field) for value in obj]
        return obj

    def _save_tekken(self, directory: str) -> tuple[str, ...]:
        """Copy the tekken.json of this tokenizer, which must not have changed since; returns its path."""
        source = getattr(self, "vocab_file", None)
        if not source or not os.path.isfile(source) or not re.match(r"tekken.*\.json$", os.path.basename(source)):
            raise OSError(
                "Cannot save in 'mistral' format: the original tekken.json is not available. "
                "Load a native checkpoint (that still contains tekken.json)."
            )
        if type(self)(vocab_file=source).get_vocab() != self.get_vocab():
            raise ValueError(f"Cannot save in 'mistral' format: the vocabulary is no longer that of {source}.")
        os.makedirs(directory, exist_ok=True)
        path = os.path.join(directory, "tekken.json")
        if not (os.path.exists(path) and os.path.samefile(source, path)):
            import shutil

            shutil.copyfile(source, path)
        return (path,)

    def _config_to_save(self) -> dict[str, Any]:
        """Content of tokenizer_config.json: the arguments, as they are by now."""
        arguments = {key: value for key, value in self.init_kwargs.items() if key not in _PRIVATE}
        config = copy.deepcopy(arguments)
        for key in {*arguments, "model_max_length"}:
            if hasattr(self, key):
                config[key] = getattr(self, key)
        if self.clean_up_tokenization_spaces:  # also where it was set later, as before transformers 5
            config["clean_up_tokenization_spaces"] = True
        for key in self.vocab_files_names:
            config.pop(key, None)
        config.pop("extra_special_tokens", None)
        config.update(self.special_tokens_map)
        if self._extra_special_tokens or "extra_special_tokens" in arguments:
            config["extra_special_tokens"] = self.extra_special_tokens
        if not self.is_fast:  # a tokenizer.json has them else
            config["added_tokens_decoder"] = {i: t.__getstate__() for i, t in self.added_tokens_decoder.items()}
        for key in ("response_template", "chat_control_tokens"):
            if getattr(self, key, None) is not None:
                config[key] = getattr(self, key)
        if self.init_inputs:
            config["init_inputs"] = list(self.init_inputs)
        config["tokenizer_class"] = self._saved_class_name()
        if self._processor_class is not None:
            config["processor_class"] = self._processor_class
        return config

    def _saved_class_name(self) -> str:
        return type(self).__name__

    def _set_processor_class(self, processor_class: str) -> None:
        """Name of the processor that this tokenizer belongs to, for tokenizer_config.json."""
        self._processor_class = processor_class

    def save_chat_templates(
        self, save_directory: str | os.PathLike, tokenizer_config: dict, filename_prefix: str | None,
        save_jinja_files: bool,
    ) -> tuple[dict, list[str]]:  # fmt: skip
        """Write the chat templates into files of their own, or into `tokenizer_config`; returns it and the paths."""
        config = {key: value for key, value in tokenizer_config.items() if key != "chat_template"}
        if self.chat_template is None:
            return config, []
        templates = self.chat_template if isinstance(self.chat_template, dict) else {"default": self.chat_template}
        if not save_jinja_files or isinstance(self.chat_template, list):
            if isinstance(self.chat_template, dict):
                config["chat_template"] = [{"name": name, "template": text} for name, text in templates.items()]
            else:
                config["chat_template"] = self.chat_template
            return config, []
        prefix = f"{filename_prefix}-" if filename_prefix else ""
        written = []
        for name, text in templates.items():
            path = os.path.join(save_directory, prefix + CHAT_TEMPLATE_FILE)
            if name != "default":
                folder = os.path.join(save_directory, prefix + CHAT_TEMPLATE_DIR)
                path = os.path.join(folder, f"{name}.jinja")
                if os.path.dirname(os.path.abspath(path)) != os.path.abspath(folder):
                    raise ValueError(f"Invalid chat template name: {name!r}")
                os.makedirs(folder, exist_ok=True)
            atomic_write(path, text)
            written.append(path)
        return config, written

    def _save_pretrained(
        self, save_directory: str, file_names: tuple[str, ...], legacy_format: bool | None, filename_prefix: str | None
    ) -> tuple[str, ...]:
        """Write vocabulary files. This one writes the older form, which has no tokenizer.json."""
        if legacy_format is False:
            raise ValueError(
                "Only fast tokenizers (instances of PreTrainedTokenizerFast) can be saved in non legacy format."
            )
        prefix = f"{filename_prefix}-" if filename_prefix else ""
        files = tuple(file_names) + tuple(self.save_vocabulary(save_directory, filename_prefix=filename_prefix) or ())
        added = {token: index for token, index in self.added_tokens_encoder.items() if index >= self.vocab_size}
        path = os.path.join(save_directory, prefix + ADDED_TOKENS_FILE)
        if added:
            write_json(path, added)
        return (*files, path)

    def save_vocabulary(self, save_directory: str | os.PathLike, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write only the vocabulary, in the older files; returns the paths."""
        raise NotImplementedError
