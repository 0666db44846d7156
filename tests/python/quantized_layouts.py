"""Layers in the layouts of quantized checkpoints, written here with numpy from the documented bits."""

from __future__ import annotations

import numpy as np


def _words(codes: np.ndarray, bits: int) -> np.ndarray:
    """Codes along the last axis as a stream of int32 words, from the low bit on."""
    rows, count = codes.shape
    width = -(-count * bits // 32)
    stream = np.zeros((rows, width * 32), np.uint64)
    for b in range(bits):
        stream[:, b : count * bits : bits] = codes >> b & 1
    words = stream.reshape(rows, width, 32) << np.arange(32, dtype=np.uint64)
    return words.sum(-1).astype(np.uint32).view(np.int32)


def _codes(rng, n, k, bits):
    return rng.randint(0, 2**bits, (n, k)).astype(np.uint64)


def _half(rng, *shape):
    return (rng.rand(*shape) * 0.02 + 0.005).astype(np.float16)


def gptq(rng, n, k, bits=4, group=32, version="v1", act_order=False):
    groups = k // group
    q, z, s = _codes(rng, n, k, bits), _codes(rng, groups, n, bits), _half(rng, groups, n)
    g = np.arange(k) // group
    if act_order:
        g = rng.permutation(g)
    if version == "v1":
        z = np.maximum(z, 1)  # 0 - 1 would not fit
    dense = (q.astype(np.float32) - z[g].T.astype(np.float32)) * s[g].T.astype(np.float32)
    parts = {
        "qweight": np.ascontiguousarray(_words(q, bits).T), "qzeros": _words(z - (version == "v1"), bits), "scales": s,
        "g_idx": g.astype(np.int32),
    }  # fmt: skip
    return parts, dense


def awq(rng, n, k, group=32):
    groups, order = k // group, np.array([0, 2, 4, 6, 1, 3, 5, 7])
    q, z, s = _codes(rng, k, n, 4), _codes(rng, groups, n, 4), _half(rng, groups, n)
    dense = (q.astype(np.float32) - np.repeat(z, group, 0).astype(np.float32)) * np.repeat(s, group, 0).astype(np.float32)
    turn = lambda c: _words(c.reshape(len(c), -1, 8)[:, :, order].reshape(len(c), -1), 4)  # noqa: E731
    return {"qweight": turn(q), "qzeros": turn(z), "scales": s}, dense.T


def compressed(rng, n, k, bits=4, group=32, packed=True, zero_point=False):
    groups = 1 if group == -1 else k // group
    q, s = _codes(rng, n, k, bits), _half(rng, n, groups).astype(np.float32)
    half = 2 ** (bits - 1)
    z = _codes(rng, n, groups, bits) if zero_point else np.full((n, groups), half, np.uint64)
    spread = lambda a: np.repeat(a.astype(np.float32), k // groups, 1)  # noqa: E731
    dense = (q.astype(np.float32) - spread(z)) * spread(s)
    parts = {"weight_scale": s}
    if packed:
        parts.update({"weight_packed": _words(q, bits), "weight_shape": np.array([n, k], np.int64)})
    else:
        parts["weight"] = (q.astype(np.int64) - half).astype(np.int8)
    if zero_point:
        if packed:
            parts["weight_zero_point"] = np.ascontiguousarray(_words(np.ascontiguousarray(z.T), bits).T)
        else:
            parts["weight_zero_point"] = (z.astype(np.int64) - half).astype(np.int8)
    return parts, dense


def _blocks(codes, bits, high_first):
    per = 8 // bits
    parts = codes.reshape(per, -1, codes.shape[1])
    shifts = [bits * (per - 1 - i if high_first else i) for i in range(per)]
    return sum(part << shift for part, shift in zip(parts, np.array(shifts, np.uint64))).astype(np.uint8)


def hqq(rng, n, k, bits=4, group=32, axis=1):
    groups = n * k // group
    rows, columns = (groups, group) if axis else (group, groups)
    each = (groups, 1) if axis else (1, groups)
    q = _codes(rng, rows, columns, bits)
    s, z = _half(rng, *each).astype(np.float32), (rng.rand(*each) * 2**bits).astype(np.float32)
    dense = ((q.astype(np.float32) - z) * s).reshape(n, k)
    if bits == 3:
        padded = np.zeros((-(-rows // 10) * 10, columns), np.uint64)
        padded[:rows] = q
        w = sum(p << np.uint64(3 * (9 - i)) for i, p in enumerate(padded.reshape(10, -1, columns))).astype(np.int32)
    else:
        w = q.astype(np.uint8) if bits == 8 else _blocks(q, bits, True)
    return {"W_q": w, "scale": s, "zero": z}, dense


def quanto(rng, n, k, bits=8):
    calm = {name: np.ones((), np.float32) for name in ("input_scale", "output_scale")}
    if bits == 8:
        q, s = rng.randint(-127, 128, (n, k)).astype(np.int8), _half(rng, n, 1).astype(np.float32)
        return {"weight._data": q, "weight._scale": s, **calm}, q.astype(np.float32) * s
    group = next(size for size in (128, 96, 64, 32) if k % size == 0)  # the longest that fits
    rows = n * k // group
    q, s, shift = _codes(rng, rows, group, bits), _half(rng, rows, 1).astype(np.float32), rng.rand(rows, 1) * 0.1
    shift = shift.astype(np.float32)
    parts = {"weight._data._data": _blocks(q, bits, False), "weight._scale": s, "weight._shift": shift, **calm}
    return parts, (q.astype(np.float32) * s - shift).reshape(n, k)


def torchao(rng, n, k, bits=8, group=0):
    if bits == 8:
        groups = k // group if group else 1
        q, s = rng.randint(-128, 128, (n, k)).astype(np.int8), _half(rng, n, groups).astype(np.float32)
        parts = {"_weight_qdata": q, "_weight_scale": s, "_weight_zero_point": np.zeros((n, groups), np.int8)}
        return parts, q.astype(np.float32) * np.repeat(s, k // groups, 1)
    group = 32
    q = rng.randint(-8, 8, (n, k))
    s, z = _half(rng, k // group, n).astype(np.float32), (rng.rand(k // group, n) * 0.1).astype(np.float32)
    packed = ((q[:, 1::2] & 15) << 4 | (q[:, ::2] & 15)).astype(np.uint8).view(np.int8)
    spread = lambda a: np.repeat(a.T, group, 1)  # noqa: E731
    return {"_weight_qdata": packed, "_weight_scale": s, "_weight_zero_point": z}, q * spread(s) + spread(z)


def eetq(rng, n, k):
    q, s = rng.randint(-127, 128, (k, n)).astype(np.int8), _half(rng, n)
    return {"weight": q, "weight_scales": s}, (q.astype(np.float32) * s.astype(np.float32)).T


def bitnet(rng, n, k, times=False):
    q = rng.randint(0, 3, (n, k)).astype(np.uint64)
    scale = np.array([1.7], np.float32)
    factor = scale[0] if times else np.float32(1) / scale[0]
    return {"weight": _blocks(q, 2, False), "weight_scale": scale}, (q.astype(np.float32) - 1) * factor


_E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], np.float32)


def mxfp4(rng, n, k):
    q, e = rng.randint(0, 16, (n, k)), rng.randint(118, 124, (n, k // 32)).astype(np.uint8)
    packed = (q[:, 1::2] << 4 | q[:, ::2]).astype(np.uint8).reshape(n, k // 32, 16)
    scale = np.repeat(np.exp2(e.astype(np.float32) - 127), 32, 1)
    return {"weight_blocks": packed, "weight_scales": e}, _E2M1[q] * scale


def aqlm(rng, n, k, books=1, bits=16, rows=1, columns=8, dtype=np.int16):
    """Codes are read modulo the size of a codebook: 16 bits in int16 are signed."""
    size = 2**bits
    codes = rng.randint(0, size, (n // rows, k // columns, books))
    vectors = _half(rng, books, size, rows, columns)
    scales = _half(rng, n // rows, 1, 1, 1)
    blocks = sum(vectors[c].astype(np.float32)[codes[:, :, c]] for c in range(books))  # [o, i, rows, columns]
    dense = (blocks * scales.astype(np.float32)).transpose(0, 2, 1, 3).reshape(n, k)
    return {"codes": codes.astype(dtype), "codebooks": vectors, "scales": scales}, dense


def e4m3_values():
    """The 256 values of e4m3 (OCP 8-bit floats); two of them are NaN."""
    byte = np.arange(256)
    exponent, mantissa = byte >> 3 & 15, byte & 7
    value = np.where(exponent > 0, (1 + mantissa / 8) * 2.0 ** (exponent - 7), mantissa / 8 * 2.0**-6)
    value[(byte & 127) == 127] = np.nan
    return np.where(byte < 128, value, -value).astype(np.float32)


def fp8(rng, n, k, block=(32, 32), name="weight_scale_inv"):
    q = rng.randint(0, 126, (n, k)) + 128 * rng.randint(0, 2, (n, k))
    rows, columns = block
    s = (rng.rand(-(-n // rows), -(-k // columns)) * 1e-3 + 1e-4).astype(np.float32)
    spread = np.repeat(np.repeat(s, rows, 0)[:n], columns, 1)[:, :k]
    return {"weight": q.astype(np.uint8), name: s}, e4m3_values()[q] * spread
