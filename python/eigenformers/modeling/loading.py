"""`from_pretrained`: finding the files, building the tree, filling it."""

from __future__ import annotations

import contextlib
import copy
import os
import re
import threading
from collections.abc import Iterator
from typing import Any

from .. import _core
from ..configuration import PreTrainedConfig
from ..errors import CheckpointError, UnsupportedError
from ..utils import logging
from ..utils.dtypes import to_dtype
from ..utils.weight_files import resolve_weights
from .progress import loading_bar
from .quantized import fill_quantized, find_quantizer, quantization_argument

logger = logging.get_logger(__name__)
_state = threading.local()

# Arguments of from_pretrained that are not computed here, and the values that ask for nothing.
_REFUSED: dict[str, tuple[Any, ...]] = {
    "tp_plan": (None,), "tp_size": (None, 1), "device_mesh": (None,), "distributed_config": (None,), "fusion_config": (None,),
    "adapter_name": (None, "default"), "adapter_kwargs": (None, {}),
    "offload_state_dict": (None, False), "use_kernels": (None, False), "kernel_config": (None,),
    "experts_implementation": (None,),
}  # fmt: skip
# Accepted without effect: they steer where weights live between several devices, or how they are copied there.
_WITHOUT_EFFECT = (
    "offload_buffers", "low_cpu_mem_usage", "_fast_init", "mirror",
    "_from_auto", "_from_pipeline", "user_agent",
)  # fmt: skip
CONVERT_ADVICE = (
    "TensorFlow and Flax checkpoints are not read. Convert once where transformers 4 is installed, with "
    "AutoModel.from_pretrained(folder, from_tf=True).save_pretrained(folder) (or from_flax=True), which writes "
    "model.safetensors."
)
_HUB = ("cache_dir", "force_download", "local_files_only", "token", "revision")


