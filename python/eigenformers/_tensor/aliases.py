"""Second names of functions that the extension has."""

from __future__ import annotations

from .. import _core
from .register import FUNCTIONS

# Name here -> name in the extension. The in-place form goes along where there is one.
ALIASES = {
    "arccos": "acos", "arcsin": "asin", "arctan2": "atan2", "fix": "trunc", "greater": "gt", "greater_equal": "ge",
    "less": "lt", "less_equal": "le", "not_equal": "ne", "subtract": "sub", "multiply": "mul", "divide": "div",
    "true_divide": "div", "moveaxis": "movedim", "row_stack": "vstack", "ger": "outer", "arctan": "atan",
    "negative": "neg", "absolute": "abs", "clip": "clamp", "concat": "cat", "concatenate": "cat",
}  # fmt: skip


def _alias(owner: object, name: str, of: str) -> None:
    if hasattr(owner, of) and not hasattr(owner, name):
        setattr(owner, name, getattr(owner, of))
        if owner is _core:
            FUNCTIONS.add(name)


for _name, _of in ALIASES.items():
    _alias(_core, _name, _of)
    _alias(_core.Tensor, _name, _of)
    _alias(_core.Tensor, _name + "_", _of + "_")
# torch's functions that work in place: eigenformers.relu_(x) is x.relu_()
for _name in (
    "abs_", "ceil_", "clamp_", "clamp_max_", "clamp_min_", "cos_", "erf_", "exp_", "fill_", "floor_", "log_", "neg_",
    "reciprocal_", "relu_", "round_", "rsqrt_", "sigmoid_", "sin_", "sqrt_", "square_", "tanh_", "trunc_", "zero_",
):  # fmt: skip
    if hasattr(_core.Tensor, _name):
        setattr(_core, _name, getattr(_core.Tensor, _name))
        FUNCTIONS.add(_name)
