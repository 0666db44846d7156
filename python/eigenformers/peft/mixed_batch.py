"""`adapter_names=[…]`: an adapter for each row of a batch. Rows don't see each other, so each group of rows that shares
an adapter is a batch of its own, and the results are put together again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Callable

from .. import _core
from ..errors import UnsupportedError
from .tuners.base import switches

BASE = "__base__"  # no adapter


def check_names(model: Any, names: list[str], rows: int) -> None:
    """ValueError where PEFT raises one: in training, for unknown adapters, another number of rows, merged adapters."""
    if model.training:
        raise ValueError("Cannot pass `adapter_names` when the model is in training mode.")
    if not isinstance(names, (list, tuple)):
        raise TypeError(f"Got adapter names of type {type(names)}, expected a list of str.")
    unknown = sorted(set(names) - set(model.peft_config) - {BASE})
    if unknown:
        raise ValueError(f"Trying to infer with non-existing adapter(s): {', '.join(unknown)}")
    if rows != len(names):
        raise ValueError(
            "Length of `adapter_names` should be the same as the number of inputs, but got "
            f"{len(names)} and {rows} respectively."
        )
    if any(module.merged_adapters for module in switches(model)):
        raise ValueError(
            "Cannot pass `adapter_names` when there are merged adapters, please call `unmerge_adapter` first."
        )


@contextlib.contextmanager
def _only(model: Any, name: str) -> Iterator[None]:
    """The model with this adapter alone; what is trained stays what it was."""
    before = [(m, m._active_adapter, m._disable_adapters) for m in switches(model)]
    try:
        for module, _, _ in before:
            module._active_adapter, module._disable_adapters = [name], name == BASE
        yield
    finally:
        for module, active, off in before:
            module._active_adapter, module._disable_adapters = active, off


def _rows(value: Any, at: list[int], count: int) -> Any:
    """Those rows of a tensor that has one for each of the batch; other values as they are."""
    if isinstance(value, _core.Tensor) and value.dim() > 0 and value.shape[0] == count:
        return value[_core.tensor(at)]
    return value


def by_groups(model: Any, names: list[str], kwargs: dict[str, Any], run: Callable[[dict[str, Any]], Any]) -> Any:
    """`[(indices of rows, result)]` of `run` on the rows of each adapter."""
    for name in ("labels", "past_key_values"):
        if kwargs.get(name) is not None:
            raise UnsupportedError(f"forward(adapter_names=…) with {name} is not supported yet")
    given = kwargs.get("input_ids")
    given = kwargs.get("inputs_embeds") if given is None else given
    count = given.shape[0]
    check_names(model, names, count)
    found = []
    for name in dict.fromkeys(names):
        at = [row for row, wanted in enumerate(names) if wanted == name]
        with _only(model, name):
            found.append((at, run({key: _rows(value, at, count) for key, value in kwargs.items()})))
    return found


def _together(parts: list[tuple[list[int], Any]]) -> Any:
    """One tensor of the rows of several, each at its place."""
    order = [row for at, _ in parts for row in at]
    back = sorted(range(len(order)), key=order.__getitem__)
    return _core.cat([part for _, part in parts], 0)[_core.tensor(back)]


def forward(model: Any, names: list[str], kwargs: dict[str, Any], run: Callable[[dict[str, Any]], Any]) -> Any:
    """The outputs of all rows; without a cache."""
    if kwargs.pop("return_dict", None) is False:
        raise UnsupportedError("forward(adapter_names=…, return_dict=False) is not supported yet")
    kwargs["use_cache"] = False
    parts = by_groups(model, names, kwargs, run)
    first = parts[0][1]
    values: dict[str, Any] = {}
    for key, value in first.items():
        if isinstance(value, _core.Tensor):
            values[key] = _together([(at, part[key]) for at, part in parts])
        elif isinstance(value, tuple):
            values[key] = tuple(_together([(at, part[key][i]) for at, part in parts]) for i in range(len(value)))
    return type(first)(**values)


def generate(model: Any, names: list[str], kwargs: dict[str, Any], run: Callable[[dict[str, Any]], Any]) -> Any:
    """The sequences of all rows, filled up with the padding token."""
    for name in ("return_dict_in_generate", "streamer"):
        if kwargs.get(name):
            raise UnsupportedError(f"generate(adapter_names=…, {name}=…) is not supported yet")
    each = kwargs.get("num_return_sequences") or 1
    parts = by_groups(model, names, kwargs, run)
    longest = max(ids.shape[1] for _, ids in parts)
    config = model.get_base_model().generation_config
    pad = kwargs.get("pad_token_id", config.pad_token_id)
    if pad is None:
        pad = config.eos_token_id[0] if isinstance(config.eos_token_id, list) else config.eos_token_id or 0
    filled = []
    for at, ids in parts:
        more = _core.full((ids.shape[0], longest - ids.shape[1]), pad, dtype=ids.dtype)
        filled.append(([row * each + i for row in at for i in range(each)], _core.cat([ids, more], 1)))
    return _together(filled)
