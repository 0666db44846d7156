"""Weights larger than memory: which parts stay in memory, and the others mapped from files, read as they are needed.

A mapped tensor takes no memory of its own: the system reads its pages when a pass needs them, and drops them when memory
gets short. Weights of a safetensors or GGUF checkpoint are mapped already; what changed its dtype, or was made in
memory, is written to a folder first.
"""

from __future__ import annotations

import math
import os
import re
import warnings
from collections import OrderedDict
from contextlib import contextmanager
from typing import Any

from .._core import Tensor, get_default_dtype
from ..errors import UnsupportedError
from ..utils import logging
from ..utils.dtypes import to_dtype

logger = logging.get_logger(__name__)

_AUTOMATIC = ("auto", "balanced", "balanced_low_0", "sequential")
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "KI": 2**10, "MI": 2**20, "GI": 2**30, "TI": 2**40}


@contextmanager
def init_empty_weights(include_buffers: bool | None = None) -> Any:
    """Models made inside get no initial values, so their weights take no memory until they are filled.

    Until then `parameters()` and `state_dict()` of such a module are empty; `num_parameters()` of a model counts the
    weights to come.

    >>> import eigenformers as ef
    >>> from eigenformers.accelerate import init_empty_weights
    >>> with init_empty_weights():
    ...     model = ef.AutoModelForCausalLM.from_config(ef.AutoConfig.for_model("llama", num_hidden_layers=1))
    """
    from ..modeling import PreTrainedModel
    from ..nn.init import empty_weights

    with PreTrainedModel.loading(), empty_weights():
        yield


@contextmanager
def init_on_device(device: Any, include_buffers: bool | None = None) -> Any:
    """As `init_empty_weights` for "meta"; for the CPU nothing."""
    name = str(getattr(device, "type", device)).split(":")[0]
    if name == "meta":
        with init_empty_weights():
            yield
    elif name == "cpu":
        yield
    else:
        raise UnsupportedError(f"init_on_device: device {device!r}: eigenformers computes on the CPU only")


def bytes_of(size: int | str) -> int:
    """A size in bytes: a number, or text as "10GB", "512MiB".

    >>> bytes_of("2KB"), bytes_of("2KiB"), bytes_of(7)
    (2000, 2048, 7)
    """
    if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
        return size
    match = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*([KMGT]?I?)B\s*", str(size).upper())
    count = float(match[1]) * _UNITS.get(match[2], math.inf) if match else math.inf
    if not math.isfinite(count):
        raise ValueError(f"max_memory: found the size {size!r}, needed bytes, or text as '10GB' or '512MiB'")
    return int(count)


def check_max_memory(max_memory: Any) -> None:
    """TypeError, ValueError for what is no dict of devices and their sizes."""
    if max_memory is None:
        return
    if not isinstance(max_memory, dict):
        raise TypeError(f"max_memory: found a {type(max_memory).__name__}, needed a dict, as {{'cpu': '10GB'}}")
    for device, size in max_memory.items():
        if not isinstance(device, int) and device not in ("cpu", "disk", "mps"):
            raise ValueError(
                f"Device {device} is not recognized, available devices are integers(for GPU/XPU), 'mps', 'cpu' and 'disk'"
            )
        bytes_of(size)


def _sizes(model: Any, dtype: Any = None, special_dtypes: dict[str, Any] | None = None) -> dict[str, int]:
    """Bytes of each weight, those that have no values yet included; a tied one counts once, at its first name.

    `dtype` makes floating ones smaller, never larger; `special_dtypes` (name → dtype) go before it.
    """
    widths = {name: to_dtype(kind).itemsize for name, kind in (special_dtypes or {}).items()}
    most = None if dtype is None else to_dtype(dtype).itemsize
    tied = {target for target, _ in model._ties()} if hasattr(model, "_ties") else set()
    out: dict[str, int] = {}
    seen: set[int] = set()

    def add(name: str, count: int, width: int, floating: bool = True) -> None:
        if name not in tied:
            out[name] = count * (widths.get(name) or (min(most, width) if most and floating else width))

    for path, module in model.named_modules():
        prefix = f"{path}." if path else ""
        for name, shape in module._empty_slots():
            add(prefix + name, math.prod(shape), get_default_dtype().itemsize)
    for name, value in model.state_dict().items():
        if value.data_ptr() not in seen or not value.numel():
            seen.add(value.data_ptr())
            add(name, value.numel(), value.element_size(), value.is_floating_point())
    return out


