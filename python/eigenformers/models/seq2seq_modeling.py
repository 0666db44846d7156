"""The forward passes that all encoder-decoders share; a family's modeling.py names its classes."""

from __future__ import annotations

import copy
import functools
from typing import Any

from .. import _core
from ..generation.mixin import GenerationMixin
from ..outputs import (
    BaseModelOutput,
    BaseModelOutputWithPastAndCrossAttentions,
    CausalLMOutputWithCrossAttentions,
    Seq2SeqLMOutput,
    Seq2SeqModelOutput,
    Seq2SeqQuestionAnsweringModelOutput,
    Seq2SeqSequenceClassifierOutput,
    TokenClassifierOutput,
)
from .native import NativeModel, native


class Seq2SeqPreTrainedModel(NativeModel):
    """Base of the encoder-decoder families: weights, no head. A family sets the class of its two stacks."""

    supports_gradient_checkpointing = True
    encoder_class: Any = None
    decoder_class: Any = None
    _input_embeddings_path = "shared"

    def _build(self, *args: Any) -> None:
        super()._build(*args)
        for name, stack in (("encoder", self.encoder_class), ("decoder", self.decoder_class)):
            if stack is not None and hasattr(self, name) and self._head not in ("encoder", "decoder", "decoder_model"):
                setattr(self, name, stack(self.config, _head=name))  # the stack as a model with a forward in Python

    def get_encoder(self) -> Any:
        """The first of the two stacks."""
        base = self.base_model
        return base.encoder if base is self else base.get_encoder()

    def get_decoder(self) -> Any:
        """The second of the two stacks."""
        base = self.base_model
        return base.decoder if base is self else base.get_decoder()

    def set_input_embeddings(self, value: Any) -> None:
        """Replace the embeddings, in both stacks too."""
        base = self.base_model
        if base is not self:
            base.set_input_embeddings(value)
            return
        for owner, name in ((self, "shared"), (self, "embed_tokens"), (getattr(self, "encoder", None), "embed_tokens"),
                            (getattr(self, "decoder", None), "embed_tokens")):  # fmt: skip
            if owner is not None and hasattr(owner, name):
                setattr(owner, name, value)

    def resize_token_embeddings(self, *args: Any, **kwargs: Any) -> Any:
        """As in all models; the bias of the logits follows, with zeros for what is new."""
        table = super().resize_token_embeddings(*args, **kwargs)
        bias = getattr(self, "final_logits_bias", None)
        if bias is not None and bias.shape[-1] != table.num_embeddings:
            wider = _core.zeros((1, table.num_embeddings))
            kept = min(bias.shape[-1], table.num_embeddings)
            wider[:, :kept] = bias[:, :kept]
            self._resize_buffer("final_logits_bias", wider)
        return table

    def _shift_right(self, labels: Any) -> Any:
        """What the decoder reads in order to predict `labels`: these moved by one, behind the start token."""
        start, pad = self.config.decoder_start_token_id, self.config.pad_token_id
        if start is None:
            raise ValueError("self.model.config.decoder_start_token_id has to be defined.")
        if pad is None:
            raise ValueError("self.model.config.pad_token_id has to be defined.")
        labels = _core.as_tensor(labels)
        first = _core.full((labels.shape[0], 1), start, dtype=_core.int64)
        shifted = _core.cat([first, labels[:, :-1].long()], 1)
        return _core.where(shifted == -100, _core.full((1,), pad, dtype=_core.int64), shifted)

    def prepare_decoder_input_ids_from_labels(self, labels: Any) -> Any:
        """`labels` (int64 `[batch, length]`, -100 for what does not count) as the decoder's input."""
        return self._shift_right(labels)

    def _call_forward(self, kwargs: dict) -> Any:
        if self._head not in ("encoder", "decoder", "decoder_model", "causal_lm") and "encoder_hidden_states" in kwargs:
            kwargs["encoder_outputs"] = (kwargs.pop("encoder_hidden_states"),)
        return super()._call_forward(kwargs)

    def _run(self, output_class: Any, arguments: dict[str, Any], names: dict[str, str] | None = None) -> Any:
        if "encoder_outputs" in arguments:
            encoded = arguments.pop("encoder_outputs")
            if encoded is not None:
                if not hasattr(encoded, "last_hidden_state"):
                    encoded = BaseModelOutput(*encoded)
                arguments["encoder_hidden_states"] = _core.as_tensor(encoded.last_hidden_state)
                arguments["_encoded"] = encoded
        past = arguments.get("past_key_values")
        if past is not None and not isinstance(past, _core.Cache):
            arguments["past_key_values"] = _core.EncoderDecoderCache.from_legacy_cache(past)
        return super()._run(output_class, arguments, names)

    def _with_decoder_inputs(self, source: Any, arguments: dict[str, Any]) -> dict[str, Any]:
        """`arguments` with `source` moved by one as the decoder's input, where it has none of its own."""
        if arguments["decoder_input_ids"] is None and arguments["decoder_inputs_embeds"] is None and source is not None:
            arguments["decoder_input_ids"] = self._shift_right(source)
        return arguments


