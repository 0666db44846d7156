"""A mix of one's own: bits go where the measured KL divergence is largest."""

from __future__ import annotations

import heapq
import re
from typing import Any

from .. import _core
from ..errors import UnsupportedError
from ..models.gguf_families import grouped_heads, queries_per_key
from .metadata import config_metadata, expert_count
from .methods import method_named
from .values import plain_model

_LADDERS = ((256, ("Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_0")), (32, ("IQ4_NL", "Q5_0", "Q8_0")))


def dynamic_types(
    model: Any,
    tokenizer: Any,
    text: str,
    size: str | int = "q4_k_m",
    *,
    tokens: int = 256,
    importance: Any = None,
    progress: Any = None,
) -> dict[str, str]:
    """Types for each matrix that use a given size best; pass them to `save_to_gguf(tensor_types=...)`.

    Each matrix alone is quantized coarsely, and the KL divergence of the next-token distributions from the unquantized
    model's is measured on text. KL grows with the square of the rounding error, so the other types' effect follows from
    their error on the same matrix. Then every matrix begins at its coarsest type, and the step that saves the most KL
    for its bytes is taken until the size is used up.

    Args:
        model: dense (load it with `dtype="float32"`); its weights are as before afterwards.
        tokenizer: its tokenizer.
        text: at least `tokens` tokens of what the model is for.
        size: bytes of all tensors, or a method whose size is not to be passed.
        tokens: how many tokens the divergence is measured on; one forward pass for each matrix.
        importance: an `IMatrix`, where the file will be written with it.
        progress: called with (done, total).

    Returns:
        Regular expression of one tensor's name -> type.

    Raises:
        NotImplementedError: packed weights.
        ValueError: too little text, or a size below that of the coarsest types.
    """
    model = plain_model(model)
    config = model.config
    export = _core.GgufExport.from_model(model, config.model_type, *grouped_heads(config))
    origins = {name: origin for name, origin in export.origins}
    parameters = dict(model.named_parameters())
    columns = {} if importance is None else importance.weights()
    ids = list(tokenizer(text, add_special_tokens=False)["input_ids"])[:tokens]
    if len(ids) < tokens:
        raise ValueError(f"dynamic_types: found {len(ids)} tokens of text, needed {tokens} (tokens)")
    budget = _budget(export, config, size, importance is not None)
    block_sizes = _core.gguf_types()

    matrices: dict[str, list[tuple[str, int, float]]] = {}  # name -> (type, bytes, predicted KL), coarse to fine
    sizes = {name: shape for name, shape, _ in export.tensors}
    chosen = [name for name, shape in sizes.items() if len(shape) == 2 and shape[-1] % 32 == 0]
    fixed = sum(_bytes(shape, "F32", block_sizes) for name, shape in sizes.items() if name not in set(chosen))
    with _core.no_grad():
        wanted = _distribution(model, ids)
        for done, name in enumerate(chosen):
            weight = parameters.get(origins[name])
            if weight is None or isinstance(weight, _core.PackedWeight):
                raise UnsupportedError(f"dynamic_types: {origins[name]} is packed; load the model with dtype='float32'")
            matrices[name] = _measure(model, weight, sizes[name], columns.get(name), ids, wanted, block_sizes)
            if progress is not None:
                progress(done + 1, len(chosen))
    level = _spend(matrices, budget - fixed)
    return {f"^{re.escape(name)}$": ladder[level[name]][0] for name, ladder in matrices.items()}


def _bytes(shape: tuple[int, ...], kind: str, block_sizes: dict[str, tuple[int, int, bool]]) -> int:
    count = 1
    for extent in shape:
        count *= extent
    length, size, _ = block_sizes[kind]
    return count // length * size


def _budget(export: Any, config: Any, size: str | int, importance: bool) -> int:
    if isinstance(size, int):
        return size
    method = method_named(size)
    architecture = config_metadata(config)[0][0][2]
    types = export.choose(method.mix, architecture, config.num_hidden_layers, queries_per_key(config),
                          expert_count(config), importance)  # fmt: skip
    block_sizes = _core.gguf_types()
    return sum(_bytes(shape, kind, block_sizes) for (_, shape, _), kind in zip(export.tensors, types))


def _distribution(model: Any, ids: list[int]) -> Any:
    return _core.log_softmax(model(input_ids=_core.as_tensor([ids])).logits[0].to(_core.float32), dim=-1)


def _measure(
    model: Any, weight: Any, shape: tuple[int, ...], columns: Any, ids: list[int], wanted: Any, block_sizes: Any
) -> list[tuple[str, int, float]]:
    """The ladder of one matrix with the KL that each step is predicted to cost."""
    ladder = next(types for length, types in _LADDERS if shape[-1] % length == 0)
    dense = weight.detach().to(_core.float32).clone()
    given = None if columns is None or len(columns) != shape[-1] else _core.as_tensor(columns)
    errors, kl = [], 0.0
    for step, kind in enumerate(ladder):
        rounded = _core.gguf_dequantize(_core.gguf_quantize(dense, kind, given), kind)
        difference = rounded - dense
        errors.append(float((difference * difference).sum()))
        if step == 0:
            weight.data.copy_(rounded)
            try:
                found = _distribution(model, ids)
            finally:
                weight.data.copy_(dense)
            kl = max(float((wanted.exp() * (wanted - found)).sum()) / len(ids), 0.0)
    share = kl / errors[0] if errors[0] > 0 else 0.0
    return [(kind, _bytes(shape, kind, block_sizes), share * error) for kind, error in zip(ladder, errors)]


def _spend(matrices: dict[str, list[tuple[str, int, float]]], budget: int) -> dict[str, int]:
    """The step of each ladder: always the one that saves the most KL a byte, while it fits."""
    level = dict.fromkeys(matrices, 0)
    used = sum(ladder[0][1] for ladder in matrices.values())
    if used > budget:
        raise ValueError(f"dynamic_types: size allows {budget} bytes of matrices, the coarsest types need {used}")
    heap: list[tuple[float, str, int]] = []

    def offer(name: str) -> None:
        ladder, at = matrices[name], level[name]
        best = max(
            (((ladder[at][2] - ladder[to][2]) / (ladder[to][1] - ladder[at][1]), to) for to in range(at + 1, len(ladder))),
            default=None,
        )
        if best is not None and best[0] > 0:
            heapq.heappush(heap, (-best[0], name, best[1]))

    for name in matrices:
        offer(name)
    while heap:
        _, name, to = heapq.heappop(heap)
        cost = matrices[name][to][1] - matrices[name][level[name]][1]
        if used + cost <= budget:
            used, level[name] = used + cost, to
            offer(name)
    return level