def infer_auto_device_map(
    model: Any,
    max_memory: dict[Any, int | str] | None = None,
    no_split_module_classes: Any = None,
    dtype: Any = None,
    special_dtypes: Any = None,
    verbose: bool = False,
    clean_result: bool = True,
    offload_buffers: bool = False,
    fallback_allocation: bool = False,
) -> OrderedDict[str, str]:
    """Which parts of a model stay in memory ("cpu") and which are mapped ("disk"), in the order in which they run.

    Args:
        model: any module.
        max_memory: `{"cpu": size}` in bytes or as "10GB"; without it everything fits. Other devices count as absent.
        no_split_module_classes: names of classes whose parts stay together; by default the model's own.
        dtype: count floating weights as of this dtype, where it is the smaller.
        special_dtypes: dtypes to count single weights as, by their names.
        verbose, clean_result, offload_buffers, fallback_allocation: accepted; they steer how weights are spread over
            several devices.

    >>> import eigenformers as ef
    >>> infer_auto_device_map(ef.nn.Linear(2, 2))
    OrderedDict([('', 'cpu')])
    """
    sizes = _sizes(model, dtype, special_dtypes)
    check_max_memory(max_memory)
    budget = (max_memory or {}).get("cpu")
    if budget is None or sum(sizes.values()) <= bytes_of(budget):
        return OrderedDict({"": "cpu"})
    names = no_split_module_classes if no_split_module_classes is not None else model_blocks(model)
    kept = {names} if isinstance(names, str) else set(names or ())
    left = bytes_of(budget)
    places: OrderedDict[str, str] = OrderedDict()

    def place(name: str, module: Any) -> None:
        nonlocal left
        prefix = f"{name}." if name else ""
        held = [key for key in sizes if key.startswith(prefix)]
        size = sum(sizes[key] for key in held)
        children = [(f"{prefix}{child}", part) for child, part in module.named_children()]
        own = [key for key in held if not any(key.startswith(f"{child}.") for child, _ in children)]
        if left and size > left and children and not own and type(module).__name__ not in kept:
            for child_name, child in children:
                place(child_name, child)
            return
        fits = size <= left
        places[name] = "cpu" if fits else "disk"
        left = left - size if fits else 0  # what runs later than a mapped part is mapped too

    place("", model)
    return places


def model_blocks(model: Any) -> list[str]:
    """The classes of a model that are better not split."""
    return list(getattr(model, "_no_split_modules", None) or [])


def check_device_map(model: Any, device_map: dict[str, Any]) -> None:
    """Warns of names in `device_map` that `model` does not have.

    Raises:
        ValueError: a weight of `model` has no place in `device_map`.
        UnsupportedError: a place other than "cpu" and "disk".
        TypeError: `device_map` is no dict.
    """
    if not isinstance(device_map, dict):
        raise TypeError(f"device_map: found a {type(device_map).__name__}, needed a dict, as {{'': 'cpu'}}")
    for name, device in device_map.items():
        if str(device) not in ("cpu", "disk"):
            raise UnsupportedError(
                f"device_map[{name!r}]={device!r}: eigenformers computes on the CPU; needed 'cpu' or 'disk'"
            )
    named = _names(model)
    strange = [name for name in device_map if name not in named]
    if strange:
        text = "The following device_map keys do not match any submodules in the model"
        warnings.warn(f"{text}: {strange}", UserWarning, stacklevel=2)
    lost = [key for key in model.state_dict() if _entry_of(key, device_map) is None]
    if lost:
        raise ValueError(
            f"The device_map provided does not give any device for the following parameters: {', '.join(lost[:10])}"
        )


def _names(model: Any) -> set[str]:
    """What an entry of a map may be called: parts, parameters and buffers."""
    found = {name for name, _ in model.named_modules()}
    for kind in (model.named_parameters, model.named_buffers):
        found.update(name for name, _ in kind(remove_duplicate=False))
    return found


def _entry_of(key: str, device_map: dict[str, Any]) -> str | None:
    """The name in `device_map` that says where a weight is: the longest that holds it."""
    while key not in device_map:
        if not key:
            return None
        key = key.rpartition(".")[0]
    return key


def dispatch_model(
    model: Any,
    device_map: dict[str, Any],
    main_device: Any = None,
    state_dict: Any = None,
    offload_dir: str | os.PathLike | None = None,
    offload_index: Any = None,
    offload_buffers: bool = False,
    skip_keys: Any = None,
    preload_module_classes: Any = None,
    force_hooks: bool = False,
) -> Any:
    """Puts the parts of a model where `device_map` says and notes it as `model.hf_device_map`.

    Args:
        model: any module.
        device_map: part or weight → "cpu" or "disk". A tied weight is where its first name is.
        offload_dir: the folder for the "disk" parts; one safetensors file each.
        main_device, state_dict, offload_index, offload_buffers, skip_keys, preload_module_classes, force_hooks:
            accepted; nothing moves between devices here.

    Raises:
        ValueError: a weight without a place, or "disk" without a folder.
        TypeError: `device_map` is no dict.
    """
    check_device_map(model, device_map)
    on_disk = [name for name, device in device_map.items() if str(device) == "disk"]
    if on_disk and offload_dir is None:
        raise ValueError(
            "We need an `offload_dir` to dispatch this model according to this `device_map`, the following submodules "
            f"need to be offloaded: {', '.join(on_disk)}."
        )
    first, named = _first_names(model), _names(model)
    for name in (name for name in on_disk if name in named):
        _map_from(model, name, device_map, first, os.fspath(offload_dir))  # type: ignore[arg-type]
    model.hf_device_map = OrderedDict(device_map)
    return model


