"""Importance matrices: how much each input column of a matrix matters, measured on text."""

from __future__ import annotations

import os
import struct
from typing import Any

import numpy as np

from .. import _core
from ..errors import CheckpointError
from .imatrix_inputs import watch_inputs
from .metadata import Entry
from .values import plain_model


class IMatrix:
    """Sums of squared inputs of each matrix, by its GGUF name; files of both forms are read and written.

    Attributes:
        sums: name -> float32 [columns] of Σ x²; [experts, columns] where a tensor holds a layer's experts.
        counts: name -> number of rows summed up; an array [experts] for those.
        datasets: where the text came from.
        chunks: how many pieces of text were read.
        chunk_size: tokens a piece.
    """

    def __init__(self, datasets: list[str] | None = None, chunk_size: int = 512) -> None:
        self.sums: dict[str, np.ndarray] = {}
        self.counts: dict[str, Any] = {}
        self.datasets, self.chunks, self.chunk_size = list(datasets or ()), 0, chunk_size
        self.path: str | None = None

    def weights(self) -> dict[str, list[float]]:
        """name -> mean of x² for each column (of each expert), what quantizing weighs errors with; 1 without inputs."""
        found = {}
        for name in self.sums:
            mean = self._mean(name)
            if not np.isfinite(mean).all() or (mean < 0).any():
                raise CheckpointError(f"importance matrix: '{name}' holds NaN, infinite or negative entries")
            found[name] = mean.reshape(-1).tolist()
        return found

    def _mean(self, name: str) -> np.ndarray:
        counts = np.asarray(self.counts[name], np.float32)[..., None]
        mean = np.where(counts > 0, self.sums[name] / np.maximum(counts, 1), np.float32(1)).astype(np.float32)
        return np.where((mean == 0).all(axis=-1, keepdims=True), np.float32(1), mean)  # inputs that were all zero say nothing

    def notes(self) -> list[Entry]:
        """What a file quantized with it says of it."""
        found: list[Entry] = []
        if self.path:
            found.append(("quantize.imatrix.file", "string", self.path))
        if self.datasets:
            found.append(("quantize.imatrix.dataset", "string", self.datasets[0]))
        found.append(("quantize.imatrix.entries_count", "uint32", len(self.sums)))
        if self.chunks > 0:
            found.append(("quantize.imatrix.chunks_count", "uint32", self.chunks))
        return found

    # --- files ------------------------------------------------------------------------------------------------------
    @classmethod
    def load(cls, path: str | os.PathLike) -> IMatrix:
        """Read a GGUF or a legacy `.dat` file.

        Raises:
            OSError: neither, or damaged.
        """
        path = os.fspath(path)
        with open(path, "rb") as file:
            start = file.read(4)
        found = cls._load_gguf(path) if start == b"GGUF" else cls._load_dat(path)
        found.path = path
        return found

    def save(self, path: str | os.PathLike) -> None:
        """Write a GGUF file, or the legacy form where the name ends with `.dat`."""
        path = os.fspath(path)
        if path.endswith(".dat"):
            self._save_dat(path)
            return
        export = _core.GgufExport()
        for name in sorted(self.sums):
            sums = np.atleast_2d(self.sums[name])
            export.add(f"{name}.in_sum2", _core.as_tensor(sums))
            counts = np.asarray(self.counts[name], np.float32).reshape(len(sums), 1)
            export.add(f"{name}.counts", _core.as_tensor(counts))
        entries: list[Entry] = [
            ("general.type", "string", "imatrix"),
            ("imatrix.datasets", "[string]", self.datasets),
            ("imatrix.chunk_count", "uint32", self.chunks),
            ("imatrix.chunk_size", "uint32", self.chunk_size),
        ]
        export.write(path, entries, ["F32"] * len(export.tensors))

    @classmethod
    def _load_gguf(cls, path: str) -> IMatrix:
        file = _core.GgufFile(path)
        if file.get("general.type") not in ("imatrix", None) or file.get("imatrix.chunk_count") is None:
            raise CheckpointError(f"{path}: is a GGUF file, but no importance matrix")
        found = cls(file.get("imatrix.datasets", []), int(file.get("imatrix.chunk_size", 512)))
        found.chunks = int(file.get("imatrix.chunk_count"))
        names = set(file.names())
        for name in sorted(names):
            if not name.endswith(".in_sum2"):
                continue
            stem = name[: -len(".in_sum2")]
            if f"{stem}.counts" not in names:
                raise CheckpointError(f"{path}: '{stem}' has sums and no counts")
            counts = file.floats(f"{stem}.counts")
            sums = np.array(file.floats(name), np.float32)
            if not counts or sums.size % len(counts):
                raise CheckpointError(f"{path}: '{stem}' has {sums.size} sums and {len(counts)} counts")
            several = len(counts) > 1
            found.sums[stem] = sums.reshape(len(counts), -1) if several else sums
            found.counts[stem] = np.array(counts, np.int64) if several else int(counts[0])
        return found

    @classmethod
    def _load_dat(cls, path: str) -> IMatrix:
        with open(path, "rb") as file:
            data = file.read()
        at = 0

        def take(size: int, what: str) -> bytes:
            nonlocal at
            if size < 0 or at + size > len(data):
                raise CheckpointError(
                    f"{path}: {what} of {size} bytes begins at byte {at}, the file has {len(data)}; no importance matrix, "
                    "or an incomplete one"
                )
            at += size
            return data[at - size : at]

        def number(what: str) -> int:
            return int(struct.unpack("<i", take(4, what))[0])

        found = cls()
        for _ in range(number("the number of entries")):
            raw = take(number("the length of a name"), "a name")
            name = raw.decode("utf-8", "replace")
            calls, length = number("the number of calls"), number("the number of values")
            values = np.frombuffer(take(4 * length, f"the values of '{name}'"), "<f4")
            found.sums[name], found.counts[name] = values.astype(np.float32), max(calls, 0)
            if calls > 0:  # the file holds mean * calls
                found.counts[name] = calls
        if at < len(data):
            found.chunks = number("the number of chunks")
            if at < len(data):
                found.datasets = [take(number("the length of the dataset"), "the dataset").decode("utf-8", "replace")]
        return found

    def _save_dat(self, path: str) -> None:
        """Sums come as the mean times the number of chunks there."""
        out = [struct.pack("<i", len(self.sums))]
        calls = max(self.chunks, 1)
        for name in sorted(self.sums):
            mean = self._mean(name)
            raw = name.encode()
            out += [struct.pack("<i", len(raw)), raw, struct.pack("<ii", calls, mean.size)]
            out.append((mean * np.float32(calls)).astype("<f4").tobytes())
        dataset = (self.datasets[0] if self.datasets else "").encode()
        out += [struct.pack("<ii", self.chunks, len(dataset)), dataset]
        temporary = f"{path}.part"
        try:
            with open(temporary, "wb") as file:
                file.write(b"".join(out))
            os.replace(temporary, path)
        except OSError:  # a full disk
            if os.path.exists(temporary):
                os.remove(temporary)
            raise


