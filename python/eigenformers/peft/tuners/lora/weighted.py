"""`add_weighted_adapter`: a new adapter made of others."""

from __future__ import annotations

import dataclasses
from typing import Any

from .... import _core, linalg
from ....errors import UnsupportedError
from ...modules_to_save import ModulesToSaveWrapper
from ..base import outermost_tuners
from .combining import COMBINATIONS, check_density
from .layer import Embedding

_KINDS = ("cat", "svd", *COMBINATIONS, *(f"{name}_svd" for name in COMBINATIONS if name != "linear"))


class WeightedMixin:
    """Part of LoraModel."""

    def add_weighted_adapter(
        self,
        adapters: list[str],
        weights: list[float],
        adapter_name: str,
        combination_type: str = "svd",
        svd_rank: int | None = None,
        svd_clamp: float | None = None,
        svd_full_matrices: bool = True,
        svd_driver: str | None = None,
        density: float | None = None,
        majority_sign_method: str = "total",
    ) -> None:
        """Make the adapter `adapter_name` of weighted others; nothing happens when there is one of that name.

        Args:
            combination_type: "cat" stacks A and B (the sum, exactly), "linear" adds each of them (an approximation;
                all of one rank), "svd" keeps the `svd_rank` largest singular values of the sum. "magnitude_prune",
                "ties", "dare_linear" and "dare_ties" leave parts of the factors out; with "_svd" behind, of the changes.
            density: how much these keep, from 0 to 1.
            majority_sign_method: of "ties", whether signs are weighed ("total") or counted ("frequency").
            svd_clamp: clip both factors at this quantile of their values.

        Raises:
            ValueError: an adapter that does not exist, ranks that differ, a module that several of them save.
            NotImplementedError: adapters with `lora_bias`.
        """
        if adapter_name in self.peft_config:
            return
        if combination_type not in _KINDS:
            raise ValueError(f"Invalid combination_type: {combination_type}")
        kind = "linear" if len(adapters) == 1 else combination_type
        rank, targets = self._check_weighted(adapters, kind, svd_rank)
        check_density(kind, density)
        first = self.peft_config[adapters[0]]
        self.peft_config[adapter_name] = dataclasses.replace(
            first, r=rank, lora_alpha=rank, target_modules=targets, alpha_pattern={}, rank_pattern={}, use_rslora=False,
            init_lora_weights=True,
        )  # fmt: skip
        options = (density, majority_sign_method)
        active = self.active_adapters
        self.inject_adapter(self.model, adapter_name)
        self.set_adapter(active)
        for _, layer in outermost_tuners(self.model):
            if adapter_name not in layer.scaling:
                continue
            parts = [(name, w) for name, w in zip(adapters, weights) if name in layer.scaling]
            with _core.no_grad():
                a, b = _combined(layer, parts, kind, rank, svd_clamp, options)
                _fill(layer, adapter_name, a, b)
        self.set_requires_grad(adapter_name, False)

    def _check_weighted(self, adapters: list[str], kind: str, svd_rank: int | None) -> tuple[int, Any]:
        for name in adapters:
            if name not in self.peft_config:
                raise ValueError(f"Adapter {name} does not exist")
        if not adapters:
            raise ValueError(f"Found no adapter matching the names in {adapters}")
        wrappers = [m for m in self.model.modules() if isinstance(m, ModulesToSaveWrapper)]
        shared = [m for m in wrappers if sum(name in m.modules_to_save for name in adapters) > 1]
        if shared:
            raise ValueError(
                "Cannot add weighted adapters if they target the same module with modules_to_save, but found "
                f"{len(shared)} such instance(s)."
            )
        configs = [self.peft_config[name] for name in adapters]
        if any(c.lora_bias for c in configs):
            raise UnsupportedError("add_weighted_adapter of adapters with lora_bias=True is not supported yet")
        ranks = [max([c.r, *c.rank_pattern.values()]) for c in configs]
        if kind in COMBINATIONS and len(set(ranks)) != 1:
            raise ValueError(
                "All adapters must have the same r value when using combination_type linear, ties, dare_ties or "
                "dare_linear."
            )
        rank = sum(ranks) if kind == "cat" else ranks[0] if kind in COMBINATIONS else svd_rank or max(ranks)
        targets = [c.target_modules for c in configs]
        if len({isinstance(t, str) for t in targets}) > 1:
            raise ValueError(
                "all adapter configs should follow the same target modules type. Combining adapters with "
                "`target_modules` type being a mix of list/set and string is not supported."
            )
        if isinstance(targets[0], str):
            return rank, "|".join(f"({t})" for t in targets)
        return rank, set().union(*targets)


def _parts(layer: Any, name: str) -> tuple[Any, Any]:
    if isinstance(layer, Embedding):
        return layer.lora_embedding_A[name].detach(), layer.lora_embedding_B[name].detach()
    return layer.lora_A[name].weight.detach(), layer.lora_B[name].weight.detach()


def _combined(
    layer: Any, parts: list[tuple[str, float]], kind: str, rank: int, clamp: float | None, options: tuple[Any, str]
) -> tuple[Any, Any]:
    """A and B of the new adapter, of rank `rank` at most."""
    factors = [(*_parts(layer, name), weight * layer.scaling[name]) for name, weight in parts]
    if kind == "cat":
        return _core.cat([a * w for a, _, w in factors], 0), _core.cat([b for _, b, _ in factors], 1)
    if kind in COMBINATIONS:  # the square root of a weight on each factor, its sign on A
        roots = [abs(w) ** 0.5 for _, _, w in factors]
        signed = [root if w >= 0 else -root for root, (_, _, w) in zip(roots, factors)]
        combine = COMBINATIONS[kind]
        return combine([a for a, _, _ in factors], signed, *options), combine([b for _, b, _ in factors], roots, *options)
    changes = [(b.float() @ a.float()) * layer.scaling[name] for (a, b, _), (name, _) in zip(factors, parts)]
    name = kind.removesuffix("_svd") if kind != "svd" else "linear"
    total = COMBINATIONS[name](changes, [weight for _, weight in parts], *options)
    u, s, vh = linalg.svd(total.contiguous(), full_matrices=False)
    b, a = u[:, :rank] * s[:rank], vh[:rank]
    if clamp is not None:
        high = float(_core.quantile(_core.cat([b.flatten(), a.flatten()]), clamp))
        a, b = a.clamp(-high, high), b.clamp(-high, high)
    return a, b


def _fill(layer: Any, name: str, a: Any, b: Any) -> None:
    """Write the factors; ranks that are left over stay zero."""
    into_a, into_b = _parts(layer, name)
    into_a.zero_()
    into_b.zero_()
    into_a[: a.shape[0]] = a.to(into_a.dtype)
    into_b[:, : b.shape[1]] = b.to(into_b.dtype)
