"""Sums of the changes that several adapters make, with the small or disagreeing parts left out."""

from __future__ import annotations

import warnings
from typing import Any, Callable

from .... import _core
from ....errors import ConfigError


def check_density(kind: str, density: Any) -> None:
    """ConfigError or ValueError for a density that a combination can't use."""
    if kind in ("cat", "svd", "linear"):
        return
    if density is None:
        raise ConfigError(f"add_weighted_adapter(combination_type={kind!r}) needs a density between 0 and 1")
    if density < 0:
        raise ValueError(f"Density should be >= 0, got {density}")


def _pruned(tensors: list[Any], density: Any, keep: Callable[[Any, float], Any]) -> list[Any]:
    if density >= 1:
        warnings.warn(
            f"The density {density} is greater than or equal to 1, no pruning will be performed.", stacklevel=2
        )
        return tensors
    return [keep(tensor, density) for tensor in tensors]


def _largest(tensor: Any, density: float) -> Any:
    """The `density` largest part of the values, by size; the others 0."""
    flat = tensor.reshape(-1)
    mask = _core.zeros_like(flat)
    mask[_core.topk(flat.abs(), int(density * flat.numel()))[1]] = 1
    return (flat * mask).reshape(tensor.shape)


def _random(tensor: Any, density: float) -> Any:
    """Each value with probability `density`, divided by it; the others 0."""
    return tensor * _core.bernoulli(_core.full_like(tensor, density)) / density


def _sum(tensors: list[Any], weights: list[float]) -> Any:
    return sum(tensor * weight for tensor, weight in zip(tensors, weights))


def _where_they_agree(tensors: list[Any], weights: list[float], method: str) -> Any:
    """At each place, the mean of those values whose sign is that of the majority (Yadav et al. 2023)."""
    stacked = _core.stack(tensors)
    if method not in ("total", "frequency"):
        raise RuntimeError(f'Unimplemented mask method "{method}"')
    votes = (stacked if method == "total" else stacked.sign()).sum(0)
    agreed = stacked.sign() == _core.where(votes >= 0, _core.ones_like(votes), -_core.ones_like(votes))
    mask = agreed.to(stacked.dtype)
    total = _sum([tensor * part for tensor, part in zip(tensors, mask)], weights)
    return total / mask.sum(0).clamp(min=1.0)


def _ties(tensors: list[Any], weights: list[float], density: Any, method: str) -> Any:
    return _where_they_agree(_pruned(tensors, density, _largest), weights, method)


def _dare_ties(tensors: list[Any], weights: list[float], density: Any, method: str) -> Any:
    return _where_they_agree(_pruned(tensors, density, _random), weights, method)


# name → f(tensors, weights, density, majority_sign_method). DARE: Yu et al. 2023; TIES: Yadav et al. 2023.
COMBINATIONS: dict[str, Callable[[list[Any], list[float], Any, str], Any]] = {
    "linear": lambda tensors, weights, density, method: _sum(tensors, weights),
    "magnitude_prune": lambda tensors, weights, density, method: _sum(_pruned(tensors, density, _largest), weights),
    "dare_linear": lambda tensors, weights, density, method: _sum(_pruned(tensors, density, _random), weights),
    "ties": _ties,
    "dare_ties": _dare_ties,
}
