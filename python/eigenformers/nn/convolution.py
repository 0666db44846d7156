"""Convolution, pooling and group normalisation as compositions of views, products and reductions."""

from __future__ import annotations

from typing import Any

from .. import _core
from .._core import Tensor
from ..errors import UnsupportedError

__all__ = ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "avg_pool1d", "avg_pool2d", "conv1d", "conv2d", "group_norm",
           "max_pool1d", "max_pool2d"]  # fmt: skip


def _tuple(value: Any, n: int) -> tuple[int, ...]:
    return (int(value),) * n if isinstance(value, int) else tuple(int(v) for v in value)


def _windows(x: Tensor, size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]) -> Tensor:
    """`[N, C, out…, size…]`: a view of what each output position sees of `[N, C, in…]`."""
    n = len(size)
    for axis in range(n):
        x = x.unfold(2 + axis, dilation[axis] * (size[axis] - 1) + 1, stride[axis])
    if any(step != 1 for step in dilation):
        index = (slice(None),) * (2 + n) + tuple(slice(None, None, step) for step in dilation)
        x = x[index]
    return x


def _padded(x: Tensor, amounts: tuple[int, ...], value: float = 0.0) -> Tensor:
    if not any(amounts):
        return x
    from .functional import pad

    return pad(x, [side for amount in reversed(amounts) for side in (amount, amount)], value=value)


def _convolution(
    name: str, n: int, x: Tensor, weight: Tensor, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    size, stride, dilation = tuple(weight.shape[2:]), _tuple(stride, n), _tuple(dilation, n)
    single = x.dim() == n + 1
    if single:
        x = x.unsqueeze(0)
    if x.dim() != n + 2 or x.shape[1] != weight.shape[1] * groups:
        raise RuntimeError(
            f"{name}: Given groups={groups}, weight of size {list(weight.shape)}, expected input{list(x.shape)} to have "
            f"{weight.shape[1] * groups} channels"
        )
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(f"{name}: padding={padding!r}, needed 'same', 'valid' or numbers")
        total = [d * (k - 1) if padding == "same" else 0 for d, k in zip(dilation, size)]
        if padding == "same" and any(s != 1 for s in stride):
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        from .functional import pad

        x = pad(x, [side for t in reversed(total) for side in (t // 2, t - t // 2)]) if any(total) else x
    else:
        x = _padded(x, _tuple(padding, n))
    seen = _windows(x, size, stride, dilation)
    batch, out = x.shape[0], tuple(seen.shape[2 : 2 + n])
    channels = weight.shape[0]
    positions = 1
    for extent in out:
        positions *= extent
    # [N, groups, positions, C/groups · k…] times [groups, C/groups · k…, out/groups]
    rows = seen.unflatten(1, (groups, -1)).permute(0, 1, *range(3, 3 + n), 2, *range(3 + n, 3 + 2 * n))
    rows = rows.reshape(batch, groups, positions, -1)
    matrix = weight.reshape(groups, channels // groups, -1).transpose(1, 2)
    y = _core.matmul(rows, matrix).transpose(2, 3).reshape(batch, channels, *out)
    if bias is not None:
        y = y + bias.reshape(1, channels, *([1] * n))
    return y[0] if single else y


def conv1d(
    input: Tensor, weight: Tensor, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Correlate `[N, C, L]` (or `[C, L]`) with `[out, C/groups, k]`; `padding` numbers, "same" or "valid".

    >>> import eigenformers as ef
    >>> conv1d(ef.ones(1, 1, 4), ef.ones(1, 1, 3), padding=1).tolist()
    [[[2.0, 3.0, 3.0, 2.0]]]
    """
    return _convolution("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor, weight: Tensor, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """Correlate `[N, C, H, W]` (or `[C, H, W]`) with `[out, C/groups, kh, kw]`."""
    return _convolution("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def _pool(n: int, x: Tensor, size: Any, stride: Any, padding: Any, value: float) -> Tensor:
    size = _tuple(size, n)
    single = x.dim() == n + 1
    x = _padded(x.unsqueeze(0) if single else x, _tuple(padding, n), value)
    seen = _windows(x, size, size if stride is None else _tuple(stride, n), (1,) * n).flatten(2 + n)
    return seen[0] if single else seen


def _no(name: str, **asked: Any) -> None:
    for key, value in asked.items():
        if value:
            raise UnsupportedError(f"{name}({key}={value!r}) is not supported yet")


def avg_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """Means of windows of `[N, C, L]`."""
    _no("avg_pool1d", ceil_mode=ceil_mode, count_include_pad=not count_include_pad and padding)
    return _pool(1, input, kernel_size, stride, padding, 0.0).mean(-1)


def avg_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: Any = None,
) -> Tensor:  # fmt: skip
    """Means of windows of `[N, C, H, W]`."""
    _no("avg_pool2d", ceil_mode=ceil_mode, count_include_pad=not count_include_pad and padding,
        divisor_override=divisor_override)  # fmt: skip
    return _pool(2, input, kernel_size, stride, padding, 0.0).mean(-1)


def max_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:  # fmt: skip
    """Largest values of windows of `[N, C, L]`."""
    _no("max_pool1d", ceil_mode=ceil_mode, return_indices=return_indices, dilation=dilation != 1)
    return _pool(1, input, kernel_size, stride, padding, float("-inf")).amax(-1)


def max_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:  # fmt: skip
    """Largest values of windows of `[N, C, H, W]`."""
    _no("max_pool2d", ceil_mode=ceil_mode, return_indices=return_indices, dilation=dilation not in (1, (1, 1)))
    return _pool(2, input, kernel_size, stride, padding, float("-inf")).amax(-1)


def _adaptive(name: str, n: int, x: Tensor, out: Any) -> Tensor:
    out = tuple(x.shape[-n + i] if size is None else size for i, size in enumerate((out,) * n if isinstance(out, int) else out))
    _core.empty((*x.shape[:-n], *out), dtype=x.dtype)  # refuses a size that no memory holds
    for axis, count in enumerate(out):
        axis = axis - n
        extent = x.shape[axis]
        parts = [x.narrow(axis, i * extent // count, -(-(i + 1) * extent // count) - i * extent // count).mean(axis, keepdim=True)
                 for i in range(count)]  # fmt: skip
        x = _core.cat(parts, axis)
    return x


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """Means of `output_size` even parts of the last dimension."""
    return _adaptive("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means of even parts of the last two dimensions."""
    return _adaptive("adaptive_avg_pool2d", 2, input, output_size)


def group_norm(input: Tensor, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Tensor:
    """Mean 0 and variance 1 over each group of channels of `[N, C, …]`, then gain and bias by channel."""
    if input.shape[1] % num_groups:
        raise ValueError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(input.shape)} and num_groups={num_groups}"
        )
    rows = input.reshape(input.shape[0], num_groups, -1)
    centered = rows - rows.mean(-1, keepdim=True)
    y = (centered * (centered.square().mean(-1, keepdim=True) + eps).rsqrt()).reshape(input.shape)
    shape = (1, -1) + (1,) * (input.dim() - 2)
    y = y if weight is None else y * weight.reshape(shape)
    return y if bias is None else y + bias.reshape(shape)
