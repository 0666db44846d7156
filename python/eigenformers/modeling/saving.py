"""`save_pretrained`: config.json, generation_config.json, safetensors, a model card."""

from __future__ import annotations

import os
import re
from typing import Any

from .. import _core
from ..errors import UnsupportedError
from ..utils import logging
from ..utils.hub_push import upload_saved
from ..utils.weight_files import SAFE_WEIGHTS_INDEX_NAME, SAFE_WEIGHTS_NAME, add_variant

logger = logging.get_logger(__name__)

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
          "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}  # fmt: skip


def parse_size(size: int | str) -> int:
    """Bytes in `"5GB"` (decimal), `"5GiB"` (binary) or a number.

    >>> parse_size("2MB"), parse_size("1KiB"), parse_size(7)
    (2000000, 1024, 7)
    """
    if isinstance(size, int):
        found = size
    else:
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", size)
        if not match or match[2].upper() not in _UNITS:
            raise ValueError(f"max_shard_size: found {size!r}, needed a size such as 5GB, 200MB or a number of bytes")
        found = int(float(match[1]) * _UNITS[match[2].upper()])
    if found <= 0:
        raise ValueError(f"max_shard_size: found {size!r}, needed more than 0 bytes")
    return found


class SavingMixin:
    """Part of PreTrainedModel."""

    def save_pretrained(
        self,
        save_directory: str | os.PathLike,
        is_main_process: bool = True,
        state_dict: dict | None = None,
        push_to_hub: bool = False,
        max_shard_size: int | str = "50GB",
        variant: str | None = None,
        token: str | bool | None = None,
        save_peft_format: bool = True,
        save_original_format: bool = True,
        **kwargs: Any,
    ) -> None:
        """Write the model so that `from_pretrained`, here and in transformers, reads it back.

        Args:
            save_directory: folder, made when it is not there.
            is_main_process: False writes nothing but still makes the folder.
            state_dict: values to write instead of the model's own.
            push_to_hub: upload what was written.
            max_shard_size: largest weight file, e.g. `"5GB"`.
            variant: `"fp16"` writes `model.fp16.safetensors`.
            token: for the upload.
            save_peft_format: of a model with adapters (only these are written): with the names that peft uses.
            save_original_format: after loading with `key_mapping`, write the checkpoint's own names.

        Raises:
            OSError: the folder can't be made or written; files that were there before stay whole.
            NotImplementedError: an argument that is not supported, by name.
        """
        folder = os.fspath(save_directory)
        if os.path.isfile(folder):
            raise OSError(f"Provided path ({folder}) should be a directory, not a file")
        if not kwargs.pop("safe_serialization", True):
            raise UnsupportedError(
                "save_pretrained(safe_serialization=False): weights are always written as safetensors"
            )
        if kwargs.pop("distributed_checkpoint", False):
            raise UnsupportedError("save_pretrained(distributed_checkpoint=True) is not supported yet")
        kwargs.pop("save_function", None)
        quantizer = getattr(self, "hf_quantizer", None)
        if quantizer is not None and not quantizer.is_serializable():
            raise ValueError(
                f"The model is quantized with {quantizer.quantization_config.quant_method} and is not serializable - "
                "check out the warnings from the logger on the traceback to understand the reason why the quantized "
                "model is not serializable."
            )
        if push_to_hub and token is not None:
            kwargs["token"] = token
        with upload_saved(self, folder, push_to_hub, kwargs):
            if is_main_process and self._hf_peft_config_loaded:
                os.makedirs(folder, exist_ok=True)
                self._save_adapter(folder, save_peft_format)
            elif is_main_process:
                renamed = save_original_format and self._original_names
                if state_dict is None and (renamed or self._keys_to_ignore_on_save):
                    state_dict = self._state_of_checkpoint()
                self._write(folder, state_dict, parse_size(max_shard_size), variant)

    def _state_of_checkpoint(self) -> dict[str, Any]:
        """The state under the names that it had before `key_mapping`; what is tied once, what follows from others not."""
        left_out = {*(target for target, _ in self._ties()), *(self._keys_to_ignore_on_save or ())}
        state = self.state_dict()
        return {self._original_names.get(name, name): value for name, value in state.items() if name not in left_out}

    def _write(self, folder: str, state_dict: dict | None, limit: int, variant: str | None) -> None:
        self.config.architectures = [type(self).__name__.removeprefix("FSDP")]
        if self.dtype is not None and not self._has_packed():
            self.config.dtype = self.dtype
        self.config.save_pretrained(folder)
        if self.can_generate() and self.generation_config is not None:
            self.generation_config.save_pretrained(folder)
        stem = add_variant(SAFE_WEIGHTS_NAME, variant).removesuffix(".safetensors")
        quantizer = getattr(self, "hf_quantizer", None)
        metadata: dict[str, str] = {}
        if quantizer is not None and state_dict is None:
            state_dict, metadata = quantizer.get_state_dict_and_metadata(self)
        given = [(name, _core.as_tensor(value)) for name, value in (state_dict or {}).items()]
        index = add_variant(SAFE_WEIGHTS_INDEX_NAME, variant)
        files = set(_core.save_safetensors(self, given, folder, stem, index, limit, metadata or {})[0])
        self._remove_stale(folder, stem, index, files)

    def _has_packed(self) -> bool:
        return any(isinstance(value, _core.PackedWeight) for value in self.parameters())

    @staticmethod
    def _remove_stale(folder: str, stem: str, index: str, written: set[str]) -> None:
        """Shards of an earlier, differently cut save would be read by mistake."""
        pattern = re.compile(re.escape(stem) + r"(-\d{5}-of-\d{5})?\.safetensors")
        stale = [name for name in os.listdir(folder) if pattern.fullmatch(name) and name not in written]
        if len(written) == 1 and os.path.exists(os.path.join(folder, index)):
            stale.append(index)
        for name in stale:
            os.remove(os.path.join(folder, name))
