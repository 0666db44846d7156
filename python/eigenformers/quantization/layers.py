"""Linear layers by how their weight is stored: classes for `isinstance`, and to build layers of one's own."""

from __future__ import annotations

from typing import Any

from .. import _core, nn


class _ByWeight(type(nn.Linear)):
    """A linear layer is an instance of the class whose `kinds` its weight is one of."""

    def __instancecheck__(cls, instance: Any) -> bool:
        if super().__instancecheck__(instance):
            return True
        if not isinstance(instance, _core.nn.Linear):
            return False
        weight = getattr(instance, "weight", None)
        return isinstance(weight, _core.PackedWeight) and weight.kind in cls.kinds


class _PackedLinear(nn.Linear):
    """A linear layer whose weight is packed when it gets one."""

    kinds: tuple[str, ...] = ()
    _format, _settings = "", {}

    def pack(self) -> Any:
        """Pack the weight, if it is dense. Called by `to`, `cpu`, `cuda` and `load_state_dict`."""
        if isinstance(self.weight, _core.Tensor):
            dtype = self.weight.dtype
            self.weight = _core.pack_weight(self._format, self.weight.detach(), dtype=dtype, **self._settings)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """As of any module; the weight is packed."""
        return super().to(*args, **kwargs).pack()

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> Any:
        """As of any module; the weight is packed."""
        result = super().load_state_dict(state_dict, strict, assign)
        self.pack()
        return result


class Linear4bit(_PackedLinear, metaclass=_ByWeight):
    """nf4 or fp4, made of a dense layer's values by `.to("cpu")`.

    >>> layer = Linear4bit(64, 32, quant_type="nf4").to("cpu")
    >>> layer.weight.kind, isinstance(layer, nn.Linear)
    ('bitsandbytes_4bit', True)
    """

    kinds = ("bitsandbytes_4bit",)
    _format = "bitsandbytes_4bit"

    def __init__(
        self,
        input_features: int,
        output_features: int,
        bias: bool = True,
        compute_dtype: Any = None,
        compress_statistics: bool = True,
        quant_type: str = "fp4",
        quant_storage: Any = None,
        device: Any = None,
    ):
        super().__init__(input_features, output_features, bias, device)
        bf16 = compute_dtype is not None and compute_dtype == _core.bfloat16
        self.compute_dtype = compute_dtype
        self._settings = {
            "type": quant_type, "double_quant": bool(compress_statistics), "group": 64,
            "compute": _core.bfloat16 if bf16 else _core.float32, "storage": quant_storage or _core.uint8,
        }  # fmt: skip


class Linear8bitLt(_PackedLinear, metaclass=_ByWeight):
    """LLM.int8(), made of a dense layer's values by `.to("cpu")`."""

    kinds = ("bitsandbytes_8bit",)
    _format = "bitsandbytes_8bit"

    def __init__(
        self,
        input_features: int,
        output_features: int,
        bias: bool = True,
        has_fp16_weights: bool = True,
        threshold: float = 0.0,
        index: Any = None,
        device: Any = None,
    ):
        super().__init__(input_features, output_features, bias, device)
        self._settings = {"threshold": float(threshold)}
        self._keeps_dense = has_fp16_weights

    def pack(self) -> Any:
        """Pack the weight unless the layer was made with `has_fp16_weights`."""
        return self if self._keeps_dense else super().pack()


class QuantLinear(nn.Linear, metaclass=_ByWeight):
    """The layers of GPTQ, AWQ and auto-round checkpoints, for `isinstance`."""

    kinds = ("gptq", "awq")