class Seq2SeqEncoder(Seq2SeqPreTrainedModel):
    """The encoder: token ids to hidden states."""

    _head = "encoder"
    _input_embeddings_path = "embed_tokens"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        inputs_embeds: Any = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the encoder's layers.

        Args:
            input_ids: int64 `[batch, source]`; or `inputs_embeds`: float `[batch, source, d_model]`.
            attention_mask: `[batch, source]`, 1 where to look; or a 4-D mask, boolean or added to the scores.

        Returns:
            BaseModelOutput: `last_hidden_state` float32 `[batch, source, d_model]`, `hidden_states`, `attentions`.
        """
        return self._run(BaseModelOutput, locals())


class Seq2SeqDecoder(Seq2SeqPreTrainedModel):
    """The decoder: token ids and an encoder's states to hidden states."""

    _head = "decoder"
    _input_embeddings_path = "embed_tokens"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        encoder_hidden_states: Any = None,
        encoder_attention_mask: Any = None,
        past_key_values: Any = None,
        inputs_embeds: Any = None,
        position_ids: Any = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the decoder's layers.

        Args:
            input_ids: int64 `[batch, length]`; or `inputs_embeds`: float `[batch, length, d_model]`.
            attention_mask: `[batch, past + length]`, 1 where to look.
            encoder_hidden_states: float `[batch, source, d_model]`; `encoder_attention_mask`: `[batch, source]`.
            past_key_values: an EncoderDecoderCache, extended in place.

        Returns:
            BaseModelOutputWithPastAndCrossAttentions: `last_hidden_state` float32 `[batch, length, d_model]`,
            `past_key_values`, `hidden_states`, `attentions`, `cross_attentions`.
        """
        return self._run(BaseModelOutputWithPastAndCrossAttentions, locals())


class Seq2SeqModel(Seq2SeqPreTrainedModel):
    """Token ids to the decoder's hidden states."""

    _shifts_inputs = False  # True: without decoder_input_ids, the decoder reads input_ids moved by one

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        decoder_input_ids: Any = None,
        decoder_attention_mask: Any = None,
        encoder_outputs: Any = None,
        past_key_values: Any = None,
        inputs_embeds: Any = None,
        decoder_inputs_embeds: Any = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run both stacks.

        Args:
            input_ids: int64 `[batch, source]` for the encoder; or `inputs_embeds`: float `[batch, source, d_model]`.
            attention_mask: `[batch, source]`, 1 where to look.
            decoder_input_ids: int64 `[batch, length]`; or `decoder_inputs_embeds`.
            decoder_attention_mask: `[batch, past + length]`.
            encoder_outputs: what the encoder returned before, instead of running it.
            past_key_values: an EncoderDecoderCache, extended in place.

        Returns:
            Seq2SeqModelOutput: `last_hidden_state` float32 `[batch, length, d_model]`, `past_key_values`, the states
            and attentions of decoder and encoder where asked for, `encoder_last_hidden_state`.

        Raises:
            ShapeError, IndexError: inputs of another shape, ids outside the vocabulary, more tokens than positions.
        """
        arguments = locals()
        if self._shifts_inputs:
            if decoder_input_ids is None and decoder_inputs_embeds is None and input_ids is None:
                raise ValueError(
                    "If no `decoder_input_ids` or `decoder_inputs_embeds` are passed, `input_ids` cannot be `None`. "
                    "Please pass either `input_ids` or `decoder_input_ids` or `decoder_inputs_embeds`."
                )
            arguments = self._with_decoder_inputs(input_ids, arguments)
        return self._run(Seq2SeqModelOutput, arguments)


class Seq2SeqForConditionalGeneration(Seq2SeqPreTrainedModel, GenerationMixin):
    """Token ids to logits of the decoder's next tokens."""

    _head = "seq2seq_lm"
    _labels_end_cache = True

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        decoder_input_ids: Any = None,
        decoder_attention_mask: Any = None,
        encoder_outputs: Any = None,
        past_key_values: Any = None,
        inputs_embeds: Any = None,
        decoder_inputs_embeds: Any = None,
        labels: Any = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        num_items_in_batch: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Run both stacks and the head; arguments as in the base model, and:

        Args:
            labels: int64 `[batch, length]`, -100 for what does not count; without decoder inputs, the decoder reads
                them moved by one.
            num_items_in_batch: divisor of the summed loss, instead of the number of labels here.

        Returns:
            Seq2SeqLMOutput: `loss` (with labels), `logits` float32 `[batch, length, vocab_size]`, `past_key_values`,
            the states and attentions of decoder and encoder where asked for, `encoder_last_hidden_state`.
        """
        arguments = locals()
        if labels is not None and self._labels_end_cache:
            arguments["use_cache"] = False
        source = labels
        if source is None and self.base_model_class is not None and self.base_model_class._shifts_inputs:
            source = input_ids
        return self._run(Seq2SeqLMOutput, self._with_decoder_inputs(source, arguments))


class Seq2SeqForSequenceClassification(Seq2SeqPreTrainedModel):
    """A head on the decoder's state at the last end-of-sequence token."""

    _head = "sequence_classification"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        decoder_input_ids: Any = None,
        decoder_attention_mask: Any = None,
        encoder_outputs: Any = None,
        inputs_embeds: Any = None,
        decoder_inputs_embeds: Any = None,
        labels: Any = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run both stacks and the head; arguments as in the base model, and:

        Args:
            labels: `[batch]` int64 classes, or float values or labels as `config.problem_type` says.

        Returns:
            Seq2SeqSequenceClassifierOutput: `loss` (with labels), `logits` float32 `[batch, num_labels]`,
            `past_key_values`, the states and attentions of both stacks, `encoder_last_hidden_state`.

        Raises:
            ValueError: texts without an end-of-sequence token, or with different numbers of them.
            NotImplementedError: `inputs_embeds` without `input_ids`.
        """
        arguments = locals()
        if input_ids is None and inputs_embeds is not None:
            raise NotImplementedError(
                f"Passing input embeddings is currently not supported for {self.__class__.__name__}"
            )
        if labels is not None:
            arguments["use_cache"] = False
        return self._run(Seq2SeqSequenceClassifierOutput, self._with_decoder_inputs(input_ids, arguments))


class Seq2SeqForQuestionAnswering(Seq2SeqPreTrainedModel):
    """Two scores for every token: that an answer begins there, that it ends there."""

    _head = "question_answering"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        decoder_input_ids: Any = None,
        decoder_attention_mask: Any = None,
        encoder_outputs: Any = None,
        start_positions: Any = None,
        end_positions: Any = None,
        inputs_embeds: Any = None,
        decoder_inputs_embeds: Any = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run both stacks and the head; arguments as in the base model, and int64 `[batch]` positions of the answer.

        Returns:
            Seq2SeqQuestionAnsweringModelOutput: `loss` (with positions), `start_logits` and `end_logits` float32
            `[batch, length]`, `past_key_values`, the states and attentions of both stacks,
            `encoder_last_hidden_state`.
        """
        arguments = locals()
        if start_positions is not None and end_positions is not None:
            arguments["use_cache"] = False
        return self._run(Seq2SeqQuestionAnsweringModelOutput, self._with_decoder_inputs(input_ids, arguments))


