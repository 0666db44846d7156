"""Blanks of a GGUF unigram model are those of SentencePiece, with and without a space in front and extra blanks."""

import numpy as np
import pytest
from eigenformers import tokenizers as T

PIECES = ["<unk>", "</s>", "▁", "a", "b", "▁a", "▁b"]


def gguf(path, prefix, remove):
    def text(s):
        s = s.encode()
        return np.uint64(len(s)).tobytes() + s

    def array(kind, items):
        return np.uint32(9).tobytes() + np.uint32(kind).tobytes() + np.uint64(len(items)).tobytes() + b"".join(items)

    key = "tokenizer.ggml."
    fields = {
        key + "model": np.uint32(8).tobytes() + text("t5"),
        key + "tokens": array(8, [text(piece) for piece in PIECES]),
        key + "scores": array(6, [np.float32(s).tobytes() for s in (0, 0, -3, -3, -3, -1, -1)]),
        key + "token_type": array(5, [np.int32(t).tobytes() for t in (2, 3, 1, 1, 1, 1, 1)]),
        key + "unknown_token_id": np.uint32(4).tobytes() + np.uint32(0).tobytes(),
        key + "eos_token_id": np.uint32(4).tobytes() + np.uint32(1).tobytes(),
        key + "add_space_prefix": np.uint32(7).tobytes() + bytes([prefix]),
        key + "remove_extra_whitespaces": np.uint32(7).tobytes() + bytes([remove]),
    }
    data = b"GGUF" + np.uint32(3).tobytes() + np.uint64(0).tobytes() + np.uint64(len(fields)).tobytes()
    data += b"".join(text(name) + value for name, value in fields.items())
    path.write_bytes(data + bytes(-len(data) % 32))
    return T.Tokenizer.from_gguf(path)


@pytest.mark.parametrize(
    "prefix, remove, text, tokens",
    [
        (True, True, "  a  b ", "▁a ▁b"),
        (False, True, "  a  b ", "a ▁b"),
        (True, False, "  a  b ", "▁ ▁ ▁a ▁ ▁b ▁"),
        (False, False, "  a  b ", "▁ ▁a ▁ ▁b ▁"),
        (True, True, "   ", ""),
        (True, False, "", ""),
    ],
)
def test_blanks(tmp_path, prefix, remove, text, tokens):
    tokenizer = gguf(tmp_path / "m.gguf", prefix, remove)
    encoding = tokenizer.encode(text, add_special_tokens=False)
    assert encoding.tokens == tokens.split()
    if not remove:
        assert tokenizer.decode(encoding.ids) == text
