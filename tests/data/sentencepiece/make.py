"""Trains the small SentencePiece models beside this file (needs the sentencepiece package); run it to make them anew.

The corpus is generated, the character map has a dozen rules, so that the files stay small.
"""

from __future__ import annotations

import io
import pathlib
import random
import tempfile

import sentencepiece

HERE = pathlib.Path(__file__).parent
WORDS = """the cat and a hat sat on mat with rat that ran over brown fox jumps lazy dog hello world token tokens
tokenizer tokenizers encode decode model models number 1 2 3 12 2024 3.14 naïve café été über straße Москва мир привет
мира Привет 東京 日本 日本語 你好 世界 end. begin, why? yes! (no) [x] "q" can't won't it's I'm re-do un-do ing ed""".split()
RULES = """ﬁ	fi
Ａ	A
ａ	a
①	1
…	...
㌔	キロ
e\u0301	é
\u00a0	 
\t	 
\u200b	
"""  # noqa: W291


def corpus() -> str:
    """A few hundred lines of the words, the frequent ones first."""
    pick = random.Random(5)
    weights = [1 / (1 + index) ** 0.5 for index in range(len(WORDS))]
    return "\n".join(" ".join(pick.choices(WORDS, weights, k=pick.randint(3, 12))) for _ in range(600))


def train(name: str, **options) -> None:
    """One model."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus().split("\n")), model_writer=model, hard_vocab_limit=False, num_threads=1,
        minloglevel=2, **options,
    )  # fmt: skip
    (HERE / f"{name}.model").write_bytes(model.getvalue())


def main() -> None:
    """All of them."""
    with tempfile.TemporaryDirectory() as folder:
        rules = pathlib.Path(folder, "rules.tsv")
        lines = []
        for line in RULES.rstrip("\n").split("\n"):
            source, target = line.split("\t") if not line.startswith("\t") else ("\t", " ")
            lines.append(" ".join(f"{ord(c):X}" for c in source) + "\t" + " ".join(f"{ord(c):X}" for c in target))
        rules.write_text("\n".join(lines) + "\n")
        mapped = {"normalization_rule_tsv": str(rules)}
        train("unigram", vocab_size=180, model_type="unigram", **mapped)
        train("unigram_symbols", vocab_size=180, model_type="unigram", user_defined_symbols=["<sep>", "<cls>", "=>"],
              control_symbols=["<ctrl>"], pad_id=3, **mapped)
        train("unigram_bert", vocab_size=180, model_type="unigram", pad_id=0, unk_id=1, bos_id=-1, eos_id=-1,
              control_symbols=["[CLS]", "[SEP]", "[MASK]"], **mapped)
        train("unigram_t5", vocab_size=180, model_type="unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1, **mapped)
        train("unigram_bytes", vocab_size=420, model_type="unigram", byte_fallback=True,
              normalization_rule_name="identity")
        train("unigram_suffix", vocab_size=180, model_type="unigram", treat_whitespace_as_suffix=True, **mapped)
        train("unigram_plain", vocab_size=180, model_type="unigram", normalization_rule_name="identity",
              add_dummy_prefix=False, remove_extra_whitespaces=False)
        train("bpe", vocab_size=200, model_type="bpe", **mapped)
        train("bpe_bytes", vocab_size=460, model_type="bpe", byte_fallback=True, split_digits=True,
              normalization_rule_name="identity", user_defined_symbols=["<mark>"])
        train("word", vocab_size=60, model_type="word", normalization_rule_name="identity")
        train("char", vocab_size=60, model_type="char", normalization_rule_name="identity")


if __name__ == "__main__":
    main()
