"""Rendering of conversations: what goes into a chat template, and what comes out. jinja2 is imported on first use."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Mapping
from typing import Any

from .._numpy import is_scalar
from ..utils import logging
from .json_schema import get_json_schema

logger = logging.get_logger(__name__)

_REASONING = ("reasoning_content", "thinking", "reasoning")  # names of one thing; the first is what templates read
_CONTINUE_TAG = "CONTINUE_FINAL_MESSAGE_TAG "


def plain_data(value: Any) -> Any:
    """The value rebuilt from plain JSON types, so that a template meets no method of a richer object.

    Arrays, images and the like become a text that names their type: templates only ask whether such a key is there.
    """
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, Mapping):
        return {plain_data(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_data(item) for item in value]
    if isinstance(value, tuple):
        return tuple(plain_data(item) for item in value)
    if is_scalar(value):
        return plain_data(value.item())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain_data(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if callable(getattr(value, "model_dump", None)):
        return plain_data(value.model_dump())
    return f"<{type(value).__name__}>"


def tool_schemas(tools: list | None) -> list | None:
    """Tools as JSON schemas: dictionaries as they are, functions through their type hints and docstring."""
    if tools is None:
        return None
    schemas = []
    for tool in tools:
        if isinstance(tool, dict):
            schemas.append(tool)
        elif inspect.isfunction(tool) or inspect.ismethod(tool):
            schemas.append(get_json_schema(tool))
        else:
            raise ValueError(
                "Tools should either be a JSON schema, or a callable function with type hints "
                "and a docstring suitable for auto-conversion to a schema."
            )
    return schemas


def _with_reasoning_names(message: dict[str, Any]) -> dict[str, Any]:
    """`reasoning_content` filled from its older names, and `thinking`, which some templates read."""
    reasoning = next((message[name] for name in _REASONING if message.get(name) is not None), None)
    if reasoning is None:
        return message
    return {"thinking": reasoning, **message, "reasoning_content": reasoning}


def _tag_final_message(chat: list[dict], field: str, template: str) -> str:
    """Put the tag behind the text that shall be continued; returns that text."""
    if not chat:
        raise ValueError("continue_final_message is set but the conversation is empty!")
    message = chat[-1]
    final = message.get(field)
    if final is None:
        raise ValueError(f'continue_final_message is set but the final message has no "{field}" to continue!')
    fields = [field]
    if field in _REASONING:
        fields = [name for name in _REASONING if message.get(name) == final]
    if not any(name in template for name in fields):
        raise ValueError(
            f'continue_final_message is set to "{field}" but this is not an accepted field in the chat_template'
        )
    if not isinstance(final, (list, tuple)):
        for name in fields:
            message[name] = message[name] + _CONTINUE_TAG
        return final
    for block in reversed(final):
        if "text" in block:
            final = block["text"]
            block["text"] = final + _CONTINUE_TAG
            return final
    raise ValueError("continue_final_message is set but we could not find any text to continue in the final message!")


def _cut_at_tag(rendered: str, final: str) -> str:
    """The rendered text up to the tag, without what the template puts behind a finished message."""
    tag = _CONTINUE_TAG.strip()
    if final.strip() not in rendered or tag not in rendered:
        raise ValueError(
            "continue_final_message is set but the final message does not appear in the chat after "
            "applying the chat template! This can happen if the chat template deletes portions of "
            "the final message. Please verify the chat template and final message in your chat to "
            "ensure they are compatible."
            f"Final message to continue: {final.strip()}\nRendered chat:\n{rendered}"
        )
    at = rendered.rindex(tag)
    if rendered.startswith(_CONTINUE_TAG, at):
        return rendered[:at]
    return rendered[:at].rstrip()  # the template trims its messages, so the blank behind the tag is gone too


def render_jinja_template(
    conversations: list,
    tools: list | None = None,
    documents: list[dict[str, str]] | None = None,
    chat_template: str | None = None,
    return_assistant_tokens_mask: bool = False,
    continue_final_message: bool | str = False,
    add_generation_prompt: bool = False,
    **kwargs: Any,
) -> tuple[list[str], list[list[tuple[int, int]]]]:
    """Render each conversation; returns the texts and, if asked for, the spans that the assistant wrote in each.

    Args:
        conversations: lists of messages (dictionaries, dataclasses, pydantic models, or objects with `messages`).
        tools: JSON schemas or functions.
        documents: dictionaries with "title" and "text".
        chat_template: Jinja source.
        return_assistant_tokens_mask: also find what stands in `{% generation %}` blocks.
        continue_final_message: leave the last message open; a string names the field to continue.
        add_generation_prompt: end with the header of an assistant message.
        **kwargs: further variables of the template.

    Raises:
        jinja2.exceptions.TemplateError: the template is wrong, refuses the conversation, or exceeds its bounds.
    """
    from . import sandbox

    if return_assistant_tokens_mask and not re.search(r"\{\%-?\s*generation\s*-?\%\}", chat_template):
        logger.warning_once(
            "return_assistant_tokens_mask==True but chat template does not contain `{% generation %}` keyword."
        )
    sandbox.compile_template(chat_template)  # what is wrong with it is said before what is wrong with the messages
    for document in documents or []:
        if not isinstance(document, dict):
            raise TypeError("Documents should be a list of dicts with 'title' and 'text' keys!")
    variables = {
        **plain_data(kwargs),
        "tools": plain_data(tool_schemas(tools)),
        "documents": plain_data(documents),
        "add_generation_prompt": add_generation_prompt,
    }
    field = continue_final_message if isinstance(continue_final_message, str) else "content"
    texts, spans = [], []
    for conversation in conversations:
        chat = plain_data(getattr(conversation, "messages", conversation))
        for message in chat:
            if not isinstance(message, dict):
                raise TypeError(f"Chat messages should be dicts, dataclasses or pydantic models, but got {message!r}.")
        chat = [_with_reasoning_names(message) for message in chat]
        final = _tag_final_message(chat, field, chat_template) if continue_final_message else None
        text, found = sandbox.render(chat_template, messages=chat, **variables)
        if return_assistant_tokens_mask:
            spans.append(found)
        texts.append(text if final is None else _cut_at_tag(text, final))
    return texts, spans
