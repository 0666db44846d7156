"""What goes into each matrix of a model while it runs, summed up under the names of its GGUF file."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from ..models.gguf_families import grouped_heads
from .metadata import expert_count
from .values import dense_weight


def watch_inputs(model: Any, result: Any) -> list[Any]:
    """Hooks that add squares to `result.sums` and rows to `result.counts` (an `IMatrix`); remove them afterwards."""
    config = model.config
    export = _core.GgufExport.from_model(model, config.model_type, *grouped_heads(config))
    shapes = {name: shape for name, shape, _ in export.tensors}
    modules, handles = dict(model.named_modules()), []
    for name, origin in export.origins:
        if not name.endswith(".weight"):
            continue
        path, several = origin[: -len(".weight")], len(shapes[name]) == 3
        module = modules.get(path)
        if name.endswith("_exps.weight"):
            if not hasattr(module, "in_features"):  # experts in one tensor, seen from their router
                router = modules[origin.rpartition(".experts.")[0] + ".router"]
                handles.append(_watch_stacked(router, modules[origin.rpartition(".")[0]], name, shapes[name], config, result))
                continue
            sums = _entry(result, name, (expert_count(config), module.in_features))
            for expert in range(len(sums)):
                own = modules[path.replace(".experts.0.", f".experts.{expert}.")]
                handles.append(_watch(own, sums[expert], result.counts[name], expert))
        elif name.endswith(".attn_k_b.weight"):
            sums = _entry(result, name, shapes[name][::2])
            handles.append(_watch_queries(modules, path.rpartition(".")[0], sums, result.counts[name]))
        elif hasattr(module, "in_features"):  # where a tensor has several matrices (heads), all see the same
            sums = _entry(result, name, (shapes[name][0], module.in_features) if several else (module.in_features,))
            handles.append(_watch(module, sums, result.counts[name], slice(None)))
    return handles


def _entry(result: Any, name: str, shape: tuple[int, ...]) -> np.ndarray:
    result.counts[name] = np.zeros(shape[0] if len(shape) == 2 else 1, np.int64)
    sums = result.sums[name] = np.zeros(shape, np.float32)
    return sums


def _squares(x: Any) -> np.ndarray:
    """float32 [columns] of Σ x² over all but the last dimension."""
    rows = x.reshape(-1, x.shape[-1])
    return np.einsum("ij,ij->j", rows, rows)


def _watch(module: Any, sums: np.ndarray, counts: np.ndarray, place: Any) -> Any:
    def record(module: Any, inputs: tuple[Any, ...]) -> None:
        x = inputs[0].detach().to(_core.float32).numpy()
        sums[...] += _squares(x)
        counts[place] += x.size // x.shape[-1]

    return module.register_forward_pre_hook(record)


def _watch_queries(modules: dict[str, Any], attention: str, sums: np.ndarray, counts: np.ndarray) -> Any:
    """DeepSeek's keys of latents: the file has them turned around, so their input is the part of each head's query."""
    heads, width = sums.shape
    module = modules.get(f"{attention}.q_b_proj") or modules[f"{attention}.q_proj"]

    def record(module: Any, inputs: tuple[Any, ...], output: Any) -> None:
        q = output.detach().to(_core.float32).numpy()
        q = q.reshape(-1, heads, q.shape[-1] // heads)[..., :width]
        sums[...] += np.einsum("thi,thi->hi", q, q)
        counts[...] += len(q)

    return module.register_forward_hook(record)


def _watch_stacked(router: Any, experts: Any, name: str, shape: tuple[int, ...], config: Any, result: Any) -> Any:
    """gpt-oss: what its experts see (gate and up), or what their gates let through (down)."""
    sums, counts = _entry(result, name, (shape[0], shape[2])), result.counts[name]
    inner = ".ffn_down_exps." in name

    def record(module: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x = inputs[0].detach().to(_core.float32).numpy()
        logits = output.detach().to(_core.float32).numpy().reshape(len(x), -1)
        chosen = np.argsort(-logits, axis=1, kind="stable")[:, : config.num_experts_per_tok]
        for expert in np.unique(chosen):
            rows = x[(chosen == expert).any(axis=1)]
            counts[expert] += len(rows)
            sums[expert] += _squares(_gated(experts, int(expert), rows, config) if inner else rows)

    return router.register_forward_hook(record)


def _gated(experts: Any, expert: int, rows: np.ndarray, config: Any) -> np.ndarray:
    """(up + 1) · gate · sigmoid(alpha · gate), both clamped; gate and up take turns in the matrix's columns."""
    weight, bias = (dense_weight(getattr(experts, part))[expert] for part in ("gate_up_proj", "gate_up_proj_bias"))
    both = rows @ weight.to(_core.float32).numpy() + bias.to(_core.float32).numpy()
    limit = config.swiglu_limit
    gate, up = np.minimum(both[:, ::2], limit), np.clip(both[:, 1::2], -limit, limit)
    return (up + 1) * gate / (1 + np.exp(-config.swiglu_alpha * gate))
