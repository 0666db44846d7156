"""WordPiece behind BERT's normalizer: BERT and those who took its vocab.txt over."""

from __future__ import annotations

from ...tokenizers import decoders, models, normalizers, pre_tokenizers, processors
from .parts import Backend, Parts, assemble, bert_template, special_token, template

_NAMES = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")


def _word_piece(parts: Parts, vocab, post=None) -> Backend:
    normalizer = normalizers.BertNormalizer(
        clean_text=parts.option("clean_text", True),
        handle_chinese_chars=parts.option("tokenize_chinese_chars", True),
        strip_accents=parts.option("strip_accents"),
        lowercase=parts.option("do_lower_case", True),
    )
    tokenizer = assemble(
        models.WordPiece(vocab, unk_token=parts.tokens["unk_token"]),
        normalizer,
        pre_tokenizers.BertPreTokenizer(),
        decoders.WordPiece(prefix=parts.option("wordpieces_prefix", "##")),
    )
    return Backend(tokenizer, post or bert_template(cls=2, sep=3))


def bert(parts: Parts) -> Backend:
    """[CLS] A [SEP] B [SEP]."""
    return _word_piece(parts, parts.starting_vocab(*_NAMES))


layoutlmv2 = bert


def mpnet(parts: Parts) -> Backend:
    """<s> A </s> </s> B </s>."""

    def post(tokenizer):
        sep, cls = (special_token(tokenizer, name, {"cls": 0, "sep": 2}) for name in ("sep", "cls"))
        return processors.RobertaProcessing(sep, cls, True, False)

    return _word_piece(parts, parts.vocab or {}, post)


def funnel(parts: Parts) -> Backend:
    """As BERT, the first token with type 2."""
    vocab = parts.starting_vocab(*_NAMES, "bos_token", "eos_token")
    return _word_piece(parts, vocab, template("{cls}:2 $A:0 {sep}:0", "{cls}:2 $A:0 {sep}:0 $B:1 {sep}:1"))


def splinter(parts: Parts) -> Backend:
    """As BERT, with [QUESTION] and a full stop behind the question, which is the side that is not padded."""
    vocab = parts.vocab
    if vocab is None:
        vocab = {**parts.starting_vocab(*_NAMES), parts.tokens["question_token"]: 5, ".": 6}

    def post(tokenizer):
        right = tokenizer.padding_side == "right"
        pair = "$A:0 {question} . {sep}:0 $B:1 {sep}:1" if right else "$A:0 {sep}:0 $B:1 {question} . {sep}:1"
        made = template("{cls}:0 $A:0 {sep}:0", "{cls}:0 " + pair)
        return made(tokenizer, (".", tokenizer.convert_tokens_to_ids(".")))

    return _word_piece(parts, vocab, post)


def roformer(parts: Parts) -> Backend:
    """As BERT, Chinese characters left together; the class finds the words."""
    parts.options = {**parts.options, "tokenize_chinese_chars": False}
    return _word_piece(parts, parts.starting_vocab(*_NAMES))