class Seq2SeqEncoderModel(Seq2SeqPreTrainedModel):
    """The encoder alone, with its embeddings beside it."""

    _head = "encoder_model"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        inputs_embeds: Any = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the encoder's layers; arguments and result are the encoder's.

        Returns:
            BaseModelOutput: `last_hidden_state` float32 `[batch, source, d_model]`, `hidden_states`, `attentions`.
        """
        return self._run(BaseModelOutput, locals())


class Seq2SeqForTokenClassification(Seq2SeqPreTrainedModel):
    """A linear head on every state of the encoder."""

    _head = "token_classification"

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        inputs_embeds: Any = None,
        labels: Any = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the encoder and the head; arguments as in the encoder, and `labels` int64 `[batch, source]`.

        Returns:
            TokenClassifierOutput: `loss` (with labels), `logits` float32 `[batch, source, num_labels]`,
            `hidden_states`, `attentions`.
        """
        return self._run(TokenClassifierOutput, locals())


class Seq2SeqDecoderWrapper(Seq2SeqPreTrainedModel):
    """A module deeper in the names: the decoder of a decoder-only model. A family sets `base_model_class`."""

    _head = "decoder_model"

    @native
    @functools.wraps(Seq2SeqDecoder.forward)  # whose arguments these are
    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.decoder(*args, **kwargs)


