"""Conversations: a list of messages `{"role": ..., "content": ...}` is one input, not a batch."""

from __future__ import annotations

from typing import Any


def is_valid_message(message: Any) -> bool:
    """Whether `message` is a dict with the keys `role` and `content`."""
    return isinstance(message, dict) and "role" in message and "content" in message


def is_chat(value: Any) -> bool:
    """Whether `value` is a list or tuple that starts with a message."""
    return isinstance(value, (list, tuple)) and len(value) > 0 and is_valid_message(value[0])


class Chat:
    """Marks a list of messages as one conversation while it goes through a pipeline."""

    def __init__(self, messages: Any):
        for message in messages:
            if not is_valid_message(message):
                raise ValueError("When passing chat dicts as input, each dict must have a 'role' and 'content' key.")
        self.messages = messages
