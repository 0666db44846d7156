"""LoraConfig."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

from ....errors import UnsupportedError
from ...config import PeftConfig
from ...registry import PeftType

# Fields of PEFT's LoraConfig that ask for something that is not here, and the values that ask for nothing.
_OFF: dict[str, tuple[Any, ...]] = {
    "megatron_config": (None,), "trainable_token_indices": (None,), "loftq_config": (None, {}), "eva_config": (None,),
    "corda_config": (None,), "lora_ga_config": (None,), "velora_config": (None,), "alora_invocation_tokens": (None,),
    "use_qalora": (False, None), "monteclora_config": (None,), "layer_replication": (None,),
    "target_parameters": (None, []), "use_bdlora": (None, False), "arrow_config": (None,), "kasa_config": (None,),
    "ensure_weight_tying": (False, None),
}  # fmt: skip
_INITS = ("eva", "corda", "loftq", "lora_ga", "orthogonal", "mica")


@dataclass
class LoraRuntimeConfig:
    """Accepted for code that passes it; it is about moving weights to a GPU."""

    ephemeral_gpu_offload: bool = False


@dataclass
class LoraConfig(PeftConfig):
    """What to adapt with LoRA, and how: `y = base(x) + s·B(A(dropout(x)))`.

    Args:
        r: rank: A is `[r, in]`, B is `[out, r]`.
        target_modules: a list of names (a module is meant when its path is one or ends in `.name`), a regular
            expression for the whole path, `"all-linear"`, or None: what is usual for the model type.
        exclude_modules: a list of names or a regular expression: modules that are left out.
        lora_alpha: `s = lora_alpha / r`, or `lora_alpha / √r` with `use_rslora` (arXiv:2312.03732).
        lora_dropout: probability of dropout on the input of A while training.
        bias: biases that are trained too: "none", "all" or "lora_only" (of adapted layers).
        modules_to_save: names of modules that are trained whole, in a copy that the adapter's file holds.
        init_lora_weights: True (A as in nn.Linear, B = 0), False (both as in nn.Linear), "gaussian" (A of deviation
            1/r), "pissa", "pissa_niter_<n>" (arXiv:2404.02948) or "olora" (arXiv:2406.01775).
        layers_to_transform, layers_pattern: only layers of these numbers, in a list of this name.
        rank_pattern, alpha_pattern: `{name or expression: value}` instead of `r` and `lora_alpha`.
        lora_bias: B has a bias of its own.
        use_dora: weight-decomposed LoRA: trains the length of each row as well.
        fan_in_fan_out: as in PEFT; what a layer needs is known here, so another value is corrected with a warning.

    The other fields of PEFT's class are there, and raise UnsupportedError when they ask for something.

    >>> config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"])
    >>> sorted(config.target_modules), config.lora_alpha / config.r
    (['q_proj', 'v_proj'], 2.0)
    """

    r: int = 8
    target_modules: Any = None
    exclude_modules: Any = None
    lora_alpha: int = 8
    lora_dropout: float = 0.0
    fan_in_fan_out: bool = False
    bias: str = "none"
    use_rslora: bool = False
    modules_to_save: list[str] | None = None
    init_lora_weights: Any = True
    layers_to_transform: Any = None
    layers_pattern: Any = None
    rank_pattern: dict = field(default_factory=dict)
    alpha_pattern: dict = field(default_factory=dict)
    megatron_config: dict | None = None
    megatron_core: str | None = "megatron.core"
    trainable_token_indices: Any = None
    loftq_config: Any = field(default_factory=dict)
    eva_config: Any = None
    corda_config: Any = None
    lora_ga_config: Any = None
    use_dora: bool = False
    velora_config: Any = None
    alora_invocation_tokens: Any = None
    use_qalora: bool = False
    qalora_group_size: int = 16
    monteclora_config: Any = None
    layer_replication: Any = None
    runtime_config: LoraRuntimeConfig = field(default_factory=LoraRuntimeConfig)
    lora_bias: bool = False
    target_parameters: Any = None
    use_bdlora: Any = None
    arrow_config: Any = None
    kasa_config: Any = None
    ensure_weight_tying: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, without what only matters while running."""
        values = super().to_dict()
        values.pop("runtime_config")
        return values

    def __post_init__(self) -> None:
        super().__post_init__()
        self.peft_type = PeftType.LORA
        for name in ("target_modules", "exclude_modules"):
            if isinstance(getattr(self, name), (list, tuple)):
                setattr(self, name, set(getattr(self, name)))
        if isinstance(self.target_modules, str):
            for name in ("layers_to_transform", "layers_pattern"):
                if getattr(self, name) is not None:
                    raise ValueError(f"`{name}` cannot be used when `target_modules` is a str.")
        if self.layers_pattern and self.layers_to_transform is None:
            raise ValueError("When `layers_pattern` is specified, `layers_to_transform` must also be specified. ")
        if self.bias not in ("none", "all") and not self.bias.endswith("_only"):
            raise NotImplementedError(f"Requested bias: {self.bias}, is not implemented.")
        for name, off in _OFF.items():
            if not any(getattr(self, name) == value for value in off):
                raise UnsupportedError(f"LoraConfig({name}={getattr(self, name)!r}) is not supported yet")
        init = self.init_lora_weights
        if isinstance(init, str) and init.lower() in _INITS:
            raise UnsupportedError(f"LoraConfig(init_lora_weights={init!r}) is not supported yet")
        if self.lora_bias:
            if init not in (True, False):
                raise ValueError(
                    "The argument lora_bias=True is only supported with init_lora_weights=True or False, got "
                    f"init_lora_weights={init} instead."
                )
            if self.use_dora:
                raise ValueError("The argument lora_bias=True is not supported for DoRA, please pass use_dora=False")
        if self.use_rslora and (self.rank_pattern or self.alpha_pattern) and isinstance(init, str) and (
            init.startswith("pissa") or init == "olora"
        ):  # fmt: skip
            warnings.warn(
                "Using Rank-Stabilized LoRA with rank_pattern/alpha_pattern and post-training conversion of modified "
                "base weights PiSSA/CorDA/OLoRA means that you won't be able to pass "
                "`path_initial_model_for_weight_conversion` to `save_pretrained` to restore the initial values of the "
                "base weights; if you intend to do this, please ensure not to use rslora or rank_pattern/alpha_pattern.",
                stacklevel=3,
            )