class Seq2SeqForCausalLM(Seq2SeqPreTrainedModel, GenerationMixin):
    """The decoder alone as a language model, with or without an encoder's states to look at."""

    _head = "causal_lm"
    _input_embeddings_path = "model.decoder.embed_tokens"
    _tied_weights_keys = {"lm_head.weight": "model.decoder.embed_tokens.weight"}

    def __init__(self, config: Any, **unknown: Any):
        config = copy.deepcopy(config)
        config.is_decoder, config.is_encoder_decoder = True, False
        super().__init__(config, **unknown)

    @property
    def base_model(self) -> Any:
        """The wrapper around the decoder."""
        return self.model

    def get_input_embeddings(self) -> Any:
        """The decoder's embeddings."""
        return self.model.decoder.embed_tokens

    def set_input_embeddings(self, value: Any) -> None:
        """Replace the decoder's embeddings."""
        self.model.decoder.embed_tokens = value

    def get_decoder(self) -> Any:
        """The decoder itself."""
        return self.model.decoder

    @native
    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        encoder_hidden_states: Any = None,
        encoder_attention_mask: Any = None,
        past_key_values: Any = None,
        inputs_embeds: Any = None,
        labels: Any = None,
        use_cache: bool | None = None,
        logits_to_keep: Any = 0,
        position_ids: Any = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        num_items_in_batch: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Run the decoder and the head; arguments as in the decoder, and:

        Args:
            labels: int64 `[batch, length]`, each compared with the logits at its own position; -100 is left out.
            logits_to_keep: the last n positions (0: all), or an int64 tensor of positions.

        Returns:
            CausalLMOutputWithCrossAttentions: `loss` (with labels), `logits` float32 `[batch, length, vocab_size]`,
            `past_key_values`, `hidden_states`, `attentions`, `cross_attentions`.
        """
        return self._run(CausalLMOutputWithCrossAttentions, locals())
