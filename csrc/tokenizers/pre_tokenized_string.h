// A text in pieces. Pre-tokenizers cut and change the pieces, the model turns them into tokens; a piece that has its
// tokens (an added token) is left alone by all later steps.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "tokenizers/normalized_string.h"

namespace ef::tokenizers {

struct Token {
  uint32_t id;
  uint32_t begin, end;  // bytes of the piece
  bool operator==(const Token&) const = default;
};

// How a text that goes to the model is written.
enum class Spelling : uint8_t {
  Vocabulary,  // as the tokens of the vocabulary are
  Bytes,       // bytes, of which the vocabulary has the byte-level spelling
  Blanks,      // with blanks where the vocabulary has "▁" (and no "▁")
};

class Pattern;
enum class SplitBehavior { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };
SplitBehavior split_behavior_from_name(std::string_view name,
                                       std::string_view where);  // "Isolated", "merged_with_next"
const char* split_behavior_name(SplitBehavior behavior);

class PreTokenizedString {
 public:
  struct Piece {
    uint32_t text;        // which text
    uint32_t begin, end;  // bytes of it
    int32_t tokens = -1;  // index of its token list; -1: still open
    bool whole = false;   // not a part of its text but all of it, with what was stripped off
  };

  explicit PreTokenizedString(std::string_view original, bool tracked = true);
  explicit PreTokenizedString(NormalizedString text);
  PreTokenizedString(const PreTokenizedString&) = delete;
  PreTokenizedString& operator=(const PreTokenizedString&) = delete;
  PreTokenizedString(PreTokenizedString&&) = default;

  std::string_view original() const { return original_; }
  const std::vector<Piece>& pieces() const { return pieces_; }
  std::vector<Piece>& pieces() { return pieces_; }
  std::string_view text_of(const Piece& piece) const {
    return texts_[piece.text].text().substr(piece.begin, piece.end - piece.begin);
  }
  const NormalizedString& text(const Piece& piece) const { return texts_[piece.text]; }
  NormalizedString normalized(const Piece& piece) const { return {texts_[piece.text], piece.begin, piece.end}; }
  // Part of the original that a piece stands for, or the one behind bytes [begin, end) of a piece.
  Span source(const Piece& piece) const {
    const NormalizedString& text = texts_[piece.text];
    return piece.whole ? text.source() : text.source(piece.begin, piece.end);
  }
  Span source(const Piece& piece, uint32_t begin, uint32_t end) const {
    if (begin < end && end <= piece.end - piece.begin)
      return texts_[piece.text].source(piece.begin + begin, piece.begin + end);
    // Of no text: as `tokenizers` reports it.
    const uint32_t start = source(piece).begin;
    return begin == end ? Span{start + begin, start + begin} : Span{begin, end};
  }

  // f(text, emit) for each open piece; emit(begin, end) hands out a part of it, emit(begin, end, token id) one that is
  // an added token. Empty parts are dropped.
  template <class F>
  void split(F&& f) {
    spell_bytes();
    std::vector<Piece> out;
    out.reserve(pieces_.size() * 2);
    for (const Piece& piece : pieces_) {
      if (piece.tokens >= 0) {
        out.push_back(piece);
        continue;
      }
      f(text_of(piece), [&](uint32_t begin, uint32_t end, std::optional<uint32_t> token = {}) {
        if (begin >= end) return;
        Piece part{piece.text, piece.begin + begin, piece.begin + end};
        if (token) set_tokens(part, {{Token{*token, 0, end - begin}}, {}});
        out.push_back(part);
      });
    }
    pieces_ = std::move(out);
  }
  // f(NormalizedString&) for each open piece.
  template <class F>
  void normalize(F&& f) {
    spell_bytes();
    for (Piece& piece : pieces_) {
      if (piece.tokens >= 0) continue;
      NormalizedString text = normalized(piece);
      f(text);
      if (text.changed()) replace(piece, std::move(text));
    }
  }
  void cut(Cutter cutter);  // each open piece
  void split(const Pattern& pattern, SplitBehavior behavior, bool invert = false);
  void replace(Piece& piece, NormalizedString text);
  void drop_empty() {
    std::erase_if(pieces_, [](const Piece& p) { return p.tokens < 0 && p.begin == p.end; });
  }
  // An added token is one; what a pre-tokenizer gives a piece may be none or many, with texts of their own.
  struct Tokens {
    std::vector<Token> tokens;
    std::vector<std::string> texts;  // none: the text of the piece
  };
  std::string_view text_of(const Piece& piece, size_t token) const {
    const Tokens& made = tokens_of(piece);
    return made.texts.empty() ? text_of(piece) : std::string_view(made.texts[token]);
  }
  const Tokens& tokens_of(const Piece& piece) const { return tokens_[size_t(piece.tokens)]; }
  void set_tokens(Piece& piece, Tokens tokens) {
    piece.tokens = int32_t(tokens_.size());
    tokens_.push_back(std::move(tokens));
  }

  // Byte-level tokenizers rename every byte to a printable character. This only notes it: the model may take the bytes
  // as they are. spell_bytes() carries it out, for anyone who wants to see the characters.
  bool bytes_pending() const { return bytes_pending_; }
  void rename_bytes() { spell_bytes(), bytes_pending_ = true; }
  void spell_bytes();

 private:
  std::string_view original_;
  std::deque<NormalizedString> texts_;  // addresses stay
  std::vector<Piece> pieces_;
  std::vector<Tokens> tokens_;
  bool bytes_pending_ = false;
};

// A text cut at its matches: the parts cover it in order.
struct SplitPart {
  uint32_t begin, end;
  bool match;
};
std::vector<SplitPart> split_parts(std::string_view text, const Pattern& pattern, bool invert = false);
// Joins or drops parts as the behavior says, and hands out f(begin, end).
void join_parts(const std::vector<SplitPart>& parts, SplitBehavior behavior,
                const std::function<void(uint32_t, uint32_t)>& f);

}  // namespace ef::tokenizers
