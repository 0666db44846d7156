"""Which optimizer and schedule a Trainer makes."""

from __future__ import annotations

import re
from typing import Any

from .. import _core, nn
from ..errors import UnsupportedError
from .enums import OptimizerNames

_NO_DECAY = re.compile(r"bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)")


def parse_optim_args(text: str | None) -> dict[str, str]:
    """`"a=1, b=2"` as a dict of strings."""
    pairs = [pair.split("=", 1) for pair in (text or "").replace(" ", "").split(",") if pair]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"optim_args must be written as key=value,key=value; got {text!r}")
    return {name: value for name, value in pairs}


def _truth(text: str) -> bool:
    return text.lower() in ("true", "1", "yes")


def _numbers(given: dict[str, str], names: tuple[str, ...], flags: tuple[str, ...] = ()) -> dict[str, Any]:
    found: dict[str, Any] = {name: float(given[name]) for name in names if name in given}
    found.update({name: _truth(given[name]) for name in flags if name in given})
    return found


def _adam(args: Any) -> dict[str, Any]:
    return {"betas": (args.adam_beta1, args.adam_beta2), "eps": args.adam_epsilon}


def _ademamix(args: Any, given: dict[str, str]) -> dict[str, Any]:
    first = {"beta1": args.adam_beta1, "beta2": args.adam_beta2, "beta3": 0.9999}
    kwargs: dict[str, Any] = {
        "betas": tuple(float(given.get(name, value)) for name, value in first.items()),
        "alpha": float(given.get("alpha", 5.0)), "eps": float(given.get("eps", args.adam_epsilon)),
    }  # fmt: skip
    kwargs.update({name: int(given[name]) for name in ("t_alpha", "t_beta3") if name in given})
    return kwargs


def _schedule_free(args: Any, given: dict[str, str]) -> dict[str, Any]:
    shared = {"weight_lr_power": float(given.get("weight_lr_power", 2.0)), "r": float(given.get("r", 0.0))}
    return {"weight_decay": args.weight_decay, **shared}


def _stable(args: Any, given: dict[str, str]) -> dict[str, Any]:
    return {**_adam(args), "weight_decay": args.weight_decay, "decouple_lr": _truth(given.get("decouple_lr", "")),
            "max_lr": float(given["max_lr"]) if "max_lr" in given else None,
            "kahan_sum": _truth(given["kahan_sum"]) if "kahan_sum" in given else None}  # fmt: skip


def _low_rank(args: Any, given: dict[str, str], scale: float, **others: Any) -> dict[str, Any]:
    return {"rank": int(given.get("rank", 128)), "update_proj_gap": int(given.get("update_proj_gap", 200)),
            "scale": float(given.get("scale", scale)), "proj_type": given.get("proj_type", "std"), **others}  # fmt: skip


def _apollo(args: Any, given: dict[str, str]) -> dict[str, Any]:
    layerwise = {"seed": 1} if args.optim.endswith("layerwise") else {}  # there each parameter is the first of its own
    return _low_rank(args, given, 1.0, proj=given.get("proj", "random"), **_adam(args),
                     scale_type=given.get("scale_type", "channel"), **layerwise)  # fmt: skip


def _grok(args: Any, given: dict[str, str]) -> dict[str, Any]:
    defaults = {"alpha_init": 0.98, "lamb": 2.0, "gamma": 0.1, "grokking_signal_decay_rate": 0.1,
                "gradient_clipping": 1.0}  # fmt: skip
    return {name: float(given.get(name, value)) for name, value in defaults.items()}