class LoadingMixin:
    """Part of PreTrainedModel."""

    _expanded_quantization: tuple[str, ...] = ()  # quantization methods of files that the family reads as dense

    @staticmethod
    @contextlib.contextmanager
    def loading() -> Iterator[None]:
        """While it is open, new models get no initial values: they are about to be filled."""
        before = getattr(_state, "on", False)
        _state.on = True
        try:
            yield
        finally:
            _state.on = before

    @staticmethod
    def is_loading() -> bool:
        """Whether a checkpoint is being loaded in this thread."""
        return getattr(_state, "on", False)

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | os.PathLike | None,
        *model_args: Any,
        config: Any = None,
        cache_dir: str | os.PathLike | None = None,
        ignore_mismatched_sizes: bool = False,
        force_download: bool = False,
        local_files_only: bool = False,
        token: str | bool | None = None,
        revision: str = "main",
        use_safetensors: bool | None = None,
        weights_only: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Load a model from a folder, a `.gguf` file or the Hub, in evaluation mode.

        Args:
            pretrained_model_name_or_path: folder, `.gguf` file or repository id; None together with `state_dict`.
            config: configuration object, or where to load one from.
            dtype (or torch_dtype): `"auto"` (default: the configuration's, else the file's), a name or a dtype.
                For a GGUF file, a dtype turns packed matrices into dense ones; by default they stay packed.
            ignore_mismatched_sizes: initialise tensors whose shapes differ instead of raising.
            output_loading_info: also return a dict with missing_keys, unexpected_keys, mismatched_keys.
            device_map, max_memory, offload_folder: which parts stay in memory, "cpu", and which are read from files as
                they are needed, "disk" (written to offload_folder, if there is one); noted as `hf_device_map`. "auto"
                decides by `max_memory={"cpu": "10GB"}`.
            quantization_config: a configuration of `eigenformers.quantization` (or its dict): the matrices of linear
                layers are packed one by one while they are read. `load_in_4bit=True`, `load_in_8bit=True` and the
                fields of BitsAndBytesConfig are understood as well.
            key_mapping: `{regular expression: replacement}`, applied in order to the names in the checkpoint.
            disable_mmap: copy the files into memory instead of mapping them. A mapped file must not change while the
                model is in use; one that is truncated ends the process with SIGBUS.
            gguf_file, variant, subfolder, state_dict, generation_config, attn_implementation: as in transformers.
            cache_dir, force_download, local_files_only, token, revision: of the download.

        Raises:
            OSError: nothing found, or damaged files; the message names file and tensor.
            RuntimeError: shapes differ and `ignore_mismatched_sizes` is off.
            NotImplementedError: an argument that is not supported, by name.
        """
        if not weights_only:
            raise UnsupportedError("from_pretrained(weights_only=False): nothing in a checkpoint is ever executed")
        if "use_auth_token" in kwargs:
            token = kwargs.pop("use_auth_token")
        for name in ("from_tf", "from_flax"):
            if kwargs.pop(name, None):
                raise UnsupportedError(f"from_pretrained({name}=True): {CONVERT_ADVICE}")
        for name, off in _REFUSED.items():
            value = kwargs.pop(name, None)
            if not any(value is item or value == item for item in off):
                raise UnsupportedError(f"from_pretrained: `{name}` is not supported yet")
        for name in _WITHOUT_EFFECT:
            kwargs.pop(name, None)
        placement = {name: kwargs.pop(name, None) for name in ("device_map", "max_memory", "offload_folder")}
        device_map = placement["device_map"]
        quantization_config = quantization_argument(kwargs)
        bar_class = kwargs.pop("tqdm_class", None)
        trust = kwargs.pop("trust_remote_code", None)
        dtype = kwargs.pop("dtype", None)
        old_dtype = kwargs.pop("torch_dtype", None)
        dtype = old_dtype if dtype is None else dtype
        options = {
            name: kwargs.pop(name, default)
            for name, default in (
                ("variant", None), ("subfolder", ""), ("gguf_file", None), ("state_dict", None),
                ("generation_config", None), ("output_loading_info", False), ("attn_implementation", None),
                ("disable_mmap", False), ("key_mapping", None),
            )
        }  # fmt: skip
        hub = dict(zip(_HUB, (cache_dir, force_download, local_files_only, token, revision)))
        hub.update({name: kwargs.pop(name) for name in ("proxies", "_commit_hash") if name in kwargs})
        path = pretrained_model_name_or_path
        state = options["state_dict"]
        if path is None and state is None:
            raise ValueError("from_pretrained: pretrained_model_name_or_path is None and there is no state_dict")
        if isinstance(path, (str, os.PathLike)):
            path = os.fspath(path)

        own = config is None
        if not isinstance(config, PreTrainedConfig):
            config, model_kwargs = cls.config_class.from_pretrained(
                path if config is None else config, return_unused_kwargs=True, subfolder=options["subfolder"],
                gguf_file=options["gguf_file"], **hub, **kwargs,
            )  # fmt: skip
            if own:  # the weights come from the commit that the configuration came from
                hub["_commit_hash"] = getattr(config, "_commit_hash", None)
        else:
            config, model_kwargs = copy.deepcopy(config), kwargs
        if trust and getattr(config, "auto_map", None):
            logger.warning_once("trust_remote_code=True: code of a checkpoint is never run, the built-in model is used")
        config.name_or_path = path or ""
        if options["attn_implementation"] is not None:
            config._attn_implementation = options["attn_implementation"]
        check_attention(config._attn_implementation)
        stored = getattr(config, "quantization_config", None)
        if stored and dict(stored).get("quant_method") in cls._expanded_quantization:
            del config.quantization_config  # the family's `_adapt_checkpoint` makes dense matrices of it
        quantizer, config, dtype, device_map = find_quantizer(config, quantization_config, dtype, device_map)
        if getattr(quantization_config, "llm_int8_enable_fp32_cpu_offload", False) is True:
            placement["device_map"] = None  # it says which layers stay dense
        _check_device_map(placement["device_map"])

        weights, is_gguf = None, False
        if state is None:
            weights = resolve_weights(
                path, variant=options["variant"], use_safetensors=use_safetensors, subfolder=options["subfolder"],
                gguf_file=options["gguf_file"], transformers_weights=getattr(config, "transformers_weights", None), **hub,
            )  # fmt: skip
            is_gguf = weights.format == "gguf"
            reader = files = _open(weights, options["disable_mmap"])
        else:
            reader = _core.tensors_in_memory([(name, _core.as_tensor(value)) for name, value in state.items()])
        original = {}
        if options["key_mapping"]:
            names = [(name, rename(name, options["key_mapping"])) for name in reader.keys()]
            reader = _core.renamed_checkpoint(reader, names)
            original = {new: old for old, new in names if new != old}
        reader = cls._adapt_checkpoint(reader)
        with cls.loading():
            model = cls(config, *model_args, **model_kwargs)
        chosen = _choose_dtype(dtype, config, reader, is_gguf)
        with loading_bar(bar_class) as progress:
            if quantizer is None:
                info = model._fill(reader, chosen, progress)
            else:
                info = fill_quantized(model, quantizer, reader, chosen, device_map, progress)
        if weights is not None:
            _check_index(weights, files, info["missing_keys"])
        model._original_names = original
        model._finish_loading(info, ignore_mismatched_sizes, path)
        if chosen is not None and not is_gguf:
            config.dtype = chosen
        model.eval()
        if quantizer is not None:
            model.hf_quantizer = quantizer
            quantizer.postprocess_model(model, config=config)
        if model.can_generate():
            model._load_generation_config(path, options, hub, is_gguf)
        if placement["device_map"] is not None:
            from ..accelerate.big_modeling import place

            place(model, **placement)
        if options["output_loading_info"]:
            keys = ("missing_keys", "unexpected_keys", "mismatched_keys")
            return model, {**{k: set(info[k]) for k in keys}, "error_msgs": []}
        return model

    @classmethod
    def _adapt_checkpoint(cls, reader: Any) -> Any:
        """The reader, under the names of the module tree; families whose files have several layouts override it."""
        return reader

    def _fill(self, reader: Any, dtype: Any, progress: Any = None) -> dict[str, Any]:
        return _core.load_checkpoint(
            self, reader, dtype=dtype, base_prefix=self.base_model_prefix, ties=self._ties(),
            ignore_missing=list(self._keys_to_ignore_on_load_missing or []),
            ignore_unexpected=[*(self._keys_to_ignore_on_load_unexpected or []), r"rotary_emb\.inv_freq$"],
            progress=progress,
        )  # fmt: skip

    def _finish_loading(self, info: dict[str, Any], ignore_mismatched: bool, path: Any) -> None:
        name = type(self).__name__
        if info["mismatched_keys"]:
            rows = "\n".join(
                f"- {key}: found shape {tuple(found)} in the checkpoint and {tuple(needed)} in the model instantiated"
                for key, found, needed in info["mismatched_keys"]
            )
            if not ignore_mismatched:
                raise RuntimeError(
                    f"Error(s) in loading {path} into {name}: sizes differ. You may consider adding "
                    f"`ignore_mismatched_sizes=True` in the model `from_pretrained` method.\n{rows}"
                )
            logger.warning(f"Some weights of {name} were newly initialized because the shapes did not match:\n{rows}")
        if info["missing_keys"]:
            logger.warning(
                f"Some weights of {name} were not initialized from the model checkpoint at {path} and are newly "
                f"initialized: {sorted(info['missing_keys'])}\nYou should probably TRAIN this model on a down-stream "
                "task to be able to use it for predictions and inference."
            )
        if info["unexpected_keys"]:
            logger.warning(
                f"Some weights of the model checkpoint at {path} were not used when initializing {name}: "
                f"{sorted(info['unexpected_keys'])}"
            )
        if info["untied_keys"]:
            self._untied = frozenset(info["untied_keys"])
            logger.warning(
                f"The tied weights mapping and config for this model specifies to tie {sorted(self._untied)}, but both "
                "are present in the checkpoints with different values, so we will NOT tie them. You should update the "
                "config with `tie_word_embeddings=False` to silence this warning."
            )
        if info["dequantized"]:
            kinds = sorted({kind for _, kind in info["dequantized"]})
            logger.warning(
                f"{path}: {', '.join(kinds)} tensors are dequantized to bfloat16: no kernel computes on them packed"
            )
        self.init_weights()

    def _load_generation_config(self, path: Any, options: dict, hub: dict, is_gguf: bool) -> None:
        from ..generation import GenerationConfig

        if options["generation_config"] is not None:
            self.generation_config = options["generation_config"]
            return
        if path is None or is_gguf:
            return
        try:
            self.generation_config = GenerationConfig.from_pretrained(path, subfolder=options["subfolder"], **hub)
        except OSError:
            logger.info("Generation config file not found, using a generation config created from the model config.")


_ATTENTIONS = (
    "eager", "sdpa", "flash_attention_2", "flash_attention_3", "flash_attention_4", "flex_attention",
)  # fmt: skip


def check_attention(name: Any) -> None:
    """ValueError for a name that no attention has: all that transformers knows compute the same, and so do we."""
    for one in name.values() if isinstance(name, dict) else (name,):
        plain = one.removeprefix("paged|").removeprefix("paged/") if isinstance(one, str) else one
        if plain is None or plain in _ATTENTIONS or (isinstance(plain, str) and "/" in plain):  # a kernel's repository
            continue
        options = ", ".join(f'`attn_implementation="{known}"`' for known in _ATTENTIONS)
        raise ValueError(
            f'Specified `attn_implementation="{one}"` is not supported. The only possible arguments are {options}, and '
            "these with `paged|` before them."
        )


_DEVICES = ("cuda", "xpu", "mps", "hpu", "npu", "mlu", "musa", "xla", "meta")


def _check_device_map(device_map: Any) -> None:
    """ValueError for what names no device, UnsupportedError for devices other than the CPU and its disk."""
    names = ("auto", "balanced", "balanced_low_0", "sequential")
    if isinstance(device_map, (list, tuple, set, float, bool)):
        raise TypeError(f"device_map: found a {type(device_map).__name__}, needed a name, a device or a dict of parts")
    if isinstance(device_map, int) and device_map < 0:
        raise ValueError(
            "You can't pass device_map as a negative int. If you want to put the model on the cpu, pass device_map = 'cpu' "
        )
    for value in device_map.values() if isinstance(device_map, dict) else (device_map,):
        text = str(value)
        if value is None or text in ("cpu", "disk") or (text in names and not isinstance(device_map, dict)):
            continue
        if isinstance(value, int) or text.split(":")[0] in _DEVICES:
            raise UnsupportedError(f"device_map={device_map!r}: eigenformers computes on the CPU only")
        raise ValueError(
            "When passing device_map as a string, the value needs to be a device name (e.g. cpu, cuda:0) or "
            f"{', '.join(map(repr, names))} but found {value}."
        )


def fill_from(model: Any, path: Any, dtype: Any, strict: bool) -> None:
    """Fills a module with the weights of a folder or file.

    Raises:
        RuntimeError: with `strict`, for names that are missing or not used; for shapes that differ.
    """
    weights = resolve_weights(_weights_of(os.fspath(path)))
    reader = _open(weights, False)
    info = _core.load_checkpoint(
        model, reader, dtype=None if dtype is None else to_dtype(dtype), base_prefix=getattr(model, "base_model_prefix", ""),
        ties=model._ties() if hasattr(model, "_ties") else [], ignore_missing=[], ignore_unexpected=[], progress=None,
    )  # fmt: skip
    _check_index(weights, reader, info["missing_keys"])
    wrong = [*info["mismatched_keys"], *((info["missing_keys"] + info["unexpected_keys"]) if strict else [])]
    if wrong:
        raise RuntimeError(f"{path}: found weights that do not fit, or lacks them: {sorted(map(str, wrong))[:10]}")


def _weights_of(path: str) -> str:
    """Of a folder whose one index has a name of its own, that; else `path`."""
    import glob

    indices = glob.glob(os.path.join(glob.escape(path), "*.index.json")) if os.path.isdir(path) else []
    return indices[0] if len(indices) == 1 else path


def _open(weights: Any, disable_mmap: bool) -> Any:
    if weights.format == "gguf":
        return _core.open_gguf(weights.files[0], disable_mmap)
    opener = _core.open_safetensors if weights.format == "safetensors" else _core.open_torch
    return opener(list(weights.files), disable_mmap)


def _check_index(weights: Any, reader: Any, missing: list[str]) -> None:
    """CheckpointError when the index promises a tensor that the model lacks and no file has; others do no harm."""
    for name, file in (weights.weight_map or {}).items():
        if name not in reader and any(f".{key}".endswith(f".{name}") or f".{name}".endswith(f".{key}") for key in missing):
            raise CheckpointError(
                f"{file}: the index places tensor '{name}' here, but the file does not have it; the index belongs to "
                "other shards?"
            )


def _choose_dtype(asked: Any, config: Any, reader: Any, is_gguf: bool) -> Any:
    """The dtype of dense weights; None leaves them as they are stored (and packed ones packed)."""
    if asked not in (None, "auto"):
        return to_dtype(asked)
    if is_gguf:
        return None
    if config.dtype not in (None, "auto"):
        return to_dtype(config.dtype)
    for name in reader.keys():
        dtype = reader.get_info(name)[1]
        if dtype.is_floating_point:
            return dtype
    return None


def rename(name: str, mapping: dict[str, str]) -> str:
    """A tensor's name after `key_mapping`.

    Each expression replaces its first match, in order. One that ends in a letter or a number ends where a word does;
    `*.` stands for any part of a name, as in transformers.

    >>> rename("transformer.layers.0.attn.q.weight", {"^transformer": "model", r"\\.attn\\.": ".self_attn."})
    'model.layers.0.self_attn.q.weight'
    """
    for source, target in mapping.items():
        pattern = source.replace("*.", r".*\.")
        if re.search(r"[a-zA-Z0-9]$", pattern):
            pattern += r"(?!\w)"
        try:
            name = re.sub(pattern, target.removeprefix("^").replace(r"\.", "."), name, count=1)
        except (re.error, IndexError) as error:
            raise ValueError(f"key_mapping: {source!r}: {target!r} is not a regular expression: {error}") from error
    return name
