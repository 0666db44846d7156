"""Assisted decoding: a small model guesses the next tokens, the large one checks them all with one pass."""

from __future__ import annotations

import copy
from typing import Any

from .. import _core
from .._numpy import np
from ..cache_utils import recurrent_layers
from ..errors import UnsupportedError
from .arrays import as_array, softmax
from .encoder_decoder import encode

# An assistant stops at the first token that it is less sure of, as the real library's configuration says.
_COUNT, _THRESHOLD = 20, 0.4


def early_exit(model: Any, layers: Any) -> Any:
    """A model of the first `layers` layers of `model`, its norm and its head: the same objects, no memory of their own.

    Elhoushi et al., "LayerSkip: Enabling Early Exit Inference and Self-Speculative Decoding" (2024).

    Raises:
        ValueError: a number of layers that `model` cannot do without the others.
        UnsupportedError: `model` is an encoder-decoder, or has its layers elsewhere than `model.layers`.
    """
    from ..modeling import PreTrainedModel

    config = copy.deepcopy(model.config)
    if config.is_encoder_decoder:
        raise UnsupportedError("generate: `assistant_early_exit` is for decoders, not for encoder-decoders")
    count = config.get_text_config().num_hidden_layers
    if not isinstance(layers, int) or isinstance(layers, bool) or not 1 <= layers < count:
        raise ValueError(f"generate: found assistant_early_exit={layers!r}, needed a number of layers from 1 to {count - 1}")
    config.num_hidden_layers = layers
    for name, value in list(vars(config).items()):  # layer_types, no_rope_layers, attention_layers
        if "layer" in name and isinstance(value, list) and len(value) == count:
            setattr(config, name, value[:layers])
    with PreTrainedModel.loading():
        small = type(model)(config)
    try:
        _share(small, model, PreTrainedModel)
    except UnsupportedError as error:
        raise UnsupportedError(
            f"generate: `assistant_early_exit`: {type(model).__name__} has its layers elsewhere than in `model.layers` and "
            "cannot do with the first of them; use another model as `assistant_model`"
        ) from error
    small.generation_config = copy.deepcopy(model.generation_config)
    return small.train(model.training)


def _share(small: Any, model: Any, kind: type) -> None:
    """Puts the modules of `model` into `small`, of a list the first."""
    for name, child in list(small.named_children()):
        other = getattr(model, name)
        if isinstance(child, kind):
            _share(child, other, kind)
        elif len(list(child.children())) != len(list(other.children())):
            for at, _ in list(child.named_children()):
                setattr(child, at, getattr(other, at))
        else:
            setattr(small, name, other)


class DraftModel:
    """Guesses made by a smaller model with the same tokenizer.

    A guess is taken only where the large model chooses the same token, so it changes the speed and nothing else.
    Leviathan et al., "Fast Inference from Transformers via Speculative Decoding" (2023).

    Args:
        model: the assistant. Its generation_config gives `num_assistant_tokens`, `num_assistant_tokens_schedule`
            and `assistant_confidence_threshold`, unless `config` has other than the defaults.
        config: the GenerationConfig of the call.
        source: of encoder-decoders, what the large model's encoder read; the assistant reads it with its own, once.
    """

    def __init__(self, model: Any, config: Any, source: Any = None):
        own = model.generation_config

        def setting(name: str, default: Any) -> Any:
            values = getattr(config, name, None), getattr(own, name, None)  # the first is filled with defaults
            return next((value for value in values if value is not None and value != default), default)

        self.model = model
        self.count = float(setting("num_assistant_tokens", _COUNT))
        self.schedule = setting("num_assistant_tokens_schedule", "constant")
        self.threshold = float(setting("assistant_confidence_threshold", _THRESHOLD))
        self.eos = -1 if config.eos_token_id is None else config.eos_token_id  # not the assistant's own
        # States of recurrent layers can't be taken back: guesses are made on a copy of those behind the tokens so far.
        self.copies = bool(recurrent_layers(model.config))
        own_positions = _core.DynamicCache(config=model.config) if self.copies else _core.DynamicCache()
        own_positions.activate_past_recording()
        self.cache: Any = own_positions
        self.seen: list[int] = []  # the tokens that the cache holds
        self.inputs: dict[str, Any] = {}
        if source is not None:
            self.cache = _core.EncoderDecoderCache(own_positions, _core.DynamicCache())
            encoded = encode(model, source.ids, source.mask, None, None, self._settings(1))
            self.inputs = {"encoder_outputs": encoded.encoded, "attention_mask": source.mask}

    def guess(self, ids: list[int], most: int) -> list[int]:
        """At most `most` tokens that may follow `ids`; none: an ordinary step."""
        count = min(int(self.count), most)
        if count < 1:
            return []
        cache = self._before(ids)
        tokens = _core.tensor([ids])
        prompt = {"decoder_input_ids": tokens, "decoder_start_token_id": ids[0]} if self.inputs else {"inputs": tokens}
        output = self.model.generate(
            **prompt,
            **self.inputs,
            generation_config=self._settings(count),
            past_key_values=cache,
            stopping_criteria=[self._unsure] if self.threshold > 0 else None,
        )
        found = output.sequences[0].tolist()
        if not self.copies:
            self.seen = found[: cache.get_seq_length()]
        return found[len(ids) :]

    def _before(self, ids: list[int]) -> Any:
        """A cache of positions that `ids` begins with, at most all but the last."""
        same = _common(self.seen, ids[:-1])
        if not self.copies:
            if same < len(self.seen):
                self.cache.crop(same - len(self.seen))
            return self.cache
        if same < len(self.seen):  # another tokenizer cut the text elsewhere
            self.cache.reset()
            same = 0
        if same < len(ids) - 1:  # the token that comes of it has not been run
            settings = self._settings(1)
            self.model.generate(_core.tensor([ids[:-1]]), generation_config=settings, past_key_values=self.cache)
        self.seen = ids[:-1]
        return copy.copy(self.cache)

    def checked(self, right: int, count: int) -> None:
        """So many of the last guesses were right: more or fewer next time."""
        if self.schedule in ("heuristic", "heuristic_transient"):
            self.count = self.count + 2 if right == count else max(1.0, self.count - 1)

    def _settings(self, count: int) -> Any:
        from .configuration import GenerationConfig

        return GenerationConfig(
            max_new_tokens=count, do_sample=False, eos_token_id=self.eos, pad_token_id=0, output_scores=True,
            num_beams=1, return_dict_in_generate=True,
        )  # fmt: skip

    def _unsure(self, input_ids: Any, scores: Any, **kwargs: Any) -> bool:
        last = as_array(scores[-1])[0]
        return bool(softmax(last.astype(np.float32))[int(input_ids[0, -1])] < self.threshold)


