"""`generate`: from arguments to the C++ decode loop and back."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterable
from typing import Any, Callable

from .. import _core
from .._numpy import np
from ..cache_utils import QuantizedCache
from ..errors import UnsupportedError
from ..utils import logging
from .arrays import as_array, to_tensor
from .assisted import candidates_of, check_assistant, early_exit
from .callbacks import allowed_by, callables, criterion_of, processor_of
from .configuration import GenerationConfig, GenerationMode
from .continuous_batching.mixin import ContinuousMixin
from .encoder_decoder import decoder_prompt, encode
from .modes import check_stateless, contrastive_options, dola_layers
from .prefix_cache import PrefixCache
from .support import check_supported, ids_of
from .token_healing import heal, healed

logger = logging.get_logger(__name__)

# What the loop reads from a GenerationConfig, under the same names.
_LOOP_OPTIONS = (
    "max_length", "min_length", "min_new_tokens", "do_sample", "num_beams", "length_penalty",
    "temperature", "top_k", "top_p", "min_p", "top_h",
    "typical_p", "epsilon_cutoff", "eta_cutoff", "repetition_penalty", "encoder_repetition_penalty",
    "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "bad_words_ids", "suppress_tokens",
    "begin_suppress_tokens", "forced_bos_token_id", "remove_invalid_values", "renormalize_logits", "max_time",
    "use_cache", "prefill_chunk_size", "prompt_lookup_num_tokens", "output_scores", "output_logits",
    "output_hidden_states", "output_attentions",
)  # fmt: skip
_BEAM_MODES = (
    GenerationMode.BEAM_SEARCH, GenerationMode.BEAM_SAMPLE, GenerationMode.GROUP_BEAM_SEARCH,
    GenerationMode.CONSTRAINED_BEAM_SEARCH,
)  # fmt: skip
_MODES = (
    GenerationMode.GREEDY_SEARCH, GenerationMode.SAMPLE, GenerationMode.ASSISTED_GENERATION, *_BEAM_MODES,
    GenerationMode.CONTRASTIVE_SEARCH, GenerationMode.DOLA_GENERATION,
)  # fmt: skip
_SPECIAL_TOKENS = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id")
_STATISTICS = ("new_tokens", "guessed_tokens", "accepted_tokens", "prefill_seconds", "decode_seconds")
_MODEL_INPUTS = ("input_ids", "attention_mask", "position_ids", "inputs_embeds", "past_key_values", "token_type_ids",
                 "logits_to_keep", "return_dict", "cache_position")  # fmt: skip


def _tensor(value: Any) -> Any:
    return value if value is None or isinstance(value, _core.Tensor) else _core.as_tensor(value)


class GenerationMixin(ContinuousMixin):
    """Gives a model `generate`. The model's forward takes `input_ids`, `attention_mask`, `position_ids`,
    `past_key_values`, `use_cache` (those it names) and returns logits `[batch, length, vocab_size]`."""

    generation_config: Any

    def generate(
        self,
        inputs: Any = None,
        generation_config: GenerationConfig | None = None,
        logits_processor: Any = None,
        stopping_criteria: Any = None,
        prefix_allowed_tokens_fn: Callable[[int, Any], list[int]] | None = None,
        synced_gpus: bool | None = None,
        assistant_model: Any = None,
        streamer: Any = None,
        negative_prompt_ids: Any = None,
        negative_prompt_attention_mask: Any = None,
        custom_generate: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Continue token sequences.

        Args:
            inputs: int64 `[batch, length]` prompt ids (also as `input_ids=`), left-padded; without them, BOS.
            generation_config: parameters; those given as keyword arguments win.
            logits_processor, stopping_criteria: lists of your own, applied after the built-in ones.
            prefix_allowed_tokens_fn: `(batch_id, ids) -> allowed next ids`.
            streamer: gets the prompt, then each new token; one sequence only.
            assistant_model: a smaller model whose guesses this one checks; the text is the same, the speed is not. With
                another vocabulary it needs `tokenizer=` and `assistant_tokenizer=`.
            negative_prompt_ids, negative_prompt_attention_mask: what `guidance_scale` moves away from.
            **kwargs: any GenerationConfig parameter; `attention_mask`, `inputs_embeds`, `past_key_values`,
                `tokenizer` for `stop_strings`, `prefix_cache` (a PrefixCache) to share work with earlier calls, and
                `use_model_defaults=False` to take nothing but special tokens from the model's own configuration.

        Returns:
            int64 Tensor `[batch * num_return_sequences, length + new]`, or with `return_dict_in_generate` a
            GenerateDecoderOnlyOutput.

        Raises:
            ValueError: parameters that cannot work, arguments that the model does not use.
            NotImplementedError: a parameter that is not computed here, by name.
        """
        if custom_generate is not None:
            raise UnsupportedError("generate: `custom_generate` would run code of another repository; nothing does here")
        if synced_gpus:
            raise UnsupportedError("generate: `synced_gpus=True` needs several devices")
        tokenizer = kwargs.pop("tokenizer", None)
        assistant_tokenizer = kwargs.pop("assistant_tokenizer", None)
        prefix_cache = kwargs.pop("prefix_cache", None)
        if prefix_cache is not None and not isinstance(prefix_cache, PrefixCache):
            raise TypeError(f"generate: prefix_cache is a {type(prefix_cache).__name__}, needed a PrefixCache")
        has_max = kwargs.get("max_length") is not None or getattr(generation_config, "max_length", None) is not None
        if generation_config is None or kwargs.get("use_model_defaults") is not False:
            has_max = has_max or self.generation_config.max_length is not None
        config, model_kwargs = self._prepare_generation_config(generation_config, kwargs)
        config.validate()
        check_supported(config)
        if model_kwargs.get("past_key_values") is not None and config.cache_implementation not in (None, "hybrid"):
            raise ValueError(
                "Passing both `cache_implementation` (used to initialize certain caches) and `past_key_values` (a "
                "Cache object) is unsupported. Please use only one of the two."
            )
        if config.assistant_early_exit is not None and assistant_model is None:
            check_stateless(self, GenerationMode.ASSISTED_GENERATION)
            assistant_model = early_exit(self, config.assistant_early_exit)
        mode = config.get_generation_mode(assistant_model)
        positions = model_kwargs.pop("position_ids", None)
        if config.prompt_lookup_num_tokens is not None or assistant_model is not None:
            check_stateless(self, GenerationMode.ASSISTED_GENERATION)
        source, decoder_inputs = None, {}
        if self.config.is_encoder_decoder:
            names = ("encoder_outputs", "decoder_input_ids", "decoder_attention_mask", "decoder_inputs_embeds")
            decoder_inputs = {name: model_kwargs.pop(name, None) for name in names}
        input_ids, mask, embeds, past = self._prepare_inputs(
            inputs, config, model_kwargs, decoder_inputs.get("encoder_outputs")
        )
        if self.config.is_encoder_decoder:
            source = encode(self, input_ids, mask, embeds, decoder_inputs.pop("encoder_outputs"), config)
            input_ids, mask = decoder_prompt(config, source.batch, decoder_inputs)
            embeds = None
        if config.token_healing:
            input_ids, mask = healed(self, input_ids, mask, tokenizer)
        if config.cache_implementation == "quantized" and config.use_cache and past is None:
            past = QuantizedCache(**{"backend": "quanto", "config": self.config, **(config.cache_config or {})})
        if streamer is not None and not (hasattr(streamer, "put") and hasattr(streamer, "end")):
            raise TypeError(f"generate: streamer is a {type(streamer).__name__}, needed an object with put and end")
        if streamer is not None and (config.num_beams or 1) > 1:
            raise ValueError(
                "`streamer` cannot be used with beam search (yet!). Make sure that `num_beams` is set to 1."
            )
        position_ids = _tensor(positions)
        options = self._loop_options(config, input_ids, embeds, has_max, mode, assistant_model)
        input_ids, mask, embeds, position_ids = self._expand(config, input_ids, mask, embeds, position_ids, past)
        copies = 1 if (config.num_beams or 1) > 1 else config.num_return_sequences or 1
        encoder = {} if source is None else source.arguments(copies)

        processors = [processor_of(p) for p in callables("logits_processor", logits_processor)]
        criteria = [criterion_of(c, bool(config.output_scores)) for c in callables("stopping_criteria", stopping_criteria)]
        if config.stop_strings is not None:
            if tokenizer is None:
                raise ValueError(
                    "There are one or more stop strings, either in the arguments to `generate` or in the "
                    "model's generation config, but we could not locate a tokenizer. When generating with "
                    "stop strings, you must pass the model's tokenizer to the `tokenizer` argument of `generate`."
                )
            from .stopping_criteria import StopStringCriteria

            criteria.append(criterion_of(StopStringCriteria(tokenizer, config.stop_strings), False))
        if config.is_assistant and (config.assistant_confidence_threshold or 0) > 0:
            from .stopping_criteria import ConfidenceCriteria

            criteria.append(criterion_of(ConfidenceCriteria(config.assistant_confidence_threshold), True))
        candidates = None
        if assistant_model is not None:
            translates = tokenizer if assistant_tokenizer is not None else None
            candidates = candidates_of(assistant_model, config, translates, assistant_tokenizer, source)
        constraints = None
        if config.constraints is not None or config.force_words_ids is not None:
            from .beam_constraints import ConstrainedTexts, constraints_of

            constraints = ConstrainedTexts(constraints_of(config))
        layers = dola_layers(self, config) if mode == GenerationMode.DOLA_GENERATION else []
        shares = False
        if prefix_cache is not None:
            prefix_cache.reused = 0
            shares = position_ids is None and self._shares_prefix(config, input_ids, mask, embeds, past)
        if shares:
            past = prefix_cache.take(self, input_ids[0].tolist())
        put = None
        if streamer is not None:
            streamer.put(input_ids)
            put = lambda tokens: streamer.put(_core.tensor(tokens))  # noqa: E731
        try:
            result = _core.generate(
                self, input_ids, mask, position_ids, embeds, past, options, processors,
                self._guidance(config, negative_prompt_ids, negative_prompt_attention_mask),
                allowed_by(prefix_allowed_tokens_fn, (config.num_beams or 1) // (config.num_beam_groups or 1)), criteria, put,
                encoder, self._watermark(config), candidates, constraints,
                layers, self.get_output_embeddings() if layers else None,
            )  # fmt: skip
        finally:
            if streamer is not None:
                streamer.end()
        self._last_generation = {name: result[name] for name in _STATISTICS}
        if shares:  # what the user gets and may change is a copy
            kept = copy.copy(past) if config.return_dict_in_generate else past
            prefix_cache.keep(self, result["sequences"][0].tolist(), kept)
        if not config.return_dict_in_generate:
            return result["sequences"]
        from . import outputs

        common = {
            "sequences": result["sequences"],
            "scores": result["scores"] if config.output_scores else None,
            "logits": result["logits"] if config.output_logits else None,
            "past_key_values": result["past_key_values"],
        }
        beams = (config.num_beams or 1) > 1
        if beams:
            common["sequences_scores"] = result["sequences_scores"] if config.output_scores else None
            common["beam_indices"] = result["beam_indices"]
        if source is not None:
            kind = outputs.GenerateBeamEncoderDecoderOutput if beams else outputs.GenerateEncoderDecoderOutput
            return kind(**common, **source.outputs(result, config))
        return (outputs.GenerateBeamDecoderOnlyOutput if beams else outputs.GenerateDecoderOnlyOutput)(
            **common,
            attentions=result["attentions"] if config.output_attentions else None,
            hidden_states=result["hidden_states"] if config.output_hidden_states else None,
        )

    def _prepare_generation_config(self, given: Any, kwargs: dict[str, Any]) -> tuple[GenerationConfig, dict[str, Any]]:
        """Keyword arguments win over `given`, that over the model's own, that over the defaults. Beside a `given` one
        `use_model_defaults=False` leaves only the special tokens of the model's own."""
        if given is not None and not isinstance(given, GenerationConfig):
            raise TypeError(
                f"generate: generation_config is a {type(given).__name__}, needed a GenerationConfig; pass single "
                "parameters as keyword arguments, or GenerationConfig(**values)"
            )
        config = copy.deepcopy(given) if given is not None else GenerationConfig()
        own = self.generation_config
        if kwargs.pop("use_model_defaults", None) is False and given is not None:
            own = GenerationConfig(**{name: getattr(own, name) for name in _SPECIAL_TOKENS})
        config.update(**own.to_dict(), defaults_only=True, allow_custom_entries=True)
        config.update(**own._get_default_generation_params(), defaults_only=True)
        model_kwargs = config.update(**kwargs)
        if given is not None and (both := set(kwargs) - set(model_kwargs)):
            logger.warning_once(
                f"Passing `generation_config` together with generation-related arguments=({both}) is deprecated and "
                "will be removed in future versions. Please pass either a `generation_config` object OR all "
                "generation parameters explicitly, but not both."
            )
        return config, model_kwargs

    def _prepare_inputs(
        self, inputs: Any, config: GenerationConfig, kwargs: dict[str, Any], encoded: Any = None
    ) -> tuple[Any, Any, Any, Any]:
        named = kwargs.pop("input_ids", None)
        if inputs is not None and named is not None:
            raise ValueError(
                "`inputs`: passed together with `input_ids`, which is not allowed. Make sure to either pass one of them."
            )
        ids = _tensor(inputs if inputs is not None else named)
        mask = _tensor(kwargs.pop("attention_mask", None))
        embeds = _tensor(kwargs.pop("inputs_embeds", None))
        past = kwargs.pop("past_key_values", None)
        if past is not None and not isinstance(past, _core.Cache):
            if not isinstance(past, Iterable):
                raise TypeError(f"generate: past_key_values is a {type(past).__name__}, needed a Cache")
            kind = _core.EncoderDecoderCache if self.config.is_encoder_decoder else _core.DynamicCache
            past = kind.from_legacy_cache(past)
        self._check_unused(kwargs)
        if ids is None:
            if embeds is not None:
                ids = _core.zeros((embeds.shape[0], 0), dtype=_core.int64)
            elif encoded is not None:
                ids = _core.zeros((encoded[0].shape[0], 0), dtype=_core.int64)
            elif config.bos_token_id is not None:
                ids = _core.tensor([[int(config.bos_token_id)]])
            else:
                raise ValueError("`bos_token_id` has to be defined when no `input_ids` are provided.")
        if ids.dim() == 1:
            ids = ids.unsqueeze(0)
        if ids.is_floating_point():
            raise TypeError(f"generate: input_ids has dtype {ids.dtype}, needed integers")
        pad, eos = config.pad_token_id, ids_of("eos_token_id", config.eos_token_id)
        if mask is None and embeds is None and pad is not None and pad not in eos and bool((ids == pad).any()):
            mask = (ids != pad).long()
        if config.pad_token_id is None and eos:
            if mask is None:
                logger.warning_once(
                    "The attention mask and the pad token id were not set. As a consequence, you may observe "
                    "unexpected behavior. Please pass your input's `attention_mask` to obtain reliable results."
                )
            logger.warning_once(f"Setting `pad_token_id` to `eos_token_id`:{eos[0]} for open-end generation.")
            config.pad_token_id = eos[0]
        decoder_only = not self.config.is_encoder_decoder
        if decoder_only and pad is not None and ids.shape[0] > 1 and ids.shape[1] and bool((ids[:, -1] == pad).any()):
            logger.warning(
                "A decoder-only architecture is being used, but right-padding was detected! For correct generation "
                "results, please set `padding_side='left'` when initializing the tokenizer."
            )
        return ids, mask, embeds, past

    def _shares_prefix(self, config: GenerationConfig, ids: Any, mask: Any, embeds: Any, past: Any) -> bool:
        """Whether a PrefixCache can serve this call."""
        if self.config.is_encoder_decoder or (config.num_beams or 1) > 1:
            return False
        if past is not None or embeds is not None or self.training or ids.shape[0] != 1 or ids.shape[1] == 0:
            return False
        if mask is not None and not bool((mask != 0).all()):
            return False
        if any(module._has_hooks() for module in self.modules()):
            return False
        states = config.output_hidden_states or config.output_attentions  # of the whole prompt
        return bool(config.use_cache) and config.cache_implementation in (None, "dynamic") and not states

    def _check_unused(self, kwargs: dict[str, Any]) -> None:
        accepted = inspect.signature(self.forward).parameters
        keep = kwargs.pop("logits_to_keep", None)  # the loop reads the last position alone
        if keep is not None and (isinstance(keep, bool) or not hasattr(keep, "__index__") or keep < 0):
            raise UnsupportedError(f"generate: logits_to_keep={keep!r}: needed a number of last positions, 0 for all")
        types = kwargs.get("token_type_ids")
        if types is not None and "token_type_ids" in accepted and not bool((_core.as_tensor(types) != 0).any()):
            kwargs.pop("token_type_ids")  # the types that a model takes by itself
        for name in ("cache_position", "return_dict"):
            if kwargs.get(name, None) is None:
                kwargs.pop(name, None)
        unused = [name for name, value in kwargs.items() if value is not None and name not in accepted]
        if unused:
            raise ValueError(
                f"The following `model_kwargs` are not used by the model: {unused} (note: typos in the generate "
                "arguments will also show up in this list)"
            )
        rest = [name for name, value in kwargs.items() if value is not None]
        if rest:
            raise UnsupportedError(f"generate: passing {rest} on to the model is not supported yet")

    def _loop_options(
        self, config: GenerationConfig, ids: Any, embeds: Any, has_max: bool, mode: GenerationMode, assistant_model: Any
    ) -> dict[str, Any]:
        length = ids.shape[1]
        if config.max_new_tokens is not None:
            if has_max and config.max_length is not None:
                logger.warning(
                    f"Both `max_new_tokens` (={config.max_new_tokens}) and `max_length`(={config.max_length}) seem to "
                    "have been set. `max_new_tokens` will take precedence."
                )
            config.max_length = config.max_new_tokens + length
        elif embeds is not None and length != embeds.shape[1] and has_max:
            config.max_length -= embeds.shape[1]
        elif not has_max:
            config.max_length += length
            limit = getattr(self.config, "max_position_embeddings", None)
            if limit is not None:
                config.max_length = min(config.max_length, limit)
        if config.min_new_tokens is not None:
            config.min_length = config.min_new_tokens + length
        limit = getattr(self.config.get_text_config(), "max_position_embeddings", None)
        if limit is not None and length > limit:
            logger.warning_once(
                f"This is a friendly reminder - the prompt has {length} tokens and the model was made for at most "
                f"{limit}. Depending on the model, you may observe exceptions, performance degradation, or nothing at all."
            )
        options = {name: getattr(config, name, None) for name in _LOOP_OPTIONS}
        options["max_matching_ngram_size"] = config.max_matching_ngram_size or 2
        options["eos_token_id"] = ids_of("eos_token_id", config.eos_token_id)
        options["forced_eos_token_id"] = ids_of("forced_eos_token_id", config.forced_eos_token_id)
        options["pad_token_id"] = 0 if config.pad_token_id is None else int(config.pad_token_id)
        if config.exponential_decay_length_penalty is not None:
            options["exponential_decay_length_penalty"] = tuple(config.exponential_decay_length_penalty)
        if config.sequence_bias is not None:
            pairs = config.sequence_bias.items() if isinstance(config.sequence_bias, dict) else config.sequence_bias
            options["sequence_bias"] = [(list(sequence), float(bias)) for sequence, bias in pairs]
        if assistant_model is not None:
            check_assistant(self, assistant_model, config)
        if mode not in _MODES:
            raise UnsupportedError(f"generate: {mode.value} is not part of this version")
        if mode == GenerationMode.CONTRASTIVE_SEARCH:
            options.update(contrastive_options(self, config))
        if mode == GenerationMode.GROUP_BEAM_SEARCH:
            options["num_beam_groups"] = config.num_beam_groups
            options["diversity_penalty"] = config.diversity_penalty
        if mode in _BEAM_MODES:
            options["num_return_sequences"] = config.num_return_sequences or 1
            options["early_stopping"] = config.early_stopping is True
            options["early_stopping_never"] = config.early_stopping == "never"
        return options

    @staticmethod
    def _expand(config: GenerationConfig, ids: Any, mask: Any, embeds: Any, positions: Any, past: Any) -> list[Any]:
        """The inputs with each row as often as it is continued; beam search does so itself, behind the prompt."""
        count = config.num_return_sequences or 1
        inputs = [ids, mask, embeds, positions]
        if count == 1 or (config.num_beams or 1) > 1:
            return inputs
        if past is not None and past.get_seq_length():
            past.batch_repeat_interleave(count)
        rows = ids.shape[0]  # one row of positions serves all
        return [t if t is None or t.shape[0] < rows else t.repeat_interleave(count, dim=0) for t in inputs]

    def _watermark(self, config: GenerationConfig) -> Any:
        if config.watermarking_config is None:
            return None
        size = self.config.get_text_config().vocab_size
        return processor_of(config.watermarking_config.construct_processor(size, "cpu"))

    def _guidance(self, config: GenerationConfig, ids: Any, mask: Any) -> Any:
        if config.guidance_scale in (None, 1, 1.0):
            return None
        from .logits_process import UnbatchedClassifierFreeGuidanceLogitsProcessor

        return processor_of(
            UnbatchedClassifierFreeGuidanceLogitsProcessor(
                config.guidance_scale, self, unconditional_ids=_tensor(ids), unconditional_attention_mask=_tensor(mask),
                use_cache=bool(config.use_cache),
            )  # fmt: skip
        )

    def heal_tokens(self, input_ids: Any, tokenizer: Any = None) -> Any:
        """`input_ids` int64 `[batch, length]` with the last token of each row exchanged for the one, of those that begin
        with it, that the model finds likeliest. See `generate(token_healing=True)`."""
        return heal(self, _tensor(input_ids), tokenizer)

    def compute_transition_scores(
        self, sequences: Any, scores: Any, beam_indices: Any = None, normalize_logits: bool = False
    ) -> Any:
        """The score of each generated token: float `[batch, new]`.

        Args:
            sequences: int64 `[batch, length]`, as returned by `generate`.
            scores: one `[batch, vocab_size]` tensor a generated token.
            beam_indices: of beam search: int32 `[batch, new]`, the row of `scores` that each token came from.
            normalize_logits: log-softmax the scores first.
        """
        stacked = _core.stack([_tensor(step) for step in scores], 1)
        if normalize_logits:
            stacked = stacked.log_softmax(-1)
        if beam_indices is None:
            new = sequences[:, -stacked.shape[1] :]
            return stacked.gather(2, new.unsqueeze(-1)).squeeze(-1)
        values, beams, ids = (as_array(value) for value in (stacked, beam_indices, sequences))
        beams = beams[:, : (beams >= 0).sum(-1).max()]
        steps = beams.shape[1]
        chosen = values[np.where(beams < 0, 0, beams), np.arange(steps), ids[:, ids.shape[1] - steps :]]
        return to_tensor(np.where(beams < 0, 0, chosen))
