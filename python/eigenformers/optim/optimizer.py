"""What all optimizers share: groups of parameters, their state, its saving and loading, hooks."""

from __future__ import annotations

import functools
import itertools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from copy import deepcopy
from typing import Any, Callable

from .. import _core
from .._core import Tensor
from ..errors import UnsupportedError

required = object()  # a default that every group must give itself

_GLOBAL_PRE: OrderedDict[int, Callable] = OrderedDict()
_GLOBAL_POST: OrderedDict[int, Callable] = OrderedDict()
_ids = itertools.count()


class _Handle:
    """Takes a hook away again."""

    def __init__(self, hooks: OrderedDict[int, Callable], hook: Callable, first: bool = False):
        self._hooks, self._id = hooks, next(_ids)
        hooks[self._id] = hook
        if first:
            hooks.move_to_end(self._id, last=False)

    def remove(self) -> None:
        """The hook is not called any more."""
        self._hooks.pop(self._id, None)

    def __enter__(self) -> _Handle:
        return self

    def __exit__(self, *_: Any) -> None:
        self.remove()


def register_optimizer_step_pre_hook(hook: Callable) -> _Handle:
    """`hook(optimizer, args, kwargs)` before the step of every optimizer."""
    return _Handle(_GLOBAL_PRE, hook)


def register_optimizer_step_post_hook(hook: Callable) -> _Handle:
    """`hook(optimizer, args, kwargs)` after the step of every optimizer."""
    return _Handle(_GLOBAL_POST, hook)


def _with_hooks(step: Callable) -> Callable:
    @functools.wraps(step)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        self, *_ = args
        for hook in (*_GLOBAL_PRE.values(), *self._step_pre_hooks.values()):
            result = hook(self, args, kwargs)
            if result is not None:
                if not (isinstance(result, tuple) and len(result) == 2):
                    raise RuntimeError(
                        f"{step} must return None or a tuple of (new_args, new_kwargs), but got {result}."
                    )
                args, kwargs = result
        out = step(*args, **kwargs)
        for hook in (*self._step_post_hooks.values(), *_GLOBAL_POST.values()):
            hook(self, args, kwargs)
        return out

    wrapper.hooked = True
    return wrapper


