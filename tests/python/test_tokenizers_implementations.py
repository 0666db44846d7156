"""The ready-made pipelines: methods on the class, the library's order of arguments and its errors."""

import pytest
from eigenformers import tokenizers as T

VOCAB = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "a": 5}
CLASSES = [T.BertWordPieceTokenizer, T.ByteLevelBPETokenizer, T.CharBPETokenizer, T.SentencePieceBPETokenizer,
           T.SentencePieceUnigramTokenizer]  # fmt: skip
NAMES = """add_special_tokens add_tokens async_decode_batch async_encode_batch async_encode_batch_fast decode decode_batch
decoder enable_padding enable_truncation encode encode_batch get_added_tokens_decoder get_vocab get_vocab_size id_to_token
model no_padding no_truncation normalize normalizer num_special_tokens_to_add padding post_process post_processor
pre_tokenizer save save_model to_str token_to_id truncation""".split()


@pytest.mark.parametrize("cls", CLASSES)
def test_names_are_on_the_class(cls):
    assert [name for name in NAMES if not hasattr(cls, name)] == []


def test_enable_padding_in_order():
    tokenizer = T.BertWordPieceTokenizer(dict(VOCAB))
    tokenizer.enable_padding("right", 8)
    assert tokenizer.encode("a").ids == [2, 5, 3, 0, 0, 0, 0, 0]
    assert tokenizer.padding["pad_to_multiple_of"] == 8 and tokenizer.padding["pad_id"] == 0
    tokenizer.enable_padding("left", None, 0, 0, "[PAD]", 6)
    assert tokenizer.encode("a").ids == [0, 0, 0, 2, 5, 3]
    tokenizer.no_padding()
    assert tokenizer.padding is None


def test_subclass_calls_super():
    class Sub(T.BertWordPieceTokenizer):
        def encode(self, *args, **kwargs):
            return super().encode(*args, **kwargs)

    assert Sub(dict(VOCAB)).encode("a").ids == [2, 5, 3]
    assert T.BertWordPieceTokenizer.encode(T.BertWordPieceTokenizer(dict(VOCAB)), "a").ids == [2, 5, 3]


def test_components_are_set():
    tokenizer = T.BertWordPieceTokenizer(dict(VOCAB))
    tokenizer.normalizer = T.normalizers.Lowercase()
    assert repr(tokenizer.normalizer) == "Lowercase()" and tokenizer._tokenizer.normalizer is not None
    with pytest.raises(AttributeError):
        tokenizer.padding = None


@pytest.mark.parametrize(
    "name, message",
    [
        ("encode", "encode: `sequence` can't be `None`"),
        ("encode_batch", "encode_batch: `inputs` can't be `None`"),
        ("decode", "None input is not valid. Should be a list of integers."),
        ("decode_batch", "None input is not valid. Should be list of list of integers."),
    ],
)
def test_none_is_refused(name, message):
    with pytest.raises(ValueError) as error:
        getattr(T.BertWordPieceTokenizer(dict(VOCAB)), name)(None)
    assert str(error.value) == message
