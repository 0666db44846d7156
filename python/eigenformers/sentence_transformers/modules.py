"""What stands behind the transformer in a sentence-transformers folder: pooling, normalization, dense layers."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from ..errors import ConfigError, UnsupportedError

_MODES = {  # in the order in which several are joined
    "cls": "cls_token", "max": "max_tokens", "mean": "mean_tokens", "mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "weightedmean": "weightedmean_tokens", "lasttoken": "lasttoken",
}  # fmt: skip


def _sums(rows: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Sums of rows [starts[i], ends[i]): what `np.add.reduceat` gives, which takes twenty times as long."""
    out = np.empty((len(starts), rows.shape[1]), rows.dtype)
    for to, start, end in zip(out, starts.tolist(), ends.tolist()):
        np.add.reduce(rows[start:end], 0, out=to)
    return out


class Pooling:
    """One vector for each text out of the vectors of its tokens.

    >>> pooling = Pooling(2, "mean")
    >>> pooling(np.array([[1.0, 2.0], [3.0, 4.0], [9.0, 9.0]], np.float32), np.array([2, 1]))
    array([[2., 3.],
           [9., 9.]], dtype=float32)
    """

    def __init__(self, embedding_dimension: int, pooling_mode: Any = "mean", include_prompt: bool = True):
        self.modes = (pooling_mode,) if isinstance(pooling_mode, str) else tuple(pooling_mode)
        for mode in self.modes:
            if mode not in _MODES:
                raise ValueError(f"Invalid pooling mode: {mode!r}. Valid pooling modes are: {tuple(_MODES)}.")
        self.include_prompt = include_prompt
        self.word_embedding_dimension = embedding_dimension

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Pooling:
        """Of a `1_Pooling/config.json`, with one name for the mode or a flag for each."""
        size = config.get("embedding_dimension", config.get("word_embedding_dimension"))
        if not isinstance(size, int):
            raise ConfigError("1_Pooling/config.json: found no 'word_embedding_dimension'")
        modes = config.get("pooling_mode")
        if modes is None:
            modes = [name for name, old in _MODES.items() if config.get(f"pooling_mode_{old}")] or ["mean"]
        return cls(size, modes, config.get("include_prompt", True))

    @property
    def size(self) -> int:
        """Numbers in a pooled vector."""
        return self.word_embedding_dimension * len(self.modes)

    def get_config_dict(self) -> dict[str, Any]:
        """As it is written, readable for old and new versions."""
        flags = {f"pooling_mode_{old}": name in self.modes for name, old in _MODES.items()}
        return {"word_embedding_dimension": self.word_embedding_dimension, **flags, "include_prompt": self.include_prompt}

    def __call__(self, tokens: np.ndarray, lengths: np.ndarray, skip: int = 0) -> np.ndarray:
        """`tokens` float32 `[sum(lengths), size]`, texts behind one another; `skip` tokens of a prompt are left out."""
        ends = np.cumsum(lengths)
        starts = ends - lengths
        if skip and not self.include_prompt:
            starts = np.minimum(starts + skip, ends - 1)
            kept = np.concatenate([np.arange(a, b) for a, b in zip(starts, ends)])
            tokens, lengths = tokens[kept], ends - starts
            return self._pooled(tokens, lengths, skip)
        return self._pooled(tokens, lengths, 0)

    def _pooled(self, tokens: np.ndarray, lengths: np.ndarray, first: int) -> np.ndarray:
        ends = np.cumsum(lengths)
        starts = ends - lengths
        out = []
        for mode in self.modes:
            if mode == "cls":
                out.append(tokens[starts])
            elif mode == "lasttoken":
                out.append(tokens[ends - 1])
            elif mode == "max":
                out.append(np.maximum.reduceat(tokens, starts))
            elif mode == "weightedmean":
                weights = np.concatenate([np.arange(1 + first, n + 1 + first, dtype=np.float32) for n in lengths])[:, None]
                out.append(_sums(tokens * weights, starts, ends) / np.add.reduceat(weights, starts))
            else:
                sums = _sums(tokens, starts, ends)
                divisor = lengths if mode == "mean" else np.sqrt(lengths)
                out.append(sums / divisor[:, None].astype(np.float32))
        return out[0] if len(out) == 1 else np.concatenate(out, 1)


class Normalize:
    """Vectors of length 1."""

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


_ACTIVATIONS = {
    "Identity": lambda x: x,
    "Tanh": np.tanh,
    "ReLU": lambda x: np.maximum(x, 0),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}


class Dense:
    """A linear layer and its activation."""

    def __init__(self, config: dict[str, Any], weight: np.ndarray, bias: np.ndarray | None):
        name = str(config.get("activation_function", "torch.nn.modules.activation.Tanh")).rpartition(".")[2]
        if name not in _ACTIVATIONS:
            raise UnsupportedError(f"Dense: activation_function {name!r} is not supported, known: {sorted(_ACTIVATIONS)}")
        if weight.shape != (config["out_features"], config["in_features"]):
            raise ConfigError(f"Dense: found a matrix of shape {weight.shape}, needed {config['out_features']} rows of "
                              f"{config['in_features']}")  # fmt: skip
        self.config, self.weight, self.bias, self._activation = config, weight, bias, _ACTIVATIONS[name]

    def save(self, folder: str) -> None:
        """Write `config.json` and `model.safetensors`."""
        from ..safetensors.numpy import save_file

        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
            json.dump(self.config, file)
        bias = {} if self.bias is None else {"linear.bias": self.bias}
        save_file({"linear.weight": self.weight, **bias}, os.path.join(folder, "model.safetensors"))

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        y = rows @ self.weight.T
        return self._activation(y if self.bias is None else y + self.bias)


def read_json(path: str | None, where: str) -> Any:
    """The contents of a JSON file; {} for None."""
    if path is None:
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (ValueError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: no JSON: {error}") from error
