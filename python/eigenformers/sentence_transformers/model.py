"""`SentenceTransformer`: one vector for each text."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import _core
from ..errors import ConfigError, UnsupportedError
from ..hub import cached_file
from ..utils import logging
from . import util
from .modules import Dense, Normalize, Pooling, read_json
from .packing import TokenLists, batches, run, tokenized

logger = logging.get_logger(__name__)


class SentenceTransformer:
    """A transformer, pooling and what follows, read from a sentence-transformers folder or any encoder's.

    Texts are sorted by length and run without padding.

    Args:
        model_name_or_path: a folder or repository id. Without `modules.json` the tokens' mean is taken.
        prompts: name -> text before each input; `default_prompt_name` says which is used when none is named.
        similarity_fn_name: `"cosine"`, `"dot"`, `"euclidean"` or `"manhattan"`.
        truncate_dim: keep so many numbers of each vector.
        model_kwargs: passed to `AutoModel.from_pretrained`, e.g. `{"dtype": "bfloat16"}`.

    Raises:
        OSError, ConfigError: missing or damaged files, named.
        UnsupportedError: a module or an argument that is not supported, by name.
    """

    def __init__(
        self,
        model_name_or_path: str | os.PathLike | None = None,
        *,
        modules: Any = None,
        device: Any = None,
        prompts: dict[str, str] | None = None,
        default_prompt_name: str | None = None,
        similarity_fn_name: str | None = None,
        cache_folder: str | None = None,
        trust_remote_code: bool = False,
        revision: str | None = None,
        local_files_only: bool = False,
        token: bool | str | None = None,
        truncate_dim: int | None = None,
        model_kwargs: dict[str, Any] | None = None,
        processor_kwargs: dict[str, Any] | None = None,
        tokenizer_kwargs: dict[str, Any] | None = None,
        config_kwargs: dict[str, Any] | None = None,
        backend: str = "torch",
    ):
        if modules is not None or model_name_or_path is None:
            raise UnsupportedError("SentenceTransformer(modules=...): models are read from a folder or repository; pass it")
        if trust_remote_code:
            raise UnsupportedError("SentenceTransformer(trust_remote_code=True): code of a checkpoint is never run")
        if backend != "torch":
            raise UnsupportedError(f"SentenceTransformer(backend={backend!r}): there is one way to compute here")
        if device is not None and str(device) != "cpu":
            raise UnsupportedError(f"SentenceTransformer(device={device!r}): eigenformers computes on the CPU only")
        from ..models.auto import AutoModel
        from ..tokenization.auto import AutoTokenizer

        self._path = os.fspath(model_name_or_path)
        self._hub = {"cache_dir": cache_folder, "revision": revision or "main", "token": token,
                     "local_files_only": local_files_only}  # fmt: skip
        settings = self._json("config_sentence_transformers.json")
        self.prompts = dict(prompts if prompts is not None else settings.get("prompts") or {})
        self.default_prompt_name = default_prompt_name or settings.get("default_prompt_name")
        if self.default_prompt_name is not None and self.default_prompt_name not in self.prompts:
            raise ValueError(
                f"Default prompt name '{self.default_prompt_name}' not found in the configured prompts dictionary with "
                f"keys {list(self.prompts)!r}."
            )
        named = getattr(similarity_fn_name, "value", similarity_fn_name)
        self.similarity_fn_name = named or settings.get("similarity_fn_name") or "cosine"
        self._similarity()  # an unknown name is said now
        self.truncate_dim = truncate_dim
        folder, self._after = self._read_modules()
        place = {"subfolder": folder} if folder else {}
        self._config = self._json("sentence_bert_config.json", folder)
        self.auto_model = AutoModel.from_pretrained(
            self._path, **place, **self._hub, **(config_kwargs or {}), **(model_kwargs or {})
        )
        self.tokenizer = AutoTokenizer.from_pretrained(
            self._path, **place, **self._hub, **(tokenizer_kwargs or {}), **(processor_kwargs or {})
        )
        if self._pooling is None:
            logger.warning(f"No sentence-transformers model found with name {self._path}. Creating a new one with mean pooling.")
            self._pooling = Pooling(self.auto_model.config.hidden_size, "mean")
        self.max_seq_length = self._config.get("max_seq_length") or self._default_length()

    # --- reading --------------------------------------------------------------------------------------------------
    def _file(self, name: str, folder: str = "") -> str | None:
        place = {"subfolder": folder} if folder else {}
        return cached_file(self._path, name, _raise_exceptions_for_missing_entries=False, **place, **self._hub)

    def _json(self, name: str, folder: str = "") -> Any:
        return read_json(self._file(name, folder), f"{self._path}/{folder + '/' if folder else ''}{name}")

    def _read_modules(self) -> tuple[str, list[Any]]:
        """The transformer's folder, and what follows the pooling."""
        self._pooling: Any = None
        folder, after = "", []
        modules = self._json("modules.json") or []
        if not isinstance(modules, list):
            raise ConfigError(f"{self._path}/modules.json: needed a list of modules")
        for module in modules:
            path, kind = module.get("path", ""), str(module.get("type", "")).rpartition(".")[2]
            if kind == "Transformer":
                folder = path
            elif kind == "Pooling":
                self._pooling = Pooling.from_config(self._json("config.json", path))
            elif kind == "Normalize":
                after.append(Normalize())
            elif kind == "Dense":
                after.append(self._read_dense(path))
            elif kind != "Dropout":
                raise UnsupportedError(f"{self._path}/modules.json: module type {module.get('type')!r} is not supported")
        return folder, after

    def _read_dense(self, folder: str) -> Dense:
        from ..serialization import load

        config = self._json("config.json", folder)
        file = self._file("model.safetensors", folder)
        if file is not None:
            state = _core.open_safetensors([file])
            value = {name: state.get_tensor(name).float().numpy() for name in state.keys()}
        else:
            value = {name: tensor.float().numpy() for name, tensor in load(self._file("pytorch_model.bin", folder)).items()}
        if "linear.weight" not in value:
            raise ConfigError(f"{self._path}/{folder}: found no 'linear.weight'")
        return Dense(config, value["linear.weight"], value.get("linear.bias"))

    def _default_length(self) -> int | None:
        sizes = (getattr(self.auto_model.config, "max_position_embeddings", None), self.tokenizer.model_max_length)
        known = [int(size) for size in sizes if size and size < 1e9]
        return min(known) if known else None

    # --- encoding -------------------------------------------------------------------------------------------------
    def encode(
        self,
        sentences: str | Sequence[str],
        prompt_name: str | None = None,
        prompt: str | None = None,
        batch_size: int = 32,
        show_progress_bar: bool | None = None,
        output_value: str | None = "sentence_embedding",
        precision: str = "float32",
        convert_to_numpy: bool = True,
        convert_to_tensor: bool = False,
        device: Any = None,
        normalize_embeddings: bool = False,
        truncate_dim: int | None = None,
        pool: Any = None,
        chunk_size: int | None = None,
    ) -> Any:
        """Embed a text or a list of them.

        Args:
            prompt_name, prompt: a text before each input, by name or itself.
            batch_size: texts that are computed together.
            show_progress_bar: None shows it where logging is at INFO or below.
            output_value: `"sentence_embedding"`, or `"token_embeddings"` for a list of tensors `[tokens, size]`.
            precision: see `util.quantize_embeddings`, which takes its ranges from these texts.
            convert_to_numpy, convert_to_tensor: an array or a tensor `[n, size]`; with neither a list of tensors.
            normalize_embeddings: vectors of length 1.
            truncate_dim: keep so many numbers of each vector.
            pool, chunk_size: of several processes, which are not needed here; a pool is refused.

        Returns:
            float32 (or what `precision` says) `[n, size]`, or `[size]` for one text.

        Raises:
            ValueError: an unknown prompt name or precision, a batch size below 1.
            UnsupportedError: another output value.
        """
        if pool is not None:
            self.start_multi_process_pool()
        if precision not in util.PRECISIONS:
            raise ValueError(f"Precision {precision!r} is not supported")
        if output_value not in ("sentence_embedding", "token_embeddings"):
            raise UnsupportedError(f"encode(output_value={output_value!r}): known: sentence_embedding, token_embeddings")
        if device is not None and str(device) != "cpu":
            raise UnsupportedError(f"encode(device={device!r}): eigenformers computes on the CPU only")
        if batch_size < 1:
            raise ValueError(f"encode: batch_size is {batch_size}, needed 1 or more")
        single = isinstance(sentences, str)
        if not single and (isinstance(sentences, (bytes, dict)) or not hasattr(sentences, "__iter__")):
            raise TypeError(f"encode: found a {type(sentences).__name__}, needed a text or a list of texts")
        texts = [sentences] if single else list(sentences)
        wrong = next((text for text in texts if not isinstance(text, (str, list, tuple))), None)
        if wrong is not None or None in texts:
            raise TypeError(f"encode: found a {type(wrong).__name__} among the texts, needed strings")
        prompt = self._prompt(prompt, prompt_name)
        skip = 0
        if prompt:
            texts = [prompt + text for text in texts]
            skip = self._prompt_length(prompt)
        tokens = tokenized(self.tokenizer, texts, self.max_seq_length) if texts else TokenLists(*np.zeros((2, 0), np.int64))
        dim = self.truncate_dim if truncate_dim is None else truncate_dim
        rows = self._batches(tokens, batch_size, show_progress_bar, output_value == "token_embeddings", skip)
        if output_value == "token_embeddings":
            return rows[0] if single else rows
        out = np.stack(rows) if rows else np.zeros((0, self.get_sentence_embedding_dimension()), np.float32)
        out = out[:, :dim]
        if normalize_embeddings:
            out = Normalize()(out)
        if precision != "float32":
            out = util.quantize_embeddings(out, precision)
        if convert_to_tensor:
            out = _core.from_numpy(np.ascontiguousarray(out))
        elif not convert_to_numpy:
            out = [_core.from_numpy(row.copy()) for row in out]
        return out[0] if single else out

    def _batches(self, tokens: TokenLists, size: int, show: bool | None, keep_tokens: bool, skip: int) -> list[Any]:
        """A vector (or the tokens' ones) for each text, in their order."""
        rows: list[Any] = [None] * len(tokens.lengths)
        show = logger.getEffectiveLevel() <= logging.INFO if show is None else show
        pad = self.tokenizer.pad_token_id or 0
        for which in batches(self.auto_model, tokens, size, show):
            lengths = tokens.lengths[which]
            found, real = run(self.auto_model, tokens, which, pad)
            states = found["last_hidden_state"].float().numpy()
            flat = states[0] if real is None else states[real]
            if keep_tokens:
                ends = np.cumsum(lengths)
                for i, end, n in zip(which, ends, lengths):
                    rows[i] = _core.from_numpy(flat[end - n : end].copy())
                continue
            vectors = self._pooling(flat, lengths, skip)
            for module in self._after:
                vectors = module(vectors)
            for i, vector in zip(which, vectors):
                rows[i] = vector
        return rows

    def _prompt(self, prompt: str | None, name: str | None) -> str | None:
        if prompt is not None:
            return prompt
        name = name or self.default_prompt_name
        if name is None:
            return None
        if name not in self.prompts:
            raise ValueError(
                f"Prompt name '{name}' not found in the configured prompts dictionary with keys {list(self.prompts)!r}."
            )
        return self.prompts[name]

    def _prompt_length(self, prompt: str) -> int:
        ids = self.tokenizer(prompt)["input_ids"]
        return len(ids) - (1 if ids and ids[-1] in (self.tokenizer.sep_token_id, self.tokenizer.eos_token_id) else 0)

    def encode_query(self, sentences: Any, prompt_name: str | None = None, prompt: str | None = None, **kwargs: Any) -> Any:
        """`encode` with the prompt named `query`, where there is one."""
        if prompt is None and prompt_name is None and "query" in self.prompts:
            prompt_name = "query"
        return self.encode(sentences, prompt_name, prompt, **kwargs)

    def encode_document(self, sentences: Any, prompt_name: str | None = None, prompt: str | None = None, **kwargs: Any) -> Any:
        """`encode` with the first prompt of `document`, `passage`, `corpus` that there is."""
        if prompt is None and prompt_name is None:
            prompt_name = next((name for name in ("document", "passage", "corpus") if name in self.prompts), None)
        return self.encode(sentences, prompt_name, prompt, **kwargs)

    # --- what it is -----------------------------------------------------------------------------------------------
    def similarity(self, embeddings1: Any, embeddings2: Any) -> Any:
        """Scores of all pairs, by `similarity_fn_name`: a tensor `[n, m]`."""
        return self._similarity()[0](embeddings1, embeddings2)

    def similarity_pairwise(self, embeddings1: Any, embeddings2: Any) -> Any:
        """Scores of the rows at the same place: a tensor `[n]`."""
        return self._similarity()[1](embeddings1, embeddings2)

    def _similarity(self) -> Any:
        if self.similarity_fn_name not in util.SIMILARITIES:
            raise ValueError(f"similarity_fn_name {self.similarity_fn_name!r} is unknown; known: {sorted(util.SIMILARITIES)}")
        return util.SIMILARITIES[self.similarity_fn_name]

    def get_sentence_embedding_dimension(self) -> int:
        """Numbers in a vector."""
        dense = [module.weight.shape[0] for module in self._after if isinstance(module, Dense)]
        size = dense[-1] if dense else self._pooling.size
        return size if self.truncate_dim is None else min(size, self.truncate_dim)

    get_embedding_dimension = get_sentence_embedding_dimension

    def get_max_seq_length(self) -> int | None:
        """Tokens that a text is cut to."""
        return self.max_seq_length

    def tokenize(self, texts: list[str]) -> Any:
        """A padded batch of tensors."""
        return self.tokenizer(texts, padding=True, truncation=True, max_length=self.max_seq_length, return_tensors="pt")

    @property
    def device(self) -> Any:
        """Always the CPU."""
        return self.auto_model.device

    def to(self, *args: Any) -> SentenceTransformer:
        """Change the weights' dtype."""
        self.auto_model.to(*args)
        return self

    @property
    def dtype(self) -> Any:
        """Of the weights."""
        return self.auto_model.dtype

    @contextmanager
    def truncate_sentence_embeddings(self, truncate_dim: int | None) -> Iterator[None]:
        """Inside, `encode` keeps so many numbers of each vector."""
        before, self.truncate_dim = self.truncate_dim, truncate_dim
        try:
            yield
        finally:
            self.truncate_dim = before

    def start_multi_process_pool(self, *args: Any, **kwargs: Any) -> Any:
        """UnsupportedError: one process uses all cores already."""
        raise UnsupportedError("SentenceTransformer: pools of processes are not supported; encode uses all cores by itself")

    encode_multi_process = stop_multi_process_pool = start_multi_process_pool

    def save(
        self,
        path: str | os.PathLike,
        model_name: str | None = None,
        create_model_card: bool = True,
        train_datasets: list[str] | None = None,
        safe_serialization: bool = True,
    ) -> None:
        """Write a folder that sentence-transformers reads; no model card, weights as safetensors."""
        if not safe_serialization:
            raise UnsupportedError("SentenceTransformer.save(safe_serialization=False): weights are written as safetensors")
        os.makedirs(path, exist_ok=True)
        self.auto_model.save_pretrained(path)
        self.tokenizer.save_pretrained(path)
        kinds = ["Transformer", "Pooling", *(type(module).__name__ for module in self._after)]
        modules = [{"idx": i, "name": str(i), "path": f"{i}_{kind}" if i else "", "type": f"sentence_transformers.models.{kind}"}
                   for i, kind in enumerate(kinds)]  # fmt: skip
        settings = {"prompts": self.prompts, "default_prompt_name": self.default_prompt_name,
                    "similarity_fn_name": self.similarity_fn_name}  # fmt: skip
        for name, value in (
            ("modules.json", modules), ("config_sentence_transformers.json", settings),
            ("sentence_bert_config.json", {**self._config, "max_seq_length": self.max_seq_length}),
            ("1_Pooling/config.json", self._pooling.get_config_dict()),
        ):  # fmt: skip
            target = os.path.join(path, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "w", encoding="utf-8") as file:
                json.dump(value, file, indent=2)
        for i, module in enumerate(self._after, 2):
            if isinstance(module, Dense):
                module.save(os.path.join(path, f"{i}_Dense"))

    save_pretrained = save
