"""`apply_chat_template` of the tokenizers."""

from __future__ import annotations

from typing import Any

from .batch_encoding import BatchEncoding


class ChatMixin:
    """Chat templates, over a tokenizer's `__call__`, `special_tokens_map` and `chat_template`."""

    def _init_chat(self, kwargs: dict[str, Any]) -> None:
        template = kwargs.pop("chat_template", None)
        if isinstance(template, (list, tuple)):
            try:
                template = {entry["name"]: entry["template"] for entry in template}
            except (TypeError, KeyError):
                raise ValueError('chat_template: found a list, needed one of {"name": ..., "template": ...}') from None
        if template is not None and not isinstance(template, (str, dict)):
            raise TypeError(f"chat_template: found {type(template)}, needed a string, or a dictionary of strings")
        self.chat_template: str | dict[str, str] | None = template
        self.response_template = kwargs.pop("response_template", None)
        kwargs.pop("response_schema", None)  # an older form of response_template that nothing reads any more
        self.chat_control_tokens = kwargs.pop("chat_control_tokens", None)
        if self.chat_control_tokens is not None and not isinstance(self.chat_control_tokens, (list, tuple)):
            raise TypeError(f"`chat_control_tokens` should be a list of strings, got {self.chat_control_tokens!r}")

    def get_chat_template(self, chat_template: str | None = None, tools: list | None = None) -> str:
        """Jinja source that `apply_chat_template` would use.

        Args:
            chat_template: Jinja source, or the name of one of the tokenizer's templates; its default when None.
            tools: with tools, a template named "tool_use" is preferred.
        """
        if isinstance(self.chat_template, dict):
            templates = self.chat_template
            if chat_template is not None:
                return templates.get(chat_template, chat_template)
            if tools is not None and "tool_use" in templates:
                return templates["tool_use"]
            if "default" in templates:
                return templates["default"]
            raise ValueError(
                "This model has multiple chat templates with no default specified! Please either pass a chat "
                "template or the name of the template you wish to use to the `chat_template` argument. Available "
                f"template names are {sorted(templates)}."
            )
        chat_template = self.chat_template if chat_template is None else chat_template
        if chat_template is None:
            raise ValueError(
                "Cannot use chat template functions because tokenizer.chat_template is not set and no template "
                "argument was passed! For information about writing templates and setting the "
                "tokenizer.chat_template attribute, please see the documentation at "
                "https://huggingface.co/docs/transformers/main/en/chat_templating"
            )
        return chat_template

    def apply_chat_template(
        self,
        conversation,
        tools: list | None = None,
        documents: list[dict[str, str]] | None = None,
        chat_template: str | None = None,
        add_generation_prompt: bool = False,
        continue_final_message: bool | str = False,
        tokenize: bool = True,
        sanitize_control_tokens: bool = False,
        padding: bool | str = False,
        truncation: bool | str = False,
        max_length: int | None = None,
        return_tensors: str | None = None,
        return_dict: bool = True,
        return_assistant_tokens_mask: bool = False,
        tokenizer_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> str | list[int] | list[str] | list[list[int]] | BatchEncoding:
        """Turn a conversation, or a list of them, into the model's prompt.

        Args:
            conversation: messages with "role" and "content", or a list of such lists.
            tools: functions (type hints, Google docstring) or JSON schemas that the model may call.
            documents: dictionaries with "title" and "text" for models that read them.
            chat_template: Jinja source or name of a template; the tokenizer's own when None.
            add_generation_prompt: end with the header of an assistant message.
            continue_final_message: leave the last message open for the model to continue; a string names the field.
            tokenize: False gives the text.
            sanitize_control_tokens: encode control tokens inside the messages, tools, documents and `**kwargs` as
                plain text.
            padding, truncation, max_length, return_tensors: as in a call.
            return_dict: False gives only the ids.
            return_assistant_tokens_mask: adds "assistant_masks", 1 for what stands in `{% generation %}` blocks.
            tokenizer_kwargs: further arguments of the call that tokenizes.
            **kwargs: variables of the template, such as `enable_thinking`.

        >>> tokenizer.apply_chat_template(  # doctest: +SKIP
        ...     [{"role": "user", "content": "Hi"}], add_generation_prompt=True, tokenize=False
        ... )
        '<|im_start|>user\\nHi<|im_end|>\\n<|im_start|>assistant\\n'
        """
        return_dict = return_dict and tokenize
        if return_assistant_tokens_mask and not return_dict:
            raise ValueError("`return_assistant_tokens_mask=True` requires `return_dict=True` and `tokenize=True`")
        template = self.get_chat_template(chat_template, tools)
        conversations, is_batched = _as_conversations(conversation)
        if continue_final_message and add_generation_prompt:
            raise ValueError(
                "continue_final_message and add_generation_prompt are not compatible. Use continue_final_message when "
                "you want the model to continue the final message, and add_generation_prompt when you want to add a "
                "header that will prompt it to start a new assistant message instead."
            )
        if continue_final_message and return_assistant_tokens_mask:
            raise ValueError("continue_final_message is not compatible with return_assistant_tokens_mask.")
        control = None
        if sanitize_control_tokens:
            from .control_tokens import ControlTokens

            if not tokenize or return_assistant_tokens_mask:
                raise ValueError(
                    "`sanitize_control_tokens=True` requires `tokenize=True` and is not compatible with "
                    "`return_assistant_tokens_mask=True`."
                )
            control = ControlTokens(self, template)
            conversations, tools, documents, kwargs = control.mark((conversations, tools, documents, kwargs))
        from .chat_template import render_jinja_template

        texts, spans = render_jinja_template(
            conversations=conversations,
            tools=tools,
            documents=documents,
            chat_template=template,
            return_assistant_tokens_mask=return_assistant_tokens_mask,
            continue_final_message=continue_final_message,
            add_generation_prompt=add_generation_prompt,
            **{**self.special_tokens_map, **kwargs},
        )
        rendered = texts if is_batched else texts[0]
        if not tokenize:
            return rendered
        options = {
            "padding": padding,
            "truncation": truncation,
            "max_length": max_length,
            "return_tensors": return_tensors,
            **(tokenizer_kwargs or {}),
        }
        if control is not None:
            encoded = control.encode(rendered, **options)
        else:
            encoded = self(rendered, add_special_tokens=options.pop("add_special_tokens", False), **options)
        if return_assistant_tokens_mask:
            _add_assistant_masks(encoded, spans, is_batched or bool(return_tensors), return_tensors)
        return encoded if return_dict else encoded["input_ids"]

    def encode_message_with_chat_template(
        self, message: dict[str, str], conversation_history: list[dict[str, str]] | None = None, **kwargs: Any
    ) -> list[int]:
        """Ids that one message adds to a conversation: what the template gives with it and not without it.

        Exact as long as the template writes each message after the ones before it without changing those.
        """
        if "add_generation_prompt" in kwargs:
            raise ValueError(
                "`encode_message_with_chat_template` does not support `add_generation_prompt`. Please add the "
                "generation prompt separately."
            )
        fixed = {"add_generation_prompt": False, "tokenize": True, "return_dict": False}
        history = list(conversation_history or [])
        ids = self.apply_chat_template([*history, message], **fixed, **kwargs)
        if not history:
            return ids
        before = self.apply_chat_template(history, **fixed, **kwargs)
        same = 0
        while same < min(len(ids), len(before)) and ids[same] == before[same]:
            same += 1
        return ids[same:]

    def parse_response(self, response, schema: dict | None = None, *, prefix=None, tools: list | None = None):
        """A generated text as the message that it is: what a model thought, said and called, in fields of their own.

        Args:
            response: text or ids that the model generated, without the prompt; a list, array or tensor of rows is a
                batch and gives a list of messages.
            schema: the response template; the tokenizer's `response_template` by default.
            prefix: the prompt, since templates write the begin of a message themselves; one for all or one a row. ""
                or [] for none.
            tools: functions or schemas as `apply_chat_template` takes them: arguments of calls get their types.

        Raises:
            AttributeError: there is no template.
            ValueError: no prefix, or a text that the template cannot read.
        """
        schema = getattr(self, "response_template", None) if schema is None else schema
        if schema is None:
            raise AttributeError("This tokenizer does not have a `response_template` for parsing chat responses!")
        if prefix is None:
            raise ValueError(
                "`parse_response` requires `prefix=` (the prompt that came before generation), because chat templates "
                "often pre-write part of the assistant message (e.g. an opening `<think>` tag) that the parser must see "
                "to parse correctly. If you're sure you don't need the prefix, you can pass an empty string or list."
            )
        texts = self._texts_of(response)
        rows = [texts] if isinstance(texts, str) else texts
        prefixes = "" if isinstance(prefix, (list, tuple)) and not prefix else self._texts_of(prefix)
        if isinstance(prefixes, str):
            prefixes = [prefixes] * len(rows)
        if len(prefixes) != len(rows):
            raise ValueError(
                f"Got {len(rows)} response(s) but {len(prefixes)} prefix(es); `prefix` must be a single sequence "
                "(broadcast to every response), or one prefix per response."
            )
        from .response import parse_response

        messages = [parse_response(text, schema, prefix=before, tools=tools) for text, before in zip(rows, prefixes)]
        return messages[0] if isinstance(texts, str) else messages

    def get_response_parser(self, response_template: dict | None = None, *, prefix=None, tools: list | None = None):
        """A `ResponseParser`, which takes a generated text piece by piece; the arguments are those of
        `parse_response`, with one prefix."""
        template = getattr(self, "response_template", None) if response_template is None else response_template
        if template is None:
            raise AttributeError(
                "This tokenizer does not have a `response_template` set; cannot create a response event stream."
            )
        prefix = prefix if prefix is None else self._texts_of(prefix)
        if prefix is not None and not isinstance(prefix, str):
            raise ValueError(
                "`prefix=` must be a single sequence (str, list[int], or 1D tensor) for `get_response_parser`."
            )
        from .response import ResponseParser

        return ResponseParser(template, prefix=prefix, tools=tools)

    def _texts_of(self, value) -> str | list[str]:
        """Text, or a list for a batch, of texts or ids."""
        if isinstance(value, str):
            return value
        if isinstance(value, (list, tuple)) and (not value or isinstance(value[0], str)):
            return list(value)
        return self.decode(value)


def _as_conversations(conversation) -> tuple[list, bool]:
    """A list of conversations, and whether the argument was one. Keys with the value None are left out: templates
    cope with a missing key, not with a `content` that is None."""
    if isinstance(conversation, (list, tuple)) and len(conversation) == 0:
        raise ValueError("Cannot apply chat template to an empty conversation. Provide at least one message.")
    is_batched = isinstance(conversation, (list, tuple)) and (
        isinstance(conversation[0], (list, tuple)) or hasattr(conversation[0], "messages")
    )
    conversations = list(conversation) if is_batched else [conversation]
    conversations = [[_without_none(message) for message in getattr(chat, "messages", chat)] for chat in conversations]
    return conversations, is_batched


def _without_none(message: Any) -> Any:
    if isinstance(message, dict):
        return {key: value for key, value in message.items() if value is not None}
    return message


def _add_assistant_masks(encoded: BatchEncoding, spans: list, is_batch: bool, return_tensors: str | None) -> None:
    """Mark the tokens that cover the given characters."""
    if "overflow_to_sample_mapping" in encoded:
        raise ValueError(
            "return_assistant_tokens_mask=True: found return_overflowing_tokens=True, needed False; a mask covers the "
            "first piece of a conversation only"
        )
    rows = encoded["input_ids"] if is_batch else [encoded["input_ids"]]
    masks = []
    for row, (ids, found) in enumerate(zip(rows, spans)):
        mask = [0] * len(ids)
        for start, end in found:
            first = encoded.char_to_token(row, start)
            if first is None:  # cut off by truncation
                break
            last = encoded.char_to_token(row, end - 1)
            for index in range(first, len(ids) if not last else last + 1):
                mask[index] = 1
        masks.append(mask)
    encoded["assistant_masks"] = masks if is_batch else masks[0]
    if return_tensors:
        encoded.convert_to_tensors(return_tensors)
