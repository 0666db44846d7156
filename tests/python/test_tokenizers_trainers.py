"""Trainers beyond the golden records: what must not change the result, errors, and the live library."""

from __future__ import annotations

import importlib.util
import json
import pathlib

import pytest
from eigenformers import tokenizers as ours
from eigenformers.errors import TokenizerError

_spec = importlib.util.spec_from_file_location(
    "tokenizer_trainers", pathlib.Path(__file__).parent / "cases" / "tokenizer_trainers.py"
)
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


def vocab_of(tokenizer):
    return json.loads(tokenizer.to_str())["model"]


@pytest.mark.parametrize("name", ["BPE", "WordPiece", "Unigram", "WordLevel"])
def test_the_order_of_the_texts_means_nothing(name):
    def run(texts):
        trainer = ours.trainers.DEFAULT_TRAINERS[name](vocab_size=120, show_progress=False)
        return vocab_of(cases.trained(ours, getattr(ours.models, name)(), trainer, texts=texts))

    texts = cases.corpus(300)
    assert run(texts) == run(texts[::-1])


def test_unigram_prunes_to_the_size_and_covers_the_text():
    trainer = ours.trainers.UnigramTrainer(vocab_size=120, unk_token="<unk>", special_tokens=["<s>"], show_progress=False)
    tokenizer = cases.trained(ours, ours.models.Unigram(), trainer, "Metaspace")
    assert tokenizer.get_vocab_size() == 120
    assert tokenizer.token_to_id("<unk>") == 0
    for text in cases.corpus(50, 9):
        assert 0 not in tokenizer.encode(text).ids


def test_progress_and_interruption(capsys):
    trainer = ours.trainers.BpeTrainer(vocab_size=60)
    cases.trained(ours, ours.models.BPE(), trainer)
    assert "Compute merges" in capsys.readouterr().err
    quiet = ours.trainers.BpeTrainer(vocab_size=60, progress_format="silent")
    cases.trained(ours, ours.models.BPE(), quiet)
    assert not capsys.readouterr().err

    def texts():
        yield from cases.corpus(5)
        raise KeyError("stop")

    tokenizer = ours.Tokenizer(ours.models.BPE())
    with pytest.raises(KeyError, match="stop"):
        tokenizer.train_from_iterator(texts(), quiet)
    assert tokenizer.get_vocab_size() == 0


def test_errors(tmp_path):
    tokenizer = ours.Tokenizer(ours.models.BPE())
    with pytest.raises(OSError, match=r"nothing\.txt"):
        tokenizer.train([tmp_path / "nothing.txt"])
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TokenizerError, match=r"bytes\.txt: not a text file"):
        tokenizer.train([str(tmp_path / "bytes.txt")])
    with pytest.raises(TypeError, match="needed texts"):
        tokenizer.train_from_iterator([["a", 3]])
    with pytest.raises(TypeError, match="cannot create 'Trainer' instances"):
        ours.trainers.Trainer()
    with pytest.raises(TokenizerError, match="shrinking_factor"):
        ours.Tokenizer(ours.models.Unigram()).train_from_iterator(
            ["a b"], ours.trainers.UnigramTrainer(shrinking_factor=2, show_progress=False)
        )
    with pytest.raises(TokenizerError, match="vocab_size"):
        tokenizer.train_from_iterator(["a b"], ours.trainers.BpeTrainer(vocab_size=1 << 40, show_progress=False))

    for wrong, name in (("x", "str"), (ours.trainers.BpeTrainer, "type"), (0, "int")):
        with pytest.raises(TypeError, match=f"'{name}' object is not an instance of 'Trainer'"):
            tokenizer.train_from_iterator(["a b"], wrong)
        with pytest.raises(TypeError, match=f"'{name}' object is not an instance of 'Trainer'"):
            tokenizer.train([], wrong)
    with pytest.raises(TypeError):
        tokenizer.train_from_iterator(["a b"], length="5")


@pytest.mark.parametrize("name", ["BpeTrainer", "WordPieceTrainer", "WordLevelTrainer", "UnigramTrainer"])
def test_unknown_options_are_said_to_be_ignored(name):
    with pytest.warns(UserWarning, match="^Ignored unknown kwargs option nothing$"):
        trainer = getattr(ours.trainers, name)(vocab_size=90, show_progress=False, nothing=3)
    assert trainer.vocab_size == 90 and not hasattr(trainer, "nothing")


@pytest.mark.parametrize("made", [ours.trainers.BpeTrainer, ours.models.BPE, ours.models.WordLevel])
def test_a_class_of_ones_own_has_attributes(made):
    class Own(made):
        """Says who made it."""

    own = Own()
    own.maker = "me"
    assert own.maker == "me"
    with pytest.raises(AttributeError, match="maker"):
        made().maker = "me"


@pytest.mark.parity
@pytest.mark.parametrize("size, factor", [(90, 0.75), (140, 0.75), (160, 0.9)])
@pytest.mark.parametrize("lines", [400, 3000])
def test_unigram_beside_the_library(size, factor, lines):
    """The same pieces with the same scores but for rounding; the letters among them come in random order over there."""
    theirs = pytest.importorskip("tokenizers")

    def pieces(lib):
        trainer = lib.trainers.UnigramTrainer(vocab_size=size, shrinking_factor=factor, show_progress=False)
        vocab = vocab_of(cases.trained(lib, lib.models.Unigram(), trainer, "Metaspace", cases.corpus(lines)))["vocab"]
        return set(next(zip(*vocab))), sorted(score for _, score in vocab), {p: s for p, s in vocab if len(p) > 1}

    (mine, my_scores, my_longer), (other, scores, longer) = pieces(ours), pieces(theirs)
    assert mine == other
    assert my_scores == pytest.approx(scores, abs=1e-9)
    assert my_longer == pytest.approx(longer, abs=1e-9)