# Name in `optim` -> class in eigenformers.optim, and its arguments beside `lr`.
_TABLE: dict[str, tuple[str, Any]] = {
    "adamw_torch": ("AdamW", lambda a, g: _adam(a)),
    "adamw_torch_fused": ("AdamW", lambda a, g: {**_adam(a), "fused": True}),
    "adafactor": ("Adafactor", lambda a, g: {"scale_parameter": False, "relative_step": False}),
    "sgd": ("SGD", lambda a, g: _numbers(g, ("momentum", "dampening", "weight_decay"), ("nesterov",))),
    "adagrad": ("Adagrad", lambda a, g: _numbers(g, ("lr_decay", "weight_decay", "eps"))),
    "rmsprop": ("RMSprop", lambda a, g: _numbers(g, ("momentum", "alpha", "eps", "weight_decay"), ("centered",))),
    "rmsprop_bnb": ("RMSprop", lambda a, g: _numbers(g, ("alpha", "eps", "weight_decay"))),
    "rmsprop_bnb_32bit": ("RMSprop", lambda a, g: _numbers(g, ("alpha", "eps", "weight_decay"))),
    "rmsprop_bnb_8bit": ("RMSprop8bit", lambda a, g: _numbers(g, ("alpha", "eps", "weight_decay"))),
    "lion_32bit": ("Lion", lambda a, g: {"betas": (a.adam_beta1, a.adam_beta2)}),
    "paged_lion_32bit": ("Lion", lambda a, g: {"betas": (a.adam_beta1, a.adam_beta2)}),
    "lion_8bit": ("Lion8bit", lambda a, g: {"betas": (a.adam_beta1, a.adam_beta2)}),
    "paged_lion_8bit": ("Lion8bit", lambda a, g: {"betas": (a.adam_beta1, a.adam_beta2)}),
    "ademamix": ("AdEMAMix", _ademamix),
    "paged_ademamix_32bit": ("AdEMAMix", _ademamix),
    "ademamix_8bit": ("AdEMAMix8bit", _ademamix),
    "paged_ademamix_8bit": ("AdEMAMix8bit", _ademamix),
    "adamw_8bit": ("AdamW8bit", lambda a, g: _adam(a)),
    "adamw_bnb_8bit": ("AdamW8bit", lambda a, g: _adam(a)),
    "paged_adamw_8bit": ("AdamW8bit", lambda a, g: _adam(a)),
    "paged_adamw_32bit": ("AdamW", lambda a, g: _adam(a)),
    "schedule_free_adamw": ("AdamWScheduleFree", lambda a, g: {
        **_adam(a), **_schedule_free(a, g), "warmup_steps": int(a.warmup_steps)}),
    "schedule_free_sgd": ("SGDScheduleFree", lambda a, g: {
        **_schedule_free(a, g), "warmup_steps": int(a.warmup_steps)}),
    "schedule_free_radam": ("RAdamScheduleFree", lambda a, g: {**_adam(a), **_schedule_free(a, g)}),
    "stable_adamw": ("StableAdamW", _stable),
    "galore_adamw": ("GaLoreAdamW", lambda a, g: {}),
    "galore_adamw_8bit": ("GaLoreAdamW8bit", lambda a, g: {}),
    "galore_adafactor": ("GaLoreAdafactor", lambda a, g: {"scale_parameter": False, "relative_step": False}),
    "apollo_adamw": ("APOLLOAdamW", lambda a, g: {}),
    "grokadamw": ("GrokAdamW", _grok),
    "lomo": ("Lomo", lambda a, g: {}),
    "adalomo": ("AdaLomo", lambda a, g: {}),
}  # fmt: skip


