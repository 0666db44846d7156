"""The chat templates of Cohere's models for tools and for documents, by name."""

from __future__ import annotations

from typing import Any


class CommandTemplates:
    """`apply_chat_template` with the templates "tool_use" and "rag", which the tokenizer's files bring."""

    def apply_tool_use_template(self, conversation: list[dict[str, str]], tools: list[dict], **kwargs: Any) -> Any:
        """A prompt that asks which of the tools to use.

        Args:
            conversation: messages, each with "role" and "content".
            tools: each with "name", "description" and "parameter_definitions".
            **kwargs: arguments of `apply_chat_template`.
        """
        return self.apply_chat_template(conversation, chat_template="tool_use", tools=tools, **kwargs)

    def apply_grounded_generation_template(
        self, conversation: list[dict[str, str]], documents: list[dict], citation_mode: str = "accurate", **kwargs: Any
    ) -> Any:
        """A prompt that asks for an answer out of documents, with citations.

        Args:
            conversation: messages, each with "role" and "content".
            documents: each a dictionary of texts, such as "title" and "text".
            citation_mode: "accurate" or "fast".
            **kwargs: arguments of `apply_chat_template`.
        """
        return self.apply_chat_template(
            conversation, chat_template="rag", documents=documents, citation_mode=citation_mode, **kwargs
        )
