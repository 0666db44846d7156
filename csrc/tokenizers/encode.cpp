// Tokenizer: from texts to encodings or ids, one by one and in batches.
#include <algorithm>
#include <array>

#include "tokenizers/char_index.h"
#include "tokenizers/for_all.h"
#include "tokenizers/mark.h"
#include "tokenizers/tokenizer.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

constexpr size_t kBlock = 256;  // words at a time, so that they stay in the nearest cache

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

void check_text(std::string_view text, bool valid) {
  check<TokenizerError>(text.size() < UINT32_MAX / 2, "encode: a text of ", text.size(),
                        " bytes, at most 2 GB are possible");
  if (valid) return;
  if (const size_t bad = utf8::find_invalid(text); bad != std::string_view::npos)
    fail<TokenizerError>("encode: the text is not valid UTF-8 at byte ", bad);
}
void check_input(const EncodeInput& input) {
  const auto check_part = [&](const InputText& part) {
    if (const auto* text = std::get_if<std::string_view>(&part)) return check_text(*text, input.valid);
    for (const std::string_view word : std::get<std::vector<std::string_view>>(part)) check_text(word, input.valid);
  };
  check_part(input.text);
  if (input.pair) check_part(*input.pair);
}

// Cuts text[begin, end) by all cutters in turn; f(words), in blocks.
template <class F>
void cut_words(const std::vector<Cutter>& cutters, std::string_view text, uint32_t begin, uint32_t end, F&& f) {
  if (cutters.empty()) {
    const Span all{begin, end};
    return f(std::span(&all, 1));
  }
  std::array<Span, kBlock> block;
  std::vector<Span> words, parts;
  const char* base = text.data();
  for (const char* at = base + begin; at < base + end;) {
    Span* out = block.data();
    at = cutters[0](base, at, base + end, out, block.data() + kBlock);
    if (cutters.size() == 1) {
      f(std::span<const Span>(block.data(), out));
      continue;
    }
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
}  // namespace

// sink.added(piece) for added tokens, sink.words(piece, words, spelling) for blocks of words of the text of a piece.
template <class Sink>
void Tokenizer::for_each_word(PreTokenizedString& pre, Workspace& workspace, Sink&& sink) const {
  added_.extract_and_normalize(pre, (before_marks_ ? *before_marks_ : normalizer_).get());
  if (cuts_) {
    if (cuts_->rewrite) pre.normalize(cuts_->rewrite);
    for (const auto& piece : pre.pieces()) {
      if (piece.tokens >= 0)
        sink.added(piece);
      else if (piece.begin < piece.end)
        cut_words(cuts_->cutters, pre.text(piece).text(), piece.begin, piece.end,
                  [&](std::span<const Span> words) { sink.words(piece, words, cuts_->spelling); });
    }
    return;
  }
  pre_tokenizer_->pre_tokenize(pre);
  if (pre.bytes_pending() && !model_->accepts(Spelling::Bytes)) pre.spell_bytes();
  const auto& pieces = pre.pieces();
  std::vector<Span> words;
  for (size_t i = 0; i < pieces.size();) {
    if (pieces[i].tokens >= 0) {
      sink.added(pieces[i++]);
      continue;
    }
    const auto& first = pieces[i];
    words.clear();
    for (; i < pieces.size() && pieces[i].tokens < 0 && pieces[i].text == first.text && words.size() < kBlock; i++)
      words.push_back({pieces[i].begin, pieces[i].end});
    sink.words(first, words, pre.bytes_pending() ? Spelling::Bytes : Spelling::Vocabulary);
  }
}

std::vector<uint32_t>& Tokenizer::encode_ids(std::string_view text, Workspace& workspace) const {
  const auto asks = [](const auto& role) { return role && role->needs_source(); };
  // A text that nothing changes before the pre-tokenizer asks knows where it stands.
  const bool unchanged = cuts_ && !(before_marks_ ? *before_marks_ : normalizer_);
  PreTokenizedString pre(text, asks(normalizer_) || (asks(pre_tokenizer_) && !unchanged));
  struct {
    const PreTokenizedString& pre;
    const Model& model;
    Workspace& workspace;
    WordTokens& out;
    void added(const PreTokenizedString::Piece& piece) { out.ids.push_back(pre.tokens_of(piece)[0].id); }
    void words(const PreTokenizedString::Piece& piece, std::span<const Span> words, Spelling spelling) {
      tokenize_words(model, pre.text(piece).text(), words, spelling, workspace, false, out);
    }
  } sink{pre, *model_, workspace, workspace.text};
  sink.out.ids.clear();
  for_each_word(pre, workspace, sink);
  return sink.out.ids;
}

namespace {
// Collects what an encoding says of its tokens.
struct EncodingSink {
  PreTokenizedString& pre;
  const Model& model;
  Workspace& workspace;
  OffsetKind kind;
  CharCursor chars;
  std::optional<uint32_t> word;  // of all, when the caller counts the words
  Encoding out;
  const Vocab& vocab = model.vocab();
  uint32_t count = 0;
  WordTokens made = {};

  using Piece = PreTokenizedString::Piece;
  void push(uint32_t id, std::string_view name, Span source) {
    out.ids.push_back(id);
    out.tokens.push_back(name);
    out.offsets.push_back(kind == OffsetKind::Chars ? chars(source) : source);
    out.words.push_back(word.value_or(count));
  }
  void added(const Piece& piece) {
    const Token& token = pre.tokens_of(piece)[0];
    const std::string_view shown = pre.text_of(piece);
    std::string_view name = model.id_to_token(token.id).value_or(std::string_view());
    if (name != shown) name = out.own(std::string(shown));
    push(token.id, name, pre.source(piece, token.begin, token.end));
    count++;
  }
  void words(const Piece& first, std::span<const Span> words, Spelling spelling) {
    made.ids.clear(), made.spans.clear(), made.ends.clear();
    const NormalizedString& from = pre.text(first);
    const std::string_view text = from.text();
    tokenize_words(model, text, words, spelling, workspace, true, made);
    const size_t before = out.ids.size(), n = before + made.ids.size();
    out.ids.insert(out.ids.end(), made.ids.begin(), made.ids.end());
    out.tokens.resize(n), out.offsets.resize(n), out.words.resize(n);
    std::string_view* name = out.tokens.data() + before;
    for (uint32_t id : made.ids) *name++ = vocab.token(id).value_or(std::string_view());
    uint32_t* number = out.words.data() + before;
    Span* offset = out.offsets.data() + before;
    const bool as_it_is = !from.changed() && text.data() == pre.original().data() &&
                          (kind == OffsetKind::Bytes ? utf8::is_ascii(text) : chars.ascii());
    for (size_t w = 0, i = 0; w < words.size(); w++, count++) {
      const bool whole = first.whole && words[w] == Span{first.begin, first.end};
      const Piece piece{first.text, words[w].begin, words[w].end, -1, whole};
      for (; i < made.ends[w]; i++) {
        const Span at = made.spans[i];
        *number++ = word.value_or(count);
        if (as_it_is && at.begin < at.end && at.end <= piece.end) {
          *offset++ = at;
          continue;
        }
        const Span source = pre.source(piece, at.begin - piece.begin, at.end - piece.begin);
        *offset++ = kind == OffsetKind::Chars ? chars(source) : source;
      }
    }
    if (const auto literal = model.literal_id())  // shown as it stands in the text
      for (size_t i = 0; i < made.ids.size(); i++)
        if (made.ids[i] == literal) {
          std::string shown(text.substr(made.spans[i].begin, made.spans[i].end - made.spans[i].begin));
          if (spelling == Spelling::Blanks) shown = blanks_to_marks(shown);
          if (std::string_view& name = out.tokens[before + i]; shown != name) name = out.own(std::move(shown));
        }
  }
};
}  // namespace

Encoding Tokenizer::encode_text(std::string_view text, std::optional<uint32_t> word, uint32_t type_id, OffsetKind kind,
                                Workspace& workspace) const {
  Encoding out;
  if (kind == OffsetKind::None) {
    out.ids = encode_ids(text, workspace);
    const size_t n = out.size();
    out.type_ids.assign(n, 0);
    out.words.assign(n, kNoWord);
    out.offsets.resize(n);
    out.tokens.resize(n);
  } else {
    PreTokenizedString pre(text);
    EncodingSink sink{pre, *model_, workspace, kind, CharCursor(text), word, {}};
    sink.out.keep(model_);
    sink.out.reserve(text.size() / 4 + 8);
    for_each_word(pre, workspace, sink);
    out = std::move(sink.out);
    out.type_ids.assign(out.size(), type_id);
  }
  out.special_tokens_mask.assign(out.size(), 0);
  out.attention_mask.assign(out.size(), 1);
  return out;
}

Encoding Tokenizer::encode_sequence(const InputText& input, uint32_t type_id, OffsetKind offsets,
                                    Workspace& workspace) const {
  if (const auto* text = std::get_if<std::string_view>(&input))
    return encode_text(*text, {}, type_id, offsets, workspace);
  Encoding out;
  uint32_t i = 0;
  for (std::string_view word : std::get<std::vector<std::string_view>>(input))
    out.merge_with(encode_text(word, i++, type_id, offsets, workspace), false);
  return out;
}

Encoding Tokenizer::encode_one(const EncodeInput& input, bool add_special_tokens, OffsetKind offsets,
                               Workspace& workspace) const {
  check_input(input);
  Encoding first = encode_sequence(input.text, 0, offsets, workspace);
  std::optional<Encoding> pair;
  if (input.pair) pair = encode_sequence(*input.pair, 1, offsets, workspace);
  return post_process(std::move(first), std::move(pair), add_special_tokens);
}

Encoding Tokenizer::encode(const EncodeInput& input, bool add_special_tokens, OffsetKind offsets) const {
  const Lease lease(*workspaces_, *model_);
  return encode_one(input, add_special_tokens, offsets, *lease);
}

std::vector<Encoding> Tokenizer::encode_batch(const std::vector<EncodeInput>& inputs, bool add_special_tokens,
                                              OffsetKind offsets) const {
  std::vector<Encoding> out(inputs.size());
  share_out(inputs.size(), [&](auto&& next) {
    const Lease workspace(*workspaces_, *model_);
    for (size_t i; next(i);) out[i] = encode_one(inputs[i], add_special_tokens, offsets, *workspace);
  });
  if (padding) padding->apply(out);
  return out;
}

bool Tokenizer::repeats() const {
  return model_->remembers() && !(normalizer_ && normalizer_->needs_source()) &&
         (cuts_ || !pre_tokenizer_ || !pre_tokenizer_->needs_source());
}

// Found out with a text of two tokens that nothing else can be.
std::optional<Tokenizer::Frame> Tokenizer::frame(bool add_special_tokens) const {
  Frame out;
  if (!post_processor_) return out;
  constexpr uint32_t kFirst = UINT32_MAX - 1, kSecond = UINT32_MAX;
  Encoding probe;
  for (const uint32_t id : {kFirst, kSecond}) probe.push(id, "", {}, 0, 0, 0, 1);
  const Encoding framed = tokenizers::post_process(post_processor_.get(), std::move(probe), {}, add_special_tokens);
  const auto first = std::find(framed.ids.begin(), framed.ids.end(), kFirst);
  const size_t at = size_t(first - framed.ids.begin());
  const auto ends_with_it = [&](size_t i) { return i < framed.size() && framed.ids[i] == kSecond; };
  const size_t known =
      size_t(std::count_if(framed.ids.begin(), framed.ids.end(), [](auto id) { return id >= kFirst; }));
  if (known != 2 || !ends_with_it(at + 1) || framed.n_sequences() != 1 ||
      std::count(framed.attention_mask.begin(), framed.attention_mask.end(), 1u) != ptrdiff_t(framed.size()))
    return std::nullopt;
  out.type = framed.type_ids[at];
  if (framed.type_ids[at + 1] != out.type) return std::nullopt;
  const auto part = [&](const std::vector<uint32_t>& all, size_t begin, size_t end) {
    return std::vector<uint32_t>(all.begin() + ptrdiff_t(begin), all.begin() + ptrdiff_t(end));
  };
  out.before = part(framed.ids, 0, at), out.types_before = part(framed.type_ids, 0, at);
  out.after = part(framed.ids, at + 2, framed.size()), out.types_after = part(framed.type_ids, at + 2, framed.size());
  return out;
}

Tokenizer::Ids Tokenizer::encode_batch_ids(const std::vector<EncodeInput>& inputs, bool add_special_tokens) const {
  Ids out;
  out.texts.resize(inputs.size());
  const std::optional<Frame> around = frame(add_special_tokens);
  const size_t added = add_special_tokens ? num_special_tokens_to_add(false) : 0;
  share_out(inputs.size(), [&](auto&& next) {
    const Lease workspace(*workspaces_, *model_);
    for (size_t i; next(i);) {
      const EncodeInput& input = inputs[i];
      const auto* text = std::get_if<std::string_view>(&input.text);
      if (around && text && !input.pair) {
        check_input(input);
        std::vector<uint32_t>& ids = encode_ids(*text, *workspace);
        if (!truncation || truncation->cut(ids, added)) {
          std::vector<uint32_t>& whole = out.texts[i];  // of its own size: scratch memory has room for far more
          whole.reserve(around->before.size() + ids.size() + around->after.size());
          const std::vector<uint32_t>* const parts[] = {&around->before, &ids, &around->after};
          for (const auto* part : parts) whole.insert(whole.end(), part->begin(), part->end());
          continue;
        }
      }
      out.texts[i] = encode_one(input, add_special_tokens, OffsetKind::None, *workspace).ids;
    }
  });
  size_t longest = 0;
  for (auto& ids : out.texts) out.lengths.push_back(ids.size()), longest = std::max(longest, ids.size());
  if (padding)
    for (auto& ids : out.texts) padding->apply(ids, longest);
  for (auto& ids : out.texts) out.total += ids.size();
  return out;
}

}  // namespace ef::tokenizers
