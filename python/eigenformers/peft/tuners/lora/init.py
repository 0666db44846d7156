"""First values of A and B."""

from __future__ import annotations

import math
from typing import Any

from .... import _core, linalg


def set_first_values(layer: Any, name: str, how: Any) -> None:
    """Fill A and B of one adapter; PiSSA and OLoRA also take their product out of the base weight.

    Raises:
        ValueError: an unknown name.
        TypeError: PiSSA or OLoRA on a packed weight.
    """
    if how is False:
        return
    a, b = layer.lora_A[name].weight, layer.lora_B[name].weight
    bias = layer.lora_B[name].bias if layer.lora_bias[name] else None
    with _core.no_grad():
        if bias is not None:
            bias.zero_()
        if how is True:
            bound = math.sqrt(3.0) * (math.sqrt(2.0 / (1 + 5.0)) / math.sqrt(a.shape[1]))
            a.uniform_(-bound, bound)
            b.zero_()
        elif str(how).lower() == "gaussian":
            a.normal_(0.0, 1 / layer.r[name])
            b.zero_()
        elif isinstance(how, str) and how.startswith("pissa"):
            _from_base(layer, name, *_pissa(_base(layer, "PiSSA"), layer.r[name], layer.scaling[name], how))
        elif isinstance(how, str) and how.lower() == "olora":
            _from_base(layer, name, *_olora(_base(layer, "OLoRA"), layer.r[name]))
        else:
            raise ValueError(f"Unknown initialization init_lora_weights={how!r}")


def _base(layer: Any, method: str) -> Any:
    """The base weight as float32 `[out, in]`."""
    if layer._base_packed() or layer._base_value().dtype not in (_core.float32, _core.float16, _core.bfloat16):
        raise TypeError(
            f"Please initialize {method} under float32, float16, or bfloat16. Subsequently, re-quantize the residual "
            "model to help minimize quantization errors."
        )
    value = layer._base_value().to(_core.float32)
    return value.t() if layer.fan_in_fan_out else value


def _from_base(layer: Any, name: str, a: Any, b: Any) -> None:
    layer.lora_A[name].weight.copy_(a)
    layer.lora_B[name].weight.copy_(b)
    rest = _base(layer, "") - layer.scaling[name] * (b @ a)
    layer._base_write((rest.t() if layer.fan_in_fan_out else rest).contiguous())


def _pissa(weight: Any, rank: int, scaling: float, how: str) -> tuple[Any, Any]:
    """A and B of the largest singular values, each with half of them (Meng et al. 2024)."""
    if how == "pissa":
        u, s, vh = linalg.svd(weight, full_matrices=False)
        u, s, vh = u[:, :rank], s[:rank], vh[:rank]
    else:
        _, _, count = how.partition("_niter_")
        if not count.isdigit():
            raise ValueError(
                f"init_lora_weights should be 'pissa' or 'pissa_niter_[number of iters]', got {how} instead."
            )
        u, s, vh = _largest(weight, rank, int(count))
    root = (s / scaling).sqrt()
    return root.unsqueeze(1) * vh, u * root


def _largest(weight: Any, rank: int, iterations: int) -> tuple[Any, Any, Any]:
    """A randomized singular value decomposition of rank `rank` (Halko et al. 2009, algorithm 5.1)."""
    wide = weight.shape[0] < weight.shape[1]
    m = weight.t() if wide else weight
    q = linalg.qr(m @ _core.randn((m.shape[1], rank)))[0]
    for _ in range(iterations):
        q = linalg.qr(m.t() @ q)[0]
        q = linalg.qr(m @ q)[0]
    u, s, vh = linalg.svd((q.t() @ m).contiguous(), full_matrices=False)
    u = q @ u
    return (vh.t(), s, u.t()) if wide else (u, s, vh)


def _olora(weight: Any, rank: int) -> tuple[Any, Any]:
    """A and B of the first columns and rows of a QR decomposition (Büyükakyüz 2024)."""
    q, r = linalg.qr(weight.contiguous())
    return r[:rank], q[:, :rank]