class OptimizationMixin:
    """Part of Trainer."""

    def create_optimizer_and_scheduler(self, num_training_steps: int) -> None:
        """Both, where they were not given."""
        self.create_optimizer()
        self.create_scheduler(num_training_steps=num_training_steps)

    def create_optimizer(self, model: Any = None) -> Any:
        """The optimizer of `args.optim`, or of `optimizer_cls_and_kwargs`; biases and norms without weight decay."""
        model = self.model if model is None else model
        if self.optimizer is not None:
            return self.optimizer
        if self.optimizer_cls_and_kwargs is not None:
            kind, kwargs = self.optimizer_cls_and_kwargs
        else:
            kind, kwargs = self.get_optimizer_cls_and_kwargs(self.args, model)
        kwargs = dict(kwargs)
        first = kwargs.pop("model", None)  # Lomo steps inside the backward of a model
        if first is None:
            first = kwargs.pop("params", None) or self._parameter_groups(model)
        if not any(getattr(p, "requires_grad", False) for p in model.parameters()):
            raise ValueError(
                "Trainer: no parameter requires a gradient: the model is frozen or quantized; "
                "set requires_grad or add an adapter"
            )
        self.optimizer = kind(first, **kwargs)
        if self.optimizer_cls_and_kwargs is None and self.args.optim.endswith("_layerwise"):
            from ..optim import step_in_backward

            step_in_backward(self.optimizer)
        return self.optimizer

    def _parameter_groups(self, model: Any) -> list[dict[str, Any]]:
        decayed = set(self.get_decay_parameter_names(model))
        trained = [(n, p) for n, p in model.named_parameters() if getattr(p, "requires_grad", False)]
        return [
            {"params": [p for n, p in trained if n in decayed], "weight_decay": self.args.weight_decay},
            {"params": [p for n, p in trained if n not in decayed], "weight_decay": 0.0},
        ]

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """The schedule of `args.lr_scheduler_type`."""
        from ..optim.schedules import get_scheduler

        if self.lr_scheduler is None:
            self.lr_scheduler = get_scheduler(
                self.args.lr_scheduler_type, optimizer=self.optimizer if optimizer is None else optimizer,
                num_warmup_steps=self.args.get_warmup_steps(num_training_steps), num_training_steps=num_training_steps,
                scheduler_specific_kwargs=self.args.lr_scheduler_kwargs,
            )  # fmt: skip
            self._created_lr_scheduler = True
        return self.lr_scheduler

    @staticmethod
    def get_optimizer_cls_and_kwargs(args: Any, model: Any = None) -> tuple[Any, dict[str, Any]]:
        """Class and arguments of `args.optim`. UnsupportedError for optimizers that are not here."""
        from .. import optim

        name = OptimizerNames(args.optim).value
        kind, arguments = _TABLE.get(name.removesuffix("_layerwise"), (None, None))
        if kind is None:
            there = sorted(n.value for n in OptimizerNames if n.value.removesuffix("_layerwise") in _TABLE)
            raise UnsupportedError(f"optim={name!r} is not supported; there are {', '.join(there)}")
        given = parse_optim_args(args.optim_args)
        kwargs = {"lr": args.learning_rate, **arguments(args, given)}
        if name.endswith("_layerwise") and args.gradient_accumulation_steps != 1:
            raise ValueError(f"Layerwise {args.optim} does not support gradient accumulation!")
        if name.startswith("galore"):
            kwargs["params"] = _low_rank_groups(args, model, _low_rank(args, given, 0.25))
        elif name.startswith("apollo"):
            kwargs["params"] = _low_rank_groups(args, model, _apollo(args, given))
        elif name.endswith("lomo"):
            if model is None:
                raise ValueError("You need to pass a `model` in order to correctly initialize a LOMO optimizer.")
            kwargs["model"] = model
        return getattr(optim, kind), kwargs

    def get_decay_parameter_names(self, model: Any) -> list[str]:
        """Names of the parameters with weight decay: all but those of norms, and biases."""
        norms = tuple(path for path, module in model.named_modules() if isinstance(module, nn._native.LayerNorm))
        return [
            name for name, _ in model.named_parameters()
            if not _NO_DECAY.search(name.lower()) and name.rpartition(".")[0] not in norms
        ]  # fmt: skip

    def _get_learning_rate(self) -> float:
        from ..optim.schedules import GreedyLR, ReduceLROnPlateau

        if isinstance(self.lr_scheduler, (ReduceLROnPlateau, GreedyLR)):
            rate = self.optimizer.param_groups[0]["lr"]
        else:
            rate = self.lr_scheduler.get_last_lr()[0]
        return rate.item() if isinstance(rate, _core.Tensor) else rate

    def get_learning_rates(self) -> list[float]:
        """The learning rate of each parameter group."""
        self._needs_optimizer()
        return [group["lr"] for group in self.optimizer.param_groups]

    def get_optimizer_group(self, param: Any = None) -> Any:
        """The group of a parameter, or the parameters of all groups."""
        self._needs_optimizer()
        if param is not None:
            for group in self.optimizer.param_groups:
                if any(other is param for other in group["params"]):
                    return group
        return [group["params"] for group in self.optimizer.param_groups]

    def _needs_optimizer(self) -> None:
        if self.optimizer is None:
            raise ValueError("Trainer optimizer is None, please make sure you have setup the optimizer before.")

    def get_num_trainable_parameters(self) -> int:
        """How many numbers are trained."""
        return sum(p.numel() for p in self.model.parameters() if getattr(p, "requires_grad", False))


def _low_rank_groups(args: Any, model: Any, options: dict[str, Any]) -> list[dict[str, Any]]:
    """Linear layers that `optim_target_modules` matches in a group of their own."""
    target = args.optim_target_modules
    if target is None:
        raise ValueError(f"You need to define `optim_target_modules` to use {args.optim} optimizers")
    if not isinstance(target, (list, str)):
        raise TypeError(
            f"`optim_target_modules` must be a list of strings, a regex string, or 'all-linear'. Got: {target}"
        )
    if model is None:
        raise ValueError(f"You need to pass a model to initialize {args.optim} optimizer.")
    every = isinstance(target, str) and target.replace("_", "-") == "all-linear"

    def matches(path: str) -> bool:
        if isinstance(target, str):
            return re.fullmatch(target, path) is not None
        return any(part in path for part in target) or any(re.fullmatch(part, path) for part in target)

    found = {
        f"{path}.weight" for path, module in model.named_modules()
        if isinstance(module, nn._native.Linear) and (every or matches(path))
    }  # fmt: skip
    if not found:
        raise ValueError(f"No target modules found for {args.optim} ({target}).")
    trained = [(n, p) for n, p in model.named_parameters() if getattr(p, "requires_grad", False)]
    return [
        {"params": [p for n, p in trained if n not in found]},
        {"params": [p for n, p in trained if n in found], **options},
    ]
