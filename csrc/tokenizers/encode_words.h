// What the ways of encoding share: from a text to blocks of words, and the memory they use.
#pragma once
#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "tokenizers/tokenizer.h"

namespace ef::tokenizers {

// A workspace of the pool, for as long as this lives.
class Lease {
 public:
  Lease(WorkspacePool& pool, const Model& model) : pool_(pool), workspace_(pool.take(model)) {}
  ~Lease() { pool_.give_back(std::move(workspace_)); }
  Lease(const Lease&) = delete;
  Workspace& operator*() const { return *workspace_; }

 private:
  WorkspacePool& pool_;
  std::unique_ptr<Workspace> workspace_;
};

// TokenizerError for a text that is too long, or not known to be valid and not UTF-8.
void check_text(std::string_view text, bool valid);

// Cuts text[begin, end) by all cutters in turn; f(words), in blocks that stay in the nearest cache.
template <class F>
void cut_words(const std::vector<Cutter>& cutters, std::string_view text, uint32_t begin, uint32_t end,
               Workspace& workspace, F&& f) {
  if (cutters.empty()) {
    const Span all{begin, end};
    return f(std::span(&all, 1));
  }
  constexpr size_t kBlock = 256;
  std::array<Span, kBlock> block;
  const char* base = text.data();
  for (const char* at = base + begin; at < base + end;) {
    Span* out = block.data();
    at = cutters[0](base, at, base + end, out, block.data() + kBlock);
    if (cutters.size() == 1) {
      f(std::span<const Span>(block.data(), out));
      continue;
    }
    auto &words = workspace.words, &parts = workspace.word_parts;
    words.assign(block.data(), out);
    for (size_t i = 1; i < cutters.size(); i++) {
      parts.clear();
      for (const Span word : words) {
        for (const char* p = base + word.begin; p < base + word.end;) {
          out = block.data();
          p = cutters[i](base, p, base + word.end, out, block.data() + kBlock);
          parts.insert(parts.end(), block.data(), out);
        }
      }
      words.swap(parts);
    }
    f(std::span<const Span>(words));
  }
}

// sink.made(piece) for pieces that have their tokens, sink.words(piece, words, spelling) for blocks of words of the
// text of a piece.
template <class Sink>
void Tokenizer::for_each_word(PreTokenizedString& pre, Workspace& workspace, Sink&& sink) const {
  added_.extract_and_normalize(pre, (before_marks_ ? *before_marks_ : normalizer_).get());
  if (cuts_) {
    if (cuts_->rewrite) pre.normalize(cuts_->rewrite);
    for (const auto& piece : pre.pieces()) {
      if (piece.tokens >= 0)
        sink.made(piece);
      else if (piece.begin < piece.end)
        cut_words(cuts_->cutters, pre.text(piece).text(), piece.begin, piece.end, workspace,
                  [&](std::span<const Span> words) { sink.words(piece, words, cuts_->spelling); });
    }
    return;
  }
  pre_tokenizer_->pre_tokenize(pre);
  if (pre.bytes_pending() && !model_->accepts(Spelling::Bytes)) pre.spell_bytes();
  const auto& pieces = pre.pieces();
  auto& words = workspace.words;
  constexpr size_t kMost = 256;
  for (size_t i = 0; i < pieces.size();) {
    if (pieces[i].tokens >= 0) {
      sink.made(pieces[i++]);
      continue;
    }
    const auto& first = pieces[i];
    words.clear();
    for (; i < pieces.size() && pieces[i].tokens < 0 && pieces[i].text == first.text && words.size() < kMost; i++)
      words.push_back({pieces[i].begin, pieces[i].end});
    sink.words(first, words, pre.bytes_pending() ? Spelling::Bytes : Spelling::Vocabulary);
  }
}

}  // namespace ef::tokenizers
