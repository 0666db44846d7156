"""Writes csrc/tokenizers/unicode_tables.inc from the behaviour of the installed `tokenizers` library.

What the library calls a letter, a space, punctuation or a combining mark depends on the Unicode version inside each of
its dependencies, and those differ. Asking the library itself, code point by code point, is the only exact source.

    python tools/gen_unicode_tables.py > csrc/tokenizers/unicode_tables.inc     # needs tokenizers (and ctypes utf8proc)
"""

from __future__ import annotations

import ctypes
import ctypes.util
import struct
import sys

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

CATEGORIES = "Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co Cs".split()
POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
CHUNK = 4096


def chunks():
    for i in range(0, len(POINTS), CHUNK):
        yield POINTS[i : i + CHUNK]


def removed_by(normalizer) -> set[int]:
    """Code points that the normalizer deletes from a text."""
    out: set[int] = set()
    for chunk in chunks():
        out |= set(chunk) - set(map(ord, normalizer.normalize_str("".join(map(chr, chunk)))))
    return out


def bert_normalizer(**on: bool) -> normalizers.BertNormalizer:
    off = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
    return normalizers.BertNormalizer(**{**off, **on})


def emptied_by(normalizer) -> set[int]:
    """Code points of which nothing is left, not even another character."""
    return {c for c in removed_by(normalizer) if not normalizer.normalize_str(chr(c))}


def split_off_by(pre_tokenizer) -> set[int]:
    """Code points that the pre-tokenizer isolates between letters."""
    out: set[int] = set()
    for chunk in chunks():
        text = "a" + "a".join(map(chr, chunk)) + "a"
        joined = {i for _, (a, b) in pre_tokenizer.pre_tokenize_str(text) for i in range(a, b - 1)}
        out |= {c for i, c in enumerate(chunk) if 2 * i not in joined and 2 * i + 1 not in joined}
    return out


def word_characters() -> set[int]:
    """Code points after which a single_word token does not match."""
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer.add_tokens([AddedToken("\ue000", single_word=True, normalized=False)])
    mark = tokenizer.token_to_id("\ue000")
    out = set()
    for chunk in chunks():
        chunk = [c for c in chunk if c != 0xE000]
        # A word character before blocks the match; a following one does too, so put a space after each mark.
        text = "".join(chr(c) + "\ue000 " for c in chunk)
        enc = tokenizer.encode(text, add_special_tokens=False)
        found = {o[0] for i, o in zip(enc.ids, enc.offsets) if i == mark}
        out |= {c for k, c in enumerate(chunk) if 3 * k + 1 not in found}
    return out


class Property(ctypes.Structure):
    _fields_ = [("category", ctypes.c_int16), ("combining_class", ctypes.c_int16)]


def inert_in_normal_forms(lib) -> list[tuple[int, int]]:
    """Ranges of code points that utf8proc decomposes or reorders, and the library's older Unicode version does not."""
    lib.utf8proc_get_property.restype = ctypes.POINTER(Property)
    nfd, nfkd = normalizers.NFD(), normalizers.NFKD()
    inert = []
    for c in POINTS:
        if lib.utf8proc_get_property(c).contents.combining_class:
            # Between a mark of class 240 and one of class 1 a mark lets them change places, anything else does not.
            text = f"a\u0345{chr(c)}\u0338"
            if nfd.normalize_str(text) == text:
                inert.append(c)
        else:
            buffer = (ctypes.c_int32 * 32)()
            bound = ctypes.c_int(0)
            n = lib.utf8proc_decompose_char(c, buffer, 32, 4 | 16, ctypes.byref(bound))  # COMPAT, DECOMPOSE
            form = "".join(map(chr, buffer[:n]))
            if form != chr(c) and nfkd.normalize_str(chr(c)) == chr(c):
                inert.append(c)
            elif not 0xAC00 <= c < 0xD7A4:
                assert sorted(nfkd.normalize_str(chr(c))) == sorted(form), hex(c)
    return ranges_of(inert)


def charsmap(key: bytes, value: bytes) -> bytes:
    """A SentencePiece character map with one entry of two bytes: a double-array trie and its texts."""
    trie = [0] * 0x800
    trie[0] = 1 << 10  # the root, offset 1
    trie[1 ^ key[0]] = 0x200 << 10 | key[0]
    leaf = 1 ^ key[0] ^ 0x200 ^ key[1]
    trie[leaf] = 0x400 << 10 | 1 << 8 | key[1]
    trie[leaf ^ 0x400] = 1 << 31
    return struct.pack("<I2048I", 4 * len(trie), *trie) + value + b"\0"


def joining(lib) -> list[tuple[int, int]]:
    """Ranges of code points that belong to the character before them, for the library but not for utf8proc.

    Precompiled looks graphemes of fewer than six bytes up as a whole: a third character makes this one longer.
    """
    normalizer = normalizers.Precompiled(charsmap("\u00aa".encode(), b"a"))
    assert normalizer.normalize_str("\u00aa\u0332") == "a"
    found = []
    for c in POINTS[0x80:]:
        state = ctypes.c_int32(0)
        lib.utf8proc_grapheme_break_stateful(0xAA, 0x332, ctypes.byref(state))
        breaks = lib.utf8proc_grapheme_break_stateful(0x332, c, ctypes.byref(state)) & 255
        joins = "\u0332" in normalizer.normalize_str(f"\u00aa\u0332{chr(c)}")
        assert joins or breaks, hex(c)
        if joins and breaks:
            found.append(c)
    return ranges_of(found)


