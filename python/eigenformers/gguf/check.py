"""Whether an exported file says what the model says."""

from __future__ import annotations

import math
import os
from typing import Any

from .. import _core
from ..errors import CheckpointError
from .values import dense_values, moved_positions, plain_model

# Error of a tensor as a share of its size (root mean squares), by type: about three times that of normal numbers.
_BOUNDS = {
    "F32": 0.006, "F16": 0.006, "BF16": 0.01, "Q8_0": 0.02, "Q6_K": 0.06, "Q5_0": 0.15, "Q5_1": 0.15, "Q5_K": 0.15,
    "Q4_0": 0.3, "Q4_1": 0.3, "Q4_K": 0.3, "IQ4_NL": 0.3, "IQ4_XS": 0.3, "MXFP4": 0.4, "Q3_K": 0.5, "IQ3_S": 0.5,
    "IQ3_XXS": 0.6, "Q2_K": 0.8, "IQ2_S": 0.8, "IQ2_XS": 0.9, "IQ2_XXS": 1.0,
}  # fmt: skip
_OF_ANOTHER = 1.2  # a tensor in the place of another of the same size differs by the square root of 2
_ROUNDING = 0.02  # two ways to state the same configuration: rotary factors one by one, say
_TEXT = "The quick brown fox jumps over the lazy dog, 1984 times.\n\tÜber naïve cafés: 你好, мир!  def f(x): return x"


def check_export(model: Any, path: str | os.PathLike, tokenizer: Any = None) -> dict[str, float]:
    """Compare a GGUF file with the model and the tokenizer that it was made of.

    The file is opened by this library's own reader. Its tensors are compared with the model's, each within the error of its
    type; what the rest of it says, by logits of a few tokens: those of its tensors under its own configuration and under
    the model's have to agree, so that nothing depends on how much a model makes of small errors. Last the ids of a text.

    Returns:
        `{"worst_tensor": largest relative error, "logits": relative difference to the model's own logits}`; the latter is for
        information.

    Raises:
        OSError: a difference beyond what the tensor's type explains.
    """
    path, model = os.fspath(path), plain_model(model)
    reader, worst = _core.open_gguf(path, model_type=model.config.model_type), 0.0
    state = dense_values(model)
    for name, rows in moved_positions(model).items():
        state[name] = (tuple(rows.shape), lambda rows=rows: rows)
    for name, buffer in model.named_buffers():  # of which files hold some
        if name in reader:
            state[name] = (tuple(buffer.shape), lambda buffer=buffer: buffer)
    for name in reader.keys():
        if name not in state:
            raise CheckpointError(f"{path}: tensor {name} is not one of the model's")
        kind = reader.get_info(name)[2]
        error = _relative(reader.get_tensor(name), state[name][1]())
        bound = _BOUNDS.get(kind, _OF_ANOTHER)
        if not error <= bound:
            raise CheckpointError(
                f"{path}: tensor {name} differs from the model's by {error:.3f} of its size; {kind} explains {bound}"
            )
        worst = max(worst, error)
    missing = [name for name in state if name not in reader and not name.startswith("pooler.")]
    if missing:
        raise CheckpointError(f"{path}: tensor {missing[0]} of the model is not in the file")
    logits = _check_logits(model, path, worst)
    if tokenizer is not None:
        _check_tokenizer(path, tokenizer)
    return {"worst_tensor": worst, "logits": logits}


_AT_A_TIME = 1 << 20  # weights


def _relative(found: Any, wanted: Any) -> float:
    """The difference as a share of what is wanted (root mean squares); some rows at a time, beside large tensors."""
    if tuple(found.shape) != tuple(wanted.shape):
        return math.inf
    found, wanted = found.reshape(-1), wanted.detach().reshape(-1)
    size = error = 0.0
    for begin in range(0, found.shape[0], _AT_A_TIME):
        ours = found[begin : begin + _AT_A_TIME].to(_core.float32)
        part = wanted[begin : begin + _AT_A_TIME].to(_core.float32)
        size += float((part * part).sum())
        error += float((ours - part).pow(2).sum())
    return math.sqrt(error / size) if size else (0.0 if error == 0 else math.inf)


def _check_logits(model: Any, path: str, worst: float) -> float:
    from ..models.auto import AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM

    vocab = model.config.vocab_size
    chosen = [(7 * i * i + 3 * i + 1) % vocab for i in range(12)]
    ids = _core.as_tensor([[i if i != model.config.pad_token_id else (i + 1) % vocab for i in chosen]])
    given, kind, field = {"input_ids": ids}, AutoModel, "last_hidden_state"
    if model.can_generate():
        kind, field = AutoModelForCausalLM, "logits"
        if model.config.is_encoder_decoder:
            given, kind = {**given, "decoder_input_ids": ids[:, :6]}, AutoModelForSeq2SeqLM

    def outputs(of: Any) -> Any:
        with _core.no_grad():
            return getattr(of(**given), field)

    written = kind.from_pretrained(path)
    found = outputs(written)
    was_training = model.training
    model.eval()
    error = _relative(found, outputs(model))
    model.train(was_training)
    if written.config.model_type == model.config.model_type:
        differs, most = _relative(found, outputs(kind.from_pretrained(path, config=model.config))), _ROUNDING
    else:  # a file of another family stands for the model: RoBERTa is BERT there
        differs, most = error, 0.1 + 10 * worst
    if not differs <= most:
        raise CheckpointError(
            f"{path}: what the file says of the model, other than its tensors, changes its outputs by {differs:.3f} of their "
            f"size, needed at most {most:.3f}"
        )
    return error


def _check_tokenizer(path: str, tokenizer: Any) -> None:
    from ..tokenization import AutoTokenizer

    ours = AutoTokenizer.from_pretrained(path)
    found, wanted = list(ours(_TEXT)["input_ids"]), list(tokenizer(_TEXT)["input_ids"])
    if found != wanted:
        at = next((i for i, (a, b) in enumerate(zip(found, wanted)) if a != b), min(len(found), len(wanted)))
        raise CheckpointError(
            f"{path}: the tokenizer in the file gives other ids from position {at} on: {found[at : at + 5]}, needed "
            f"{wanted[at : at + 5]}"
        )
