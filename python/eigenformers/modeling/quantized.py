"""The part of `from_pretrained` that concerns quantizers."""

from __future__ import annotations

import inspect
from typing import Any

from .. import _core
from ..nn import Parameter


def quantization_argument(kwargs: dict[str, Any]) -> Any:
    """`quantization_config`, taken out of the arguments; also from `load_in_4bit=True` and what goes with it."""
    given = kwargs.pop("quantization_config", None)
    if getattr(given, "quant_method", None) == "gguf":  # a matter of how the file is opened
        if given.gguf_file is not None:
            kwargs.setdefault("gguf_file", given.gguf_file)
        if given.dequantize and kwargs.get("dtype") is None and kwargs.get("torch_dtype") is None:
            kwargs["dtype"] = _core.bfloat16
        given = None
    flags = {name: kwargs.pop(name, False) or False for name in ("load_in_4bit", "load_in_8bit")}
    if not any(flags.values()):
        return given
    if given is not None:
        raise ValueError(
            "You can't pass `load_in_4bit`or `load_in_8bit` as a kwarg when passing `quantization_config` argument at "
            "the same time."
        )
    from ..quantization.bitsandbytes import BitsAndBytesConfig

    known = inspect.signature(BitsAndBytesConfig.__init__).parameters
    return BitsAndBytesConfig(**flags, **{name: kwargs.pop(name) for name in list(kwargs) if name in known})


def find_quantizer(config: Any, given: Any, dtype: Any, device_map: Any) -> tuple[Any, Any, Any, Any]:
    """`(quantizer or None, config, dtype, device_map)`."""
    if given is None and getattr(config, "quantization_config", None) is None:
        return None, config, dtype, device_map
    from ..quantization.auto import get_hf_quantizer

    return get_hf_quantizer(config, given, dtype, device_map, True, None)


def fill_quantized(model: Any, quantizer: Any, reader: Any, dtype: Any, device_map: Any, progress: Any) -> dict:
    """Read the weights with a quantizer in between; what `load_checkpoint` reports."""
    keep = getattr(model, "_keep_in_fp32_modules", None)
    quantizer.preprocess_model(model, dtype=dtype, device_map=device_map, keep_in_fp32_modules=keep, config=model.config)
    reader = quantizer.wrap_reader(reader, model, dtype)
    mine = _converted_names(model, quantizer, reader)
    if not mine:
        return model._fill(reader, dtype, progress)
    rest = _core.renamed_checkpoint(reader, [(name, name) for name in reader.keys() if name not in mine.values()])
    info = model._fill(rest, dtype, progress)
    for name, source in mine.items():
        value = reader.get_tensor(source)
        if dtype is not None and value.is_floating_point() and not quantizer.pre_quantized:
            value = value.to(dtype)
        _convert(model, quantizer, name, value)
    info["missing_keys"] = [name for name in info["missing_keys"] if name not in mine]
    return info


def _converted_names(model: Any, quantizer: Any, reader: Any) -> dict[str, str]:
    """Tensors of the tree that a quantizer in Python converts, and what the checkpoint calls them."""
    from ..quantization.base import HfQuantizer, source_name

    old = getattr(quantizer, "check_quantized_param", None)
    if old is None and type(quantizer).param_needs_quantization is HfQuantizer.param_needs_quantization:
        return {}
    names, mine = set(reader.keys()), {}
    for path, module in model.named_modules():
        own = [name for name, _ in module._empty_slots()] + [name for name, _ in module._own_slots()]
        for name in own:
            full = f"{path}.{name}" if path else name
            source = source_name(full, names, model.base_model_prefix)
            if source is None:
                continue
            if old is not None:
                asked = old(model, reader.get_tensor(source), full, {})
            else:
                asked = quantizer.param_needs_quantization(model, full)
            if asked:
                mine[full] = source
    return mine


def _convert(model: Any, quantizer: Any, name: str, value: Any) -> None:
    create = getattr(quantizer, "create_quantized_param", None)
    if create is not None:
        create(model, value, name, "cpu", {name: value}, [])
        return
    made = quantizer.get_quantize_ops().convert({name: [value]}, model=model, full_layer_name=name,
                                                missing_keys=set())  # fmt: skip
    for target, result in made.items():
        owner, _, last = target.rpartition(".")
        module = model.get_submodule(owner) if owner else model
        result = result[0] if isinstance(result, list) else result
        if isinstance(result, _core.Tensor) and result.is_floating_point() and not isinstance(result, Parameter):
            result = Parameter(result, requires_grad=result.requires_grad)
        setattr(module, last, result)
