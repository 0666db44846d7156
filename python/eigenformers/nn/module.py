"""What every Module can do from Python: torch.nn.Module's methods, over the C++ tree."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Iterator
from typing import Any, Callable

from .. import _core
from ..errors import UnsupportedError


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    __slots__ = ()

    def __repr__(self) -> str:
        return "<All keys matched successfully>" if not any(self) else super().__repr__()


class RemovableHandle:
    """Returned by the hook methods; `remove()` takes the hook away."""

    def __init__(self, module: Any, hook_id: int):
        self._module, self.id = module, hook_id

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        self._module._remove_hook(self.id)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()


class _Methods:
    def named_modules(
        self, memo: Any = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """`(path, module)` of this module and all below it, parents first."""
        for name, module in self._named_modules():
            yield (f"{prefix}.{name}" if prefix and name else prefix or name), (module if name else self)

    def modules(self) -> Iterator[Any]:
        """This module and all below it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """`(name, module)` of the direct children."""
        return iter(self._children())

    def children(self) -> Iterator[Any]:
        """The direct children."""
        return (module for _, module in self._children())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """`(name, tensor)`; a tied tensor once. Packed matrices come as `PackedWeight`."""
        return _named(self, False, prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Any]:
        """The parameters, a tied one once."""
        return (value for _, value in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """`(name, tensor)` of the buffers."""
        return _named(self, True, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Any]:
        """The buffers."""
        return (value for _, value in self.named_buffers(recurse=recurse))

    def get_parameter(self, target: str) -> Any:
        """The parameter at a dotted path; AttributeError when it is not there."""
        owner, _, name = target.rpartition(".")
        module = self.get_submodule(owner)
        if name not in dict(module._own_slots()):
            raise AttributeError(f"{module._class_name()} has no attribute `{name}`")
        return getattr(module, name)

    def set_submodule(self, target: str, module: Any, strict: bool = False) -> None:
        """Replace the module at a dotted path. TypeError when its role does not fit there."""
        if not target:
            raise ValueError("Cannot set the submodule without a target name!")
        owner, _, name = target.rpartition(".")
        parent = self.get_submodule(owner)
        if name in dict(parent._children()):
            parent._replace(name, module)
        elif strict:
            raise AttributeError(f"{parent._class_name()} has no attribute `{name}`")
        else:
            parent.add_module(name, module)

    def state_dict(self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Parameters and persistent buffers by name, detached.

        A packed matrix is what a checkpoint of its format holds (bitsandbytes: `weight`, `weight.absmax`, …); those of
        GGUF files and of formats that are not saved are dense bfloat16.
        """
        found = OrderedDict() if destination is None else destination
        found.update(self._state_dict(prefix))
        if keep_vars:
            own = {**dict(self.named_parameters(prefix=prefix.rstrip("."), remove_duplicate=False))}
            found.update({name: value for name, value in own.items() if isinstance(value, _core.Tensor)})
        return found

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> Any:
        """Copy values in by name. Returns `(missing_keys, unexpected_keys)`; with `strict`, raises if there are any.

        Raises:
            RuntimeError: with torch's text, for missing, unexpected and mis-shaped names.
        """
        missing, unexpected, errors = self._load_state_dict(
            {k: _core.as_tensor(v) for k, v in state_dict.items()}, assign
        )
        if strict and unexpected:
            errors.insert(0, "Unexpected key(s) in state_dict: " + ", ".join(f'"{k}"' for k in unexpected) + ". ")
        if strict and missing:
            errors.insert(0, "Missing key(s) in state_dict: " + ", ".join(f'"{k}"' for k in missing) + ". ")
        if errors:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(errors))
        return _IncompatibleKeys(missing, unexpected)

    def train(self, mode: bool = True) -> Any:
        """Training mode for this module and all below: dropout is active."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self._set_training(mode)
        return self

    def eval(self) -> Any:
        """Evaluation mode: `train(False)`."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Switch gradients of all dense parameters on or off."""
        for parameter in self.parameters():
            if isinstance(parameter, _core.Tensor) and parameter.is_floating_point():
                parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            if isinstance(parameter, _core.Tensor) and parameter.grad is not None:
                if set_to_none:
                    parameter.grad = None
                else:
                    parameter.grad.zero_()

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """`to(dtype)`, `to("cpu")`, `to(device=…, dtype=…)`: floating parameters in place; packed matrices stay.

        Raises:
            NotImplementedError: a device other than the CPU.
        """
        from .init import check_device

        dtype = kwargs.pop("dtype", None)
        device = kwargs.pop("device", None)
        for unused in ("non_blocking", "copy", "memory_format"):
            kwargs.pop(unused, None)
        if kwargs:
            raise TypeError(f"to() got an unexpected keyword argument {next(iter(kwargs))!r}")
        for arg in args:
            if isinstance(arg, _core.Tensor):
                dtype = arg.dtype
            elif isinstance(arg, _core.dtype):
                dtype = arg
            elif isinstance(arg, bool):
                continue
            else:
                device = arg
        check_device(device)
        if dtype is not None:
            self._to(dtype)
        return self

    def float(self) -> Any:
        """`to(float32)`"""
        return self.to(_core.float32)

    def double(self) -> Any:
        """`to(float64)`"""
        return self.to(_core.float64)

    def half(self) -> Any:
        """`to(float16)`"""
        return self.to(_core.float16)

    def bfloat16(self) -> Any:
        """`to(bfloat16)`"""
        return self.to(_core.bfloat16)

    def cpu(self) -> Any:
        """This module: it is there already."""
        return self

    def cuda(self, device: Any = None) -> Any:
        """Raises: there is no other device than the CPU."""
        return self.to("cuda")

    def apply(self, fn: Callable[[Any], None]) -> Any:
        """Call `fn` with every module, children first."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def register_forward_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """`hook(module, args, output)` after each call; what it returns, if not None, replaces the output."""
        if always_call:
            raise NotImplementedError("register_forward_hook(always_call=True) is not supported")
        return RemovableHandle(self, self._add_hook(hook, False, with_kwargs, prepend))

    def register_full_backward_hook(self, hook: Any, prepend: bool = False) -> Any:
        """Not supported; a tensor's `register_hook` sees its gradient."""
        raise UnsupportedError(
            "register_full_backward_hook is not supported; use register_hook on the module's output, or a Function"
        )

    register_full_backward_pre_hook = register_backward_hook = register_full_backward_hook

    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """`hook(module, args)` before each call; what it returns, if not None, replaces the arguments."""
        return RemovableHandle(self, self._add_hook(hook, True, with_kwargs, prepend))

    def __repr__(self) -> str:
        name = type(self).__name__ if type(self).__module__ != "eigenformers._core.nn" else self._class_name()
        runs: list[list] = []  # as torch shows a ModuleList, equal neighbours once: (0-11): 12 x Layer(…)
        for n, child in self._children():
            text = repr(child).replace("\n", "\n  ")
            if name == "ModuleList" and runs and runs[-1][1] == text:
                runs[-1][0].append(n)
            else:
                runs.append([[n], text])
        children = [
            f"({names[0]}): {text}" if len(names) == 1 else f"({names[0]}-{names[-1]}): {len(names)} x {text}"
            for names, text in runs
        ]
        extra = self.extra_repr()
        if not children:
            return f"{name}({extra})"
        lines = ([extra] if extra else []) + children
        return f"{name}(\n  " + "\n  ".join(lines) + "\n)"


def _named(module: Any, buffers: bool, prefix: str, recurse: bool, unique: bool) -> Iterator[tuple[str, Any]]:
    found = module._slots(buffers, unique) if recurse else module._own_slots(buffers)
    return ((f"{prefix}.{name}" if prefix else name, value) for name, value in found)


def install(native: Any) -> Any:
    """Give the C++ class these methods, so that modules made in C++ have them as well."""
    for name, value in vars(_Methods).items():
        if callable(value) and (not name.startswith("__") or name == "__repr__"):
            setattr(native, name, value)
    return native