class TranslatedDraft(DraftModel):
    """Guesses of a model with another tokenizer, carried over as text.

    Args:
        tokenizer, assistant_tokenizer: of the large model and of the assistant.
    """

    _LOOKBEHIND = 10  # tokens that are written and read again, since words may be cut at other places

    def __init__(self, model: Any, config: Any, tokenizer: Any, assistant_tokenizer: Any):
        super().__init__(model, config)
        self.tokenizer, self.assistant_tokenizer = tokenizer, assistant_tokenizer
        self.eos = -1 if assistant_tokenizer.eos_token_id is None else assistant_tokenizer.eos_token_id

    def guess(self, ids: list[int], most: int) -> list[int]:
        text = self._text(self.tokenizer, ids)
        theirs = self.assistant_tokenizer(text, add_special_tokens=False)["input_ids"]
        if not theirs:
            return []
        new = super().guess(theirs, max(most, 0))
        if new and new[-1] == self.eos:
            new = new[:-1]
        if not new:
            return []
        # What the assistant wrote, together with the last tokens, in the large model's own tokens.
        tail = ids[-self._LOOKBEHIND :]
        before = self._text(self.tokenizer, tail)
        context = self._text(self.assistant_tokenizer, theirs)
        added = self._text(self.assistant_tokenizer, [*theirs, *new])[len(context) :]
        again = self.tokenizer(before + added, add_special_tokens=False)["input_ids"]
        start = self.tokenizer(before, add_special_tokens=False)["input_ids"]
        same = _common(again, start)
        return again[len(tail) :] if again[: len(tail)] == tail else again[same:] if same == len(start) else []

    @staticmethod
    def _text(tokenizer: Any, ids: list[int]) -> str:
        return tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)


def _common(first: list[int], second: list[int]) -> int:
    count = 0
    for a, b in zip(first, second):
        if a != b:
            break
        count += 1
    return count


def check_assistant(model: Any, assistant: Any, config: Any) -> None:
    """ValueError for an assistant, or settings beside one, that cannot work."""
    if (config.num_return_sequences or 1) > 1:
        raise ValueError(
            f"num_return_sequences has to be 1 when doing assisted generate, but is {config.num_return_sequences}."
        )
    if (config.num_beams or 1) > 1:
        raise ValueError("assisted generate is only supported with Greedy Search and Sample; num_beams has to be 1")
    if config.use_cache is False:
        raise ValueError("assisted generate requires `use_cache=True`")
    if not hasattr(assistant, "generate"):
        raise TypeError(f"assistant_model: found a {type(assistant).__name__}, needed a model that can generate")
    if assistant.config.is_encoder_decoder != model.config.is_encoder_decoder:
        raise UnsupportedError(
            "generate: `assistant_model` has to be of the model's kind: an encoder-decoder beside an encoder-decoder, a "
            f"decoder beside a decoder; found a {type(assistant).__name__} beside a {type(model).__name__}"
        )


def candidates_of(
    assistant: Any, config: Any, tokenizer: Any, assistant_tokenizer: Any, source: Any = None
) -> DraftModel:
    """The assistant of a call of `generate`; `source`: what an encoder-decoder's encoder read.

    Raises:
        ValueError: two tokenizers are needed and one is missing; the encoder's output came without its ids.
        NotImplementedError: two tokenizers beside encoder-decoders.
    """
    if source is not None and source.ids is None:
        raise ValueError("generate: `assistant_model` reads the source itself: pass input_ids, not the encoder's output")
    if tokenizer is None and assistant_tokenizer is None:
        return DraftModel(assistant, config, source)
    if source is not None:
        raise UnsupportedError("generate: `assistant_tokenizer` with encoder-decoders is not part of this version")
    if tokenizer is None or assistant_tokenizer is None:
        raise ValueError(
            "`assistant_tokenizer` is not required when the main and assistant models use the same tokenizer; for "
            "different ones needed both `tokenizer` and `assistant_tokenizer`"
        )
    return TranslatedDraft(assistant, config, tokenizer, assistant_tokenizer)