class Optimizer:
    """Base class. A subclass gives its defaults to `__init__` and defines `step`:

    >>> import eigenformers as ef
    >>> class SignDescent(ef.optim.Optimizer):
    ...     def __init__(self, params, lr=0.1):
    ...         super().__init__(params, {"lr": lr})
    ...     @ef.no_grad()
    ...     def step(self, closure=None):
    ...         for group in self.param_groups:
    ...             for p in group["params"]:
    ...                 if p.grad is not None:
    ...                     p.sub_(group["lr"] * p.grad.sign())
    >>> w = ef.tensor([1.0, -2.0], requires_grad=True)
    >>> w.square().sum().backward()
    >>> SignDescent([w], lr=0.5).step()
    >>> w.tolist()
    [0.5, -1.5]

    Args:
        params: tensors that require grad, pairs `(name, tensor)`, or dicts of a group: `{"params": …, "lr": …}`.
        defaults: options of groups that do not state them.
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]):
        self.defaults = defaults
        self._start_hooks()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got Tensor"
            )
        self.state: defaultdict[Tensor, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        step = cls.__dict__.get("step")
        if callable(step) and not getattr(step, "hooked", False):
            cls.step = _with_hooks(step)

    def _start_hooks(self) -> None:
        self._step_pre_hooks: OrderedDict[int, Callable] = OrderedDict()
        self._step_post_hooks: OrderedDict[int, Callable] = OrderedDict()
        self._state_pre_hooks: OrderedDict[int, Callable] = OrderedDict()
        self._state_post_hooks: OrderedDict[int, Callable] = OrderedDict()
        self._load_pre_hooks: OrderedDict[int, Callable] = OrderedDict()
        self._load_post_hooks: OrderedDict[int, Callable] = OrderedDict()

    # --- stepping -----------------------------------------------------------------------------------------------
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by their gradients; `closure` computes the loss (and gradients) again."""
        raise NotImplementedError(f"{type(self).__name__} defines no step")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients, or (set_to_none=False) fill them with zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                if set_to_none:
                    p.grad = None
                else:
                    p.grad = p.grad.detach()
                    p.grad.zero_()

    def _evaluate(self, closure: Callable[[], Any] | None) -> Any:
        if closure is None:
            return None
        with _core.enable_grad():
            return closure()

    # --- groups -------------------------------------------------------------------------------------------------
    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Train more parameters, with options of their own where the dict states them."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, Tensor):
            params = [params]
        elif isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
                "will change between runs. Please use a list instead."
            )
        params = list(params)
        named = [isinstance(p, tuple) for p in params]
        if any(named):
            if not all(named):
                raise ValueError("all optimizer params should be with/without names. Some param names are missing")
            param_group["param_names"] = [name for name, _ in params]
            params = [p for _, p in params]
        param_group["params"] = params
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}")
            if not (p.is_leaf or p.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            param_group.setdefault(name, default)
        ids = {id(p) for p in params}
        if len(ids) != len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error",
                stacklevel=3,
            )
        if ids & {id(p) for group in self.param_groups for p in group["params"]}:
            raise ValueError("some parameters appear in more than one parameter group")
        if self.param_groups and ("param_names" in param_group) != ("param_names" in self.param_groups[0]):
            have = "with names" if "param_names" in self.param_groups[0] else "without names"
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{'without' if have == 'with names' else 'with'} names to the optimizer with {have} params"
            )
        self.param_groups.append(param_group)

    # --- saving and loading -------------------------------------------------------------------------------------
    def state_dict(self) -> dict[str, Any]:
        """`{"state": {index: …}, "param_groups": [{…, "params": [index, …]}]}`; parameters are numbered in order."""
        for hook in self._state_pre_hooks.values():
            hook(self)
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for p in group["params"]:
                numbers.setdefault(id(p), len(numbers))
            packed = {k: v for k, v in group.items() if k != "params"}
            groups.append({**packed, "params": [numbers[id(p)] for p in group["params"]]})
        state = {numbers[id(k)] if isinstance(k, Tensor) else k: v for k, v in self.state.items()}
        out: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in self._state_post_hooks.values():
            out = hook(self, out) or out
        return out

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """State and options from `state_dict()` of an optimizer over the same parameters in the same order.

        State takes the dtype of its parameter, except step counts. Raises ValueError where groups do not match.
        """
        state_dict = dict(state_dict)
        for hook in self._load_pre_hooks.values():
            state_dict = hook(self, state_dict) or state_dict
        saved = deepcopy(state_dict["param_groups"])
        if len(saved) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(a["params"]) != len(b["params"]) for a, b in zip(self.param_groups, saved)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        params = [p for group in self.param_groups for p in group["params"]]
        by_number = dict(zip((i for group in saved for i in group["params"]), params))
        state: defaultdict[Tensor, Any] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in by_number:
                state[by_number[key]] = self._fitted(by_number[key], value)
            else:
                state[key] = value
        for mine, theirs in zip(self.param_groups, saved):
            theirs["params"] = mine["params"]
            if "param_names" in mine:
                theirs.setdefault("param_names", mine["param_names"])
        self.__setstate__({"state": state, "param_groups": saved})
        for hook in self._load_post_hooks.values():
            hook(self)

    def _fitted(self, p: Tensor, value: Any, key: str | None = None) -> Any:
        """A copy of a saved value, tensors in the dtype that the parameter wants."""
        if isinstance(value, Tensor):
            return self._fitted_tensor(p, value, key)
        if isinstance(value, dict):
            return {k: self._fitted(p, v, k) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self._fitted(p, v, key) for v in value)
        return value

    def _fitted_tensor(self, p: Tensor, value: Tensor, key: str | None) -> Tensor:
        if key != "step" and p.is_floating_point() and value.is_floating_point():
            value = value.to(p.dtype)
        return value.clone()

    # --- hooks --------------------------------------------------------------------------------------------------
    def register_step_pre_hook(self, hook: Callable) -> _Handle:
        """`hook(optimizer, args, kwargs)` before each step; may return new (args, kwargs)."""
        return _Handle(self._step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable) -> _Handle:
        """`hook(optimizer, args, kwargs)` after each step."""
        return _Handle(self._step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable, prepend: bool = False) -> _Handle:
        """`hook(optimizer)` before `state_dict()`."""
        return _Handle(self._state_pre_hooks, hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable, prepend: bool = False) -> _Handle:
        """`hook(optimizer, state_dict)` after `state_dict()`; may return another."""
        return _Handle(self._state_post_hooks, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable, prepend: bool = False) -> _Handle:
        """`hook(optimizer, state_dict)` before loading; may return another."""
        return _Handle(self._load_pre_hooks, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable, prepend: bool = False) -> _Handle:
        """`hook(optimizer)` after loading."""
        return _Handle(self._load_post_hooks, hook, prepend)

    # --- the object ---------------------------------------------------------------------------------------------
    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_step_pre_hooks" not in self.__dict__:
            self._start_hooks()

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])


# --- for optimizers whose loops run in C++ ---------------------------------------------------------------------------
def check_at_least(low: float, value: Any, what: str) -> None:
    """ValueError "Invalid …" as torch words it."""
    if not low <= value:
        raise ValueError(f"Invalid {what}: {value}")


def check_betas(betas: Iterable[float]) -> None:
    """Each in [0, 1)."""
    for i, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {beta}")


def check_variants(**options: Any) -> None:
    """Ways of computing that exist for GPUs: `foreach` and `fused` change nothing here; the others are refused."""
    for name in ("differentiable", "capturable"):
        if options.get(name):
            raise UnsupportedError(f"optim: {name}=True is not supported; leave it at False")
    if options.get("foreach") and options.get("fused"):
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def with_grads(group: dict[str, Any]) -> tuple[list[Tensor], list[Tensor]]:
    """The parameters of a group that have a gradient, and these gradients."""
    pairs = [(p, g) for p, g in ((p, p.grad) for p in group["params"]) if g is not None]
    return [p for p, _ in pairs], [g for _, g in pairs]


def zero_step() -> Tensor:
    """The count of steps as torch keeps it: a scalar of the default dtype, at least float32."""
    wide = _core.get_default_dtype() == _core.float64
    return _core.zeros((), dtype=_core.float64 if wide else _core.float32)
