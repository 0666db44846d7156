"""What is refused of Nougat's tokenizer: repair of the markdown that the model writes."""

from __future__ import annotations

from typing import Any

from ._engine import UnsupportedError


class GenerationRepair:
    """The names are there, so that who calls them learns what is not."""

    def post_process_generation(self, generation: Any, fix_markdown: bool = True, num_workers: int | None = None) -> Any:
        """Refused."""
        raise UnsupportedError("NougatTokenizer.post_process_generation: generated markdown is not repaired")

    def post_process_single(self, generation: str, fix_markdown: bool = True) -> str:
        """Refused."""
        raise UnsupportedError("NougatTokenizer.post_process_single: generated markdown is not repaired")

    def correct_tables(self, generation: str) -> str:
        """Refused."""
        raise UnsupportedError("NougatTokenizer.correct_tables: generated tables are not repaired")

    def remove_hallucinated_references(self, text: str) -> str:
        """Refused."""
        raise UnsupportedError("NougatTokenizer.remove_hallucinated_references: generated references are not checked")
