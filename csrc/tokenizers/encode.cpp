// Tokenizer: from texts to encodings, one by one and in batches.
#include "tokenizers/char_index.h"
#include "tokenizers/encode_words.h"
#include "tokenizers/for_all.h"
#include "tokenizers/mark.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

void check_text(std::string_view text, bool valid) {
  check<TokenizerError>(text.size() < UINT32_MAX / 2, "encode: a text of ", text.size(),
                        " bytes, at most 2 GB are possible");
  if (valid) return;
  if (const size_t bad = utf8::find_invalid(text); bad != std::string_view::npos)
    fail<TokenizerError>("encode: the text is not valid UTF-8 at byte ", bad);
}

namespace {
void check_input(const EncodeInput& input) {
  const auto check_part = [&](const InputText& part) {
    if (const auto* text = std::get_if<std::string_view>(&part)) return check_text(*text, input.valid);
    for (const std::string_view word : std::get<std::vector<std::string_view>>(part)) check_text(word, input.valid);
  };
  check_part(input.text);
  if (input.pair) check_part(*input.pair);
}

size_t size_of(const InputText& text) {
  if (const auto* one = std::get_if<std::string_view>(&text)) return one->size();
  size_t sum = 0;
  for (const std::string_view word : std::get<std::vector<std::string_view>>(text)) sum += word.size() + 1;
  return sum;
}

// Collects what an encoding says of its tokens.
struct EncodingSink {
  PreTokenizedString& pre;
  const Model& model;
  Workspace& workspace;
  OffsetKind kind;
  uint32_t type_id;
  CharCursor chars;
  std::optional<uint32_t> word;  // of all, when the caller counts the words
  Encoding out;
  const Vocab& vocab = model.vocab();
  uint32_t count = 0;

  using Piece = PreTokenizedString::Piece;
  Piece kept{0, 1, 0};  // holds no other
  std::string_view kept_text = {};

  // The text of a piece as the encoding's own, once for pieces inside of one: added tokens that take the white space
  // behind them may be many at the ends of the same run.
  std::string_view keep(const Piece& piece) {
    if (piece.text != kept.text || piece.begin < kept.begin || piece.end > kept.end)
      kept = piece, kept_text = out.own(std::string(pre.text_of(piece)));
    return kept_text.substr(piece.begin - kept.begin, piece.end - piece.begin);
  }
  void made(const Piece& piece) {
    const auto& tokens = pre.tokens_of(piece).tokens;
    for (size_t i = 0; i < tokens.size(); i++) {
      const Token& token = tokens[i];
      const std::string_view shown = pre.text_of(piece, i);
      std::string_view name = vocab.token(token.id).value_or(std::string_view());
      if (name != shown) name = pre.tokens_of(piece).texts.empty() ? keep(piece) : out.own(std::string(shown));
      const Span source = pre.source(piece, token.begin, token.end);
      out.tokens.push_back(
          {name, kind == OffsetKind::Chars ? chars(source) : source, token.id, type_id, word.value_or(count)});
    }
    count++;
  }
  void words(const Piece& first, std::span<const Span> words, Spelling spelling) {
    WordTokens& made = workspace.text;
    made.clear();
    const NormalizedString& from = pre.text(first);
    const std::string_view text = from.text();
    tokenize_words(model, text, words, spelling, workspace, true, made);
    const size_t before = out.size();
    out.tokens.resize(before + made.ids.size());
    EncodedToken* next = out.tokens.data() + before;
    const bool as_it_is = !from.changed() && text.data() == pre.original().data() &&
                          (kind == OffsetKind::Bytes ? utf8::is_ascii(text) : chars.ascii());
    for (size_t w = 0, i = 0; w < words.size(); w++, count++) {
      const bool whole = first.whole && words[w] == Span{first.begin, first.end};
      const Piece piece{first.text, words[w].begin, words[w].end, -1, whole};
      for (; i < made.ends[w]; i++, next++) {
        Span at = made.spans[i];
        if (!(as_it_is && at.begin < at.end && at.end <= piece.end)) {
          at = pre.source(piece, at.begin - piece.begin, at.end - piece.begin);
          if (kind == OffsetKind::Chars) at = chars(at);
        }
        const uint32_t id = made.ids[i];
        *next = {vocab.token(id).value_or(std::string_view()), at, id, type_id, word.value_or(count)};
      }
    }
    if (const auto literal = model.literal_id())  // shown as it stands in the text
      for (size_t i = 0; i < made.ids.size(); i++)
        if (made.ids[i] == literal) {
          std::string shown(text.substr(made.spans[i].begin, made.spans[i].end - made.spans[i].begin));
          if (spelling == Spelling::Blanks) shown = blanks_to_marks(shown);
          if (std::string_view& name = out.tokens[before + i].text; shown != name) name = out.own(std::move(shown));
        }
  }
};
}  // namespace

Encoding Tokenizer::encode_text(std::string_view text, std::optional<uint32_t> word, uint32_t type_id, OffsetKind kind,
                                Workspace& workspace) const {
  if (kind == OffsetKind::None) {
    Encoding out;
    const auto ids = encode_ids(text, workspace);
    out.tokens.reserve(ids.size());
    for (const uint32_t id : ids) out.tokens.push_back({{}, {}, id});
    return out;
  }
  PreTokenizedString pre(text);
  EncodingSink sink{pre, *model_, workspace, kind, type_id, CharCursor(text), word, {}};
  sink.out.keep(model_);
  for_each_word(pre, workspace, sink);
  return std::move(sink.out);
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
                                              OffsetKind offsets, const Interrupt& interrupt) const {
  constexpr size_t kRun = 4096;  // bytes; short neighbours are one task
  const auto runs = runs_of(inputs.size(), kRun, [&](size_t i) {
    return size_of(inputs[i].text) + (inputs[i].pair ? size_of(*inputs[i].pair) : 0);
  });
  std::vector<Encoding> out(inputs.size());
  const auto work = [&](auto&& next) {
    const Lease workspace(*workspaces_, *model_);
    for (size_t r; next(r);)
      for (size_t i = runs[r].begin; i < runs[r].end; i++)
        out[i] = encode_one(inputs[i], add_special_tokens, offsets, *workspace);
  };
  share_out(runs.size(), work, interrupt);
  if (padding) padding->apply(out);
  return out;
}

}  // namespace ef::tokenizers