def ranges_of(points: list[int]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for c in points:
        if ranges and ranges[-1][1] + 1 == c:
            ranges[-1] = (ranges[-1][0], c)
        else:
            ranges.append((c, c))
    return ranges


def script_classes() -> list[list[int]]:
    """Runs [length, class]: two characters belong together when the classes are equal or one of them is 0."""
    scripts = pre_tokenizers.UnicodeScripts()

    def together(a: str, b: str) -> bool:
        return len(scripts.pre_tokenize_str(a + b)) == 1 and scripts.pre_tokenize_str(a + b)[0][0] == a + b

    members: list[str] = []
    runs: list[list[int]] = []
    last = 0
    for c in range(0x110000):
        found = 0
        if not 0xD800 <= c < 0xE000 and not (together("a", chr(c)) and together("\u0434", chr(c))):
            order = [last, *range(1, len(members) + 1)] if last else range(1, len(members) + 1)
            found = next((k for k in order if together(members[k - 1], chr(c))), 0)
            if not found:
                members.append(chr(c))
                found = len(members)
            last = found
        if runs and runs[-1][1] == found:
            runs[-1][0] += 1
        else:
            runs.append([1, found])
    return runs


def lower_of(c: int) -> tuple[int, ...]:
    return tuple(map(ord, LOWER.normalize_str(chr(c))))


LOWER = normalizers.Lowercase()


def write(items: list[str], end: str = "") -> None:
    """Comma-separated, in lines of at most 120 characters."""
    line = ""
    for item in items:
        if len(line) + len(item) > 118:
            print(line)
            line = ""
        line += item + ","
    print(line + ("\n" + end if end else ""))


def main() -> None:
    category = {}
    for index, name in enumerate(CATEGORIES):
        if name == "Cs":
            continue
        for c in removed_by(normalizers.Replace(Regex(r"\p{%s}" % name), "")):
            assert c not in category, hex(c)
            category[c] = index
    assert len(category) == len(POINTS)
    flags = [
        split_off_by(pre_tokenizers.Digits(individual_digits=True)),
        split_off_by(pre_tokenizers.Punctuation()),
        emptied_by(bert_normalizer(clean_text=True)),
        removed_by(normalizers.StripAccents()),
        word_characters(),
    ]
    # strip_accents of BertNormalizer works on the decomposed text; alone in a text every mark stands for itself.
    bert = bert_normalizer(strip_accents=True)
    flags.append(emptied_by(bert))
    chinese = set()
    bert = bert_normalizer(handle_chinese_chars=True)
    for c in POINTS:
        if 0x2E80 <= c < 0x40000 and len(bert.normalize_str(chr(c))) == 3:
            chinese.add(c)
    flags.append(chinese)

    def properties(c: int) -> int:
        if 0xD800 <= c < 0xE000:
            return CATEGORIES.index("Cs")
        return category[c] | sum(1 << (5 + i) for i, s in enumerate(flags) if c in s)

    runs: list[list[int]] = []
    for c in range(0x110000):
        p = properties(c)
        if runs and runs[-1][1] == p:
            runs[-1][0] += 1
        else:
            runs.append([1, p])

    lib = ctypes.CDLL(ctypes.util.find_library("utf8proc"))
    lower = []
    for c in POINTS:
        want = lower_of(c)
        if want != (lib.utf8proc_tolower(c),):
            lower.append((c, *want))

    print(f"// Generated by tools/gen_unicode_tables.py from tokenizers {tokenizers.__version__}. Do not edit.")
    print("// Runs of equal properties from code point 0 on: length, properties (see unicode.h).")
    print(f"inline constexpr uint32_t kPropertyRuns[{len(runs)}][2] = {{")
    write(["{%d,%d}" % (n, p) for n, p in runs], end="};")
    print("// Lowercase where utf8proc's simple mapping says otherwise: code point, first, second (0: none).")
    print(f"inline constexpr uint32_t kLowerExceptions[{len(lower)}][3] = {{")
    write(["{%d,%d,%d}" % (x[0], x[1], x[2] if len(x) > 2 else 0) for x in lower])
    print("};")
    ranges = inert_in_normal_forms(lib)
    print("// Code points that the normal forms leave alone, being younger than the library's Unicode data.")
    print(f"inline constexpr uint32_t kInert[{len(ranges)}][2] = {{")
    write(["{%d,%d}" % r for r in ranges])
    print("};")
    ranges = joining(lib)
    print("// Code points that belong to the character before them, being younger than utf8proc.")
    print(f"inline constexpr uint32_t kJoining[{len(ranges)}][2] = {{")
    write(["{%d,%d}" % r for r in ranges], end="};")
    scripts = script_classes()
    print("// Runs of equal script: length, number of the script; 0 goes with every other.")
    print(f"inline constexpr uint32_t kScriptRuns[{len(scripts)}][2] = {{")
    write(["{%d,%d}" % (n, k) for n, k in scripts], end="};")
    upper = []
    for c in POINTS:
        s = tokenizers.NormalizedString(chr(c))
        s.uppercase()
        want = tuple(map(ord, s.normalized))
        if want != (lib.utf8proc_toupper(c),):
            upper.append((c, *want))
    print("// The same for upper case: up to three.")
    print(f"inline constexpr uint32_t kUpperExceptions[{len(upper)}][4] = {{")
    write(["{%s}" % ",".join(map(str, (*x, 0, 0)[:4])) for x in upper])
    print("};")
    print([len(s) for s in flags], len(runs), len(lower), file=sys.stderr)


if __name__ == "__main__":
    main()
