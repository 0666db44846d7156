"""`pipeline("text-generation")`: continues texts and answers in conversations."""

from __future__ import annotations

import enum
from typing import Any

from ..generation.configuration import GenerationConfig
from ..outputs import ModelOutput
from .base import Pipeline
from .chat import Chat, is_chat
from .pt_utils import _is_array


class ReturnType(enum.Enum):
    """What a result holds: token ids, the new text, or the prompt and the new text."""

    TENSORS = 0
    NEW_TEXT = 1
    FULL_TEXT = 2


class TextGenerationPipeline(Pipeline):
    """Continues texts with a causal language model.

    A string gives `[{"generated_text": str}]`, a chat `[{"generated_text": [messages...]}]` with the answer as last
    message; `num_return_sequences=n` gives n of these; a list gives a list of such lists, a generator or dataset a
    lazy iterator. Unless something says otherwise it samples up to 256 new tokens at temperature 0.7.

    >>> from eigenformers import pipeline
    >>> generator = pipeline("text-generation")  # doctest: +SKIP
    >>> generator("The capital of France is", max_new_tokens=8, do_sample=False)  # doctest: +SKIP
    [{'generated_text': 'The capital of France is Paris. ...'}]
    """

    _pipeline_calls_generate = True
    _pads_batches = True  # decoding reads all weights for every token: rows together are worth the padding
    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True
    _default_generation_config = GenerationConfig(max_new_tokens=256, do_sample=True, temperature=0.7)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.check_model_type(self.models_of("AutoModelForCausalLM"))
        if self.tokenizer is not None and self.tokenizer.padding_side == "right":
            self.tokenizer.padding_side = "left"  # the model continues what stands at the right end
        if "prefix" not in self._preprocess_params and self.prefix is not None:
            preprocess, forward, _ = self._sanitize_parameters(prefix=self.prefix, **self._forward_params)
            self._preprocess_params = {**self._preprocess_params, **preprocess}
            self._forward_params = {**self._forward_params, **forward}

    def _sanitize_parameters(  # type: ignore[override]
        self,
        return_full_text: bool | None = None,
        return_tensors: bool | None = None,
        return_text: bool | None = None,
        return_type: ReturnType | None = None,
        clean_up_tokenization_spaces: bool | None = None,
        prefix: str | None = None,
        handle_long_generation: str | None = None,
        stop_sequence: str | list[str] | None = None,
        truncation: bool | None = None,
        max_length: int | None = None,
        continue_final_message: bool | None = None,
        skip_special_tokens: bool | None = None,
        tokenizer_encode_kwargs: dict[str, Any] | None = None,
        tools: list | None = None,
        documents: list | None = None,
        **generate_kwargs: Any,
    ) -> tuple[dict, dict, dict]:
        preprocess: dict[str, Any] = {
            name: generate_kwargs.pop(name) for name in ("add_special_tokens", "padding") if name in generate_kwargs
        }
        if handle_long_generation not in (None, "hole"):
            raise ValueError(
                f"{handle_long_generation} is not a valid value for `handle_long_generation` parameter expected "
                "[None, 'hole']"
            )
        given = {
            "truncation": truncation,
            "max_length": max_length,
            "tools": tools,
            "documents": documents,
            "prefix": prefix,
            "handle_long_generation": handle_long_generation,
            "continue_final_message": continue_final_message,
            "tokenizer_encode_kwargs": tokenizer_encode_kwargs,
        }
        preprocess.update({name: value for name, value in given.items() if value is not None})
        if max_length is not None:
            generate_kwargs["max_length"] = max_length
        if prefix:
            special = preprocess.get("add_special_tokens", False)
            generate_kwargs["prefix_length"] = len(self.tokenizer(prefix, add_special_tokens=special)["input_ids"])
        preprocess.update(generate_kwargs)

        if stop_sequence is not None:
            generate_kwargs["stop_strings"] = [stop_sequence] if isinstance(stop_sequence, str) else stop_sequence
        if generate_kwargs.get("stop_strings") is not None or self._generate_kwargs.get("stop_strings") is not None:
            generate_kwargs.setdefault("tokenizer", self.tokenizer)

        postprocess: dict[str, Any] = {
            "tools": tools,
            "return_type": _return_type(return_full_text, return_tensors, return_text, return_type),
            "clean_up_tokenization_spaces": clean_up_tokenization_spaces,
            "continue_final_message": continue_final_message,
            "skip_special_tokens": skip_special_tokens,
        }
        return preprocess, generate_kwargs, {name: value for name, value in postprocess.items() if value is not None}

    def __call__(self, text_inputs: Any, **kwargs: Any) -> Any:
        """Continues each input.

        Args:
            text_inputs: a string, a chat (list of `{"role", "content"}`), a list of either, a generator, a dataset.
            return_full_text: with the prompt (default) or only what is new.
            return_tensors: `generated_token_ids` instead of text.
            prefix: put before every prompt, and not shown.
            handle_long_generation: "hole" drops the beginning of prompts that leave no room for the new tokens.
            stop_sequence: a string or strings that end generation.
            continue_final_message: go on with the last message instead of answering it; by default when it is the
                assistant's.
            tools, documents: passed to the chat template.
            tokenizer_encode_kwargs: passed to the tokenizer or the chat template.
            truncation, padding, max_length, add_special_tokens, skip_special_tokens, clean_up_tokenization_spaces:
                passed to the tokenizer.
            batch_size, num_workers: see `Pipeline`.
            generate_kwargs: everything else goes to `generate`, as `max_new_tokens`, `do_sample`, `streamer`.

        Returns:
            A list of dicts for one input; a list of these for a list.
        """
        return super().__call__(text_inputs, **kwargs)

    def preprocess(  # type: ignore[override]
        self,
        prompt_text: str | Chat,
        prefix: str = "",
        handle_long_generation: str | None = None,
        add_special_tokens: bool | None = None,
        truncation: bool | None = None,
        padding: Any = None,
        max_length: int | None = None,
        continue_final_message: bool | None = None,
        tokenizer_encode_kwargs: dict[str, Any] | None = None,
        tools: list | None = None,
        documents: list | None = None,
        **generate_kwargs: Any,
    ) -> Any:
        arguments = {
            "add_special_tokens": add_special_tokens,
            "truncation": truncation,
            "padding": padding,
            "max_length": max_length,
        }
        arguments = {name: value for name, value in arguments.items() if value is not None}
        arguments.update(tokenizer_encode_kwargs or {})
        if is_chat(prompt_text):  # an item of a dataset of conversations
            prompt_text = Chat(prompt_text)
        if isinstance(prompt_text, Chat):
            arguments.pop("add_special_tokens", None)  # the template writes them itself
            if continue_final_message is None:
                continue_final_message = prompt_text.messages[-1]["role"] == "assistant"
            inputs = self.tokenizer.apply_chat_template(
                prompt_text.messages,
                add_generation_prompt=not continue_final_message,
                continue_final_message=continue_final_message,
                return_dict=True,
                return_tensors="pt",
                tools=tools,
                documents=documents,
                **arguments,
            )
        elif isinstance(prompt_text, str):
            inputs = self.tokenizer(prefix + prompt_text, return_tensors="pt", **arguments)
        else:
            raise TypeError(
                f"text-generation: found a prompt of type {type(prompt_text).__name__}, needed a string or a chat "
                "(a list of dicts with 'role' and 'content')"
            )
        inputs["prompt_text"] = prompt_text
        if handle_long_generation == "hole":
            lengths = {} if max_length is None else {"max_length": max_length}
            self._cut_to_fit(inputs, {**generate_kwargs, **lengths})
        return inputs

    def _cut_to_fit(self, inputs: Any, generate_kwargs: dict[str, Any]) -> None:
        """Drops the first tokens of a prompt that would not leave room for the new ones."""
        length = inputs["input_ids"].shape[-1]
        params = self._get_set_generation_params(self._prepare_generate_kwargs(generate_kwargs))
        new_tokens = params.get("max_new_tokens")
        if new_tokens is None:
            new_tokens = params["max_length"] - length
            if new_tokens < 0:
                raise ValueError("We cannot infer how many new tokens are expected")
        room = self.tokenizer.model_max_length
        if length + new_tokens <= room:
            return
        if room - new_tokens <= 0:
            raise ValueError(
                "We cannot use `hole` to handle this generation the number of desired tokens exceeds the models max "
                "length"
            )
        for name in ("input_ids", "attention_mask"):
            if name in inputs:
                inputs[name] = inputs[name][:, -(room - new_tokens) :]

    def _forward(self, model_inputs: Any, **generate_kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        input_ids = model_inputs["input_ids"]
        attention_mask = model_inputs.get("attention_mask", None)
        inputs_in_batch = input_ids.shape[0]
        if input_ids.shape[1] == 0:  # an empty prompt: generation starts from the beginning-of-sequence token
            input_ids = attention_mask = None
            inputs_in_batch = 1
        prompt_text = model_inputs.pop("prompt_text")
        prefix_length = generate_kwargs.pop("prefix_length", 0)
        generate_kwargs = self._prepare_generate_kwargs(generate_kwargs)
        if prefix_length:  # lengths are meant without the prefix
            params = self._get_set_generation_params(generate_kwargs)
            for length, new_tokens in (("max_length", "max_new_tokens"), ("min_length", "min_new_tokens")):
                if length in params and new_tokens not in params:
                    generate_kwargs[length] = params[length] + prefix_length

        output = self.model.generate(input_ids=input_ids, attention_mask=attention_mask, **generate_kwargs)
        others = {}
        if isinstance(output, ModelOutput):
            others = {name: value for name, value in output.items() if name not in ("sequences", "past_key_values")}
            output = output.sequences
        rows = output.shape[0]

        def by_input(value: Any) -> Any:
            return value.reshape(inputs_in_batch, rows // inputs_in_batch, *value.shape[1:])

        results = {"generated_sequence": by_input(output), "input_ids": input_ids, "prompt_text": prompt_text}
        for name, value in others.items():
            if isinstance(value, tuple) and len(value) > 0 and _is_array(value[0]) and value[0].shape[0] == rows:
                value = _stack_steps(value)
            if _is_array(value) and value.shape[0] == rows:
                results[name] = by_input(value)
        return results

    def postprocess(  # type: ignore[override]
        self,
        model_outputs: dict[str, Any],
        return_type: ReturnType = ReturnType.FULL_TEXT,
        clean_up_tokenization_spaces: bool | None = None,
        continue_final_message: bool | None = None,
        skip_special_tokens: bool | None = None,
        tools: list | None = None,
    ) -> list[dict[str, Any]]:
        input_ids = model_outputs["input_ids"]
        prompt_length = 0 if input_ids is None else input_ids.shape[-1]
        main = ("generated_sequence", "input_ids", "prompt_text")
        others = {name: value[0].tolist() for name, value in model_outputs.items() if name not in main}
        # A response template reads its marks out of the text, so they have to be in it.
        parses = getattr(self.tokenizer, "response_template", None) is not None
        decode_arguments = {
            "skip_special_tokens": False if parses else True if skip_special_tokens is None else skip_special_tokens,
            "clean_up_tokenization_spaces": clean_up_tokenization_spaces,
        }

        records = []
        for i, sequence in enumerate(model_outputs["generated_sequence"][0].tolist()):
            if return_type is ReturnType.TENSORS:
                records.append({"generated_token_ids": sequence})
                continue
            text = self.tokenizer.decode(sequence[prompt_length:], **decode_arguments)
            if return_type is ReturnType.FULL_TEXT:
                prompt = model_outputs["prompt_text"]
                if isinstance(prompt, Chat):
                    text = self._with_answer(
                        prompt, text, continue_final_message, tools, sequence[:prompt_length], decode_arguments, parses
                    )
                else:
                    text = prompt + text
            records.append({"generated_text": text, **{name: values[i] for name, values in others.items()}})
        return records

    def _with_answer(
        self,
        chat: Chat,
        text: str,
        continue_final_message: bool | None,
        tools: list | None,
        prompt_ids: list[int],
        decode_arguments: dict[str, Any],
        parses: bool,
    ) -> list[dict[str, Any]]:
        """The conversation with the generated text at its end."""
        messages = list(chat.messages)
        last = messages[-1]
        if continue_final_message is None:
            continue_final_message = last["role"] == "assistant"
        if continue_final_message:
            return [*messages[:-1], {"role": last["role"], "content": last["content"] + text}]
        if parses:
            prompt = self.tokenizer.decode(prompt_ids, **decode_arguments)
            return [*messages, self.tokenizer.parse_response(text, prefix=prompt, tools=tools)]
        return [*messages, {"role": "assistant", "content": text}]


def _return_type(
    full_text: bool | None, tensors: bool | None, text: bool | None, return_type: ReturnType | None
) -> ReturnType | None:
    if return_type is not None:
        return return_type
    if full_text is not None:
        if text is not None:
            raise ValueError("`return_text` is mutually exclusive with `return_full_text`")
        if tensors is not None:
            raise ValueError("`return_full_text` is mutually exclusive with `return_tensors`")
        return ReturnType.FULL_TEXT if full_text else ReturnType.NEW_TEXT
    if tensors is not None:
        if text is not None:
            raise ValueError("`return_text` is mutually exclusive with `return_tensors`")
        return ReturnType.TENSORS
    return None


def _stack_steps(steps: tuple) -> Any:
    """A tuple of [rows, ...], one a step → [rows, steps, ...]."""
    import numpy as np

    from ..generation.arrays import as_array, like

    return like(np.stack([as_array(step) for step in steps], axis=1), steps[0])