def compute_imatrix(
    model: Any, tokenizer: Any, text: str | list[str], *, chunk_size: int = 512, max_chunks: int | None = None, dataset: str = ""
) -> IMatrix:
    """Measure which columns of each matrix matter, on text.

    Args:
        model: a language model that can be exported.
        tokenizer: its tokenizer.
        text: one text or several, joined; a few hundred thousand characters are plenty.
        chunk_size: tokens that are read at a time.
        max_chunks: stop after so many.
        dataset: a name to note in the files.

    Raises:
        ValueError: less text than one chunk.
    """
    joined = text if isinstance(text, str) else "\n".join(text)
    ids = list(tokenizer(joined, add_special_tokens=False)["input_ids"])
    pieces = [ids[i : i + chunk_size] for i in range(0, len(ids) - chunk_size + 1, chunk_size)][:max_chunks]
    if not pieces:
        raise ValueError(f"compute_imatrix: found {len(ids)} tokens of text, needed at least {chunk_size} (chunk_size)")
    model = plain_model(model)
    result = IMatrix([dataset] if dataset else [], chunk_size)
    handles = watch_inputs(model, result)
    was_training = model.training
    model.eval()
    try:
        with _core.no_grad():
            for piece in pieces:
                model(**_inputs(model.config, piece), use_cache=False)
                result.chunks += 1
    finally:
        for handle in handles:
            handle.remove()
        model.train(was_training)
    for name, counts in list(result.counts.items()):
        if not counts.any():
            del result.sums[name], result.counts[name]
        elif result.sums[name].ndim == 1:
            result.counts[name] = int(counts[0])
    return result


def _inputs(config: Any, piece: list[int]) -> dict[str, Any]:
    """A decoder of an encoder-decoder writes what its encoder reads."""
    ids = _core.as_tensor([piece])
    if not config.is_encoder_decoder:
        return {"input_ids": ids}
    start = getattr(config, "decoder_start_token_id", None)
    start = config.pad_token_id if start is None else start
    return {"input_ids": ids, "decoder_input_ids": _core.as_tensor([[start, *piece[:-1]]])}