def _first_names(model: Any) -> dict[str, str]:
    """The first name of each dense tensor that has several, by every one of them."""
    names: dict[tuple, list[str]] = {}
    for kind in (model.named_parameters, model.named_buffers):
        for name, value in kind(remove_duplicate=False):
            if isinstance(value, Tensor) and value.numel():
                names.setdefault((value.data_ptr(), tuple(value.shape), value.dtype), []).append(name)
    return {name: same[0] for same in names.values() if len(same) > 1 for name in same}


def _map_from(model: Any, entry: str, device_map: dict[str, Any], first: dict[str, str], folder: str) -> None:
    """Writes the weights that `entry` of the map places into a file, a shared one once, and lets them live there."""
    from ..safetensors.torch import load_file, save_file

    owner, part = entry, None
    while part is None:  # a weight's entry stands in the module that has it
        part = dict(model.named_modules()).get(owner)
        owner, prefix = owner.rpartition(".")[0], f"{owner}." if owner else ""
    state = {
        key: value.detach().contiguous()
        for key, value in part.state_dict(prefix=prefix).items()
        if _entry_of(key, device_map) == entry and first.get(key, key) == key
    }
    if not state:
        return
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"{entry or 'model'}.safetensors")
    save_file(state, path)
    found = load_file(path)
    found.update({name: found[kept] for name, kept in first.items() if kept in found})
    model.load_state_dict(found, strict=False, assign=True)
    if hasattr(model, "tie_weights"):
        model.tie_weights()


def cpu_offload(
    model: Any,
    execution_device: Any = None,
    offload_buffers: bool = False,
    state_dict: Any = None,
    preload_module_classes: Any = None,
) -> Any:
    """The model itself: it is in the CPU's memory. The other arguments steer devices that are not there."""
    model.hf_device_map = OrderedDict({"": "cpu"})
    return model


def disk_offload(
    model: Any,
    offload_dir: str | os.PathLike,
    execution_device: Any = None,
    offload_buffers: bool = False,
    preload_module_classes: Any = None,
) -> Any:
    """The model with all weights mapped from `offload_dir`. The other arguments steer devices that are not there."""
    return dispatch_model(model, {"": "disk"}, offload_dir=offload_dir)


def load_checkpoint_and_dispatch(
    model: Any,
    checkpoint: str | os.PathLike,
    device_map: Any = None,
    max_memory: dict[Any, int | str] | None = None,
    no_split_module_classes: Any = None,
    offload_folder: str | os.PathLike | None = None,
    offload_buffers: bool = False,
    dtype: Any = None,
    offload_state_dict: bool | None = None,
    skip_keys: Any = None,
    preload_module_classes: Any = None,
    force_hooks: bool = False,
    strict: bool = False,
    full_state_dict: bool = True,
    broadcast_from_rank0: bool = False,
) -> Any:
    """Fills a model from a folder or file of weights, which stay mapped, and places its parts.

    Args:
        model: as made under `init_empty_weights`.
        checkpoint: a folder or a weights file.
        device_map: "auto" and the like, a dict, or None.
        max_memory, no_split_module_classes: see `infer_auto_device_map`.
        offload_folder: for the "disk" parts.
        dtype: turn the weights into this dtype.
        strict: raise for missing and unexpected names.
        offload_buffers, offload_state_dict, skip_keys, preload_module_classes, force_hooks, full_state_dict,
            broadcast_from_rank0: accepted; nothing moves between devices or processes here.
    """
    from ..modeling.loading import fill_from

    fill_from(model, checkpoint, dtype, strict)
    return place(model, device_map, max_memory, offload_folder, no_split_module_classes)


def place(model: Any, device_map: Any, max_memory: Any, offload_folder: Any, no_split: Any = None) -> Any:
    """`model` with its parts where `from_pretrained(device_map=...)` asks for them."""
    check_max_memory(max_memory)
    if device_map is None:
        return model
    if isinstance(device_map, dict):
        places = OrderedDict(device_map)
    elif device_map in _AUTOMATIC:
        places = infer_auto_device_map(model, max_memory, no_split)
    else:
        places = OrderedDict({"": str(device_map)})
    if not all(str(device) in ("cpu", "disk") for device in places.values()):
        check_device_map(model, places)
    if offload_folder is None:  # weights of the checkpoint are mapped where they are
        check_device_map(model, places)
        model.hf_device_map = places
        return model
    return dispatch_model(model, places, offload_dir=offload_folder)
