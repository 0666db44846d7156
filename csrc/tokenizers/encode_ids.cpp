// Tokenizer: from texts to ids and nothing else, the fastest way.
#include <algorithm>
#include <utility>

#include "tokenizers/encode_words.h"
#include "tokenizers/for_all.h"

namespace ef::tokenizers {
namespace {

// Short neighbours of a batch are laid end to end and encoded as one text: there is less to do around them, and the
// word loop has enough words to have what it remembers of them on its way from memory.
constexpr size_t kRun = 4096;              // bytes
constexpr size_t kMostJoined = 16 * kRun;  // once they are normalized
}  // namespace

bool Tokenizer::asks_for_source() const {
  const auto asks = [](const auto& role) { return role && role->needs_source(); };
  // A text that nothing changes before the pre-tokenizer asks knows where it stands.
  const bool unchanged = cuts_ && !(before_marks_ ? *before_marks_ : normalizer_);
  return asks(normalizer_) || (asks(pre_tokenizer_) && !unchanged);
}

std::span<const uint32_t> Tokenizer::encode_ids(std::string_view text, Workspace& workspace) const {
  PreTokenizedString pre(text, asks_for_source());
  struct {
    const PreTokenizedString& pre;
    const Model& model;
    Workspace& workspace;
    WordTokens& out;
    void made(const PreTokenizedString::Piece& piece) {
      for (const Token& token : pre.tokens_of(piece).tokens) out.ids.push_back(token.id);
    }
    void words(const PreTokenizedString::Piece& piece, std::span<const Span> words, Spelling spelling) {
      out.ends.clear();
      tokenize_words(model, pre.text(piece).text(), words, spelling, workspace, false, out);
    }
  } sink{pre, *model_, workspace, workspace.text};
  sink.out.clear();
  for_each_word(pre, workspace, sink);
  return sink.out.ids;
}

bool Tokenizer::encode_joined(std::span<const std::string_view> texts, Workspace& workspace) const {
  const Normalizer* normalizer = (before_marks_ ? *before_marks_ : normalizer_).get();
  std::string& joined = workspace.joined;
  auto& words = workspace.joined_words;
  auto& ends = workspace.text_ends;
  joined.clear(), words.clear(), ends.clear();
  for (const std::string_view text : texts) {
    if (normalizer || cuts_->rewrite) {
      if (added_.may_be_in(text)) return false;
      NormalizedString changed(text, false);
      if (normalizer && !text.empty()) normalizer->normalize(changed);
      if (added_.may_be_in_normalized(changed.text())) return false;
      if (cuts_->rewrite && changed.size()) cuts_->rewrite(changed);
      joined += changed.text();
      if (joined.size() > kMostJoined) return false;
    } else {
      joined += text;
    }
    ends.push_back(uint32_t(joined.size()));
  }
  if (!normalizer && !cuts_->rewrite && (added_.may_be_in(joined) || added_.may_be_in_normalized(joined))) return false;
  uint32_t begin = 0;
  for (uint32_t& end : ends) {
    if (begin < end)
      cut_words(cuts_->cutters, joined, begin, end, workspace,
                [&](std::span<const Span> some) { words.insert(words.end(), some.begin(), some.end()); });
    begin = std::exchange(end, uint32_t(words.size()));
  }
  workspace.text.clear();
  tokenize_words(*model_, joined, words, cuts_->spelling, workspace, false, workspace.text);
  for (uint32_t& end : ends) end = end ? workspace.text.ends[end - 1] : 0;
  return true;
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
  for (const uint32_t id : {kFirst, kSecond}) probe.tokens.push_back({"", {}, id, 0, 0});
  const Encoding framed = tokenizers::post_process(post_processor_.get(), std::move(probe), {}, add_special_tokens);
  const auto& all = framed.tokens;
  const auto is = [&](size_t i, uint32_t id) { return i < all.size() && all[i].id == id; };
  size_t at = 0;
  while (at < all.size() && !is(at, kFirst)) at++;
  const auto known = std::count_if(all.begin(), all.end(), [](auto& token) { return token.id >= kFirst; });
  if (known != 2 || !is(at + 1, kSecond) || framed.n_sequences() != 1 || all[at].type_id != all[at + 1].type_id ||
      !std::all_of(all.begin(), all.end(), [](auto& token) { return token.attention; }))
    return std::nullopt;
  out.type = all[at].type_id;
  for (size_t i = 0; i < all.size(); i++) {
    if (i == at || i == at + 1) continue;
    (i < at ? out.before : out.after).push_back(all[i].id);
    (i < at ? out.types_before : out.types_after).push_back(all[i].type_id);
  }
  return out;
}

Tokenizer::Ids Tokenizer::encode_batch_ids(std::span<const std::string_view> texts, bool add_special_tokens, bool valid,
                                           const Interrupt& interrupt) const {
  const std::optional<Frame> around = frame(add_special_tokens);
  const size_t added = add_special_tokens ? num_special_tokens_to_add(false) : 0;
  const bool can_join = cuts_ && !asks_for_source();
  const auto runs = runs_of(texts.size(), kRun, [&](size_t i) { return texts[i].size(); });
  Ids out;
  out.memory.resize(runs.size());
  out.texts.resize(texts.size());
  const auto work = [&](auto&& next) {
    const Lease lease(*workspaces_, *model_);
    Workspace& workspace = *lease;
    std::vector<size_t> ends;
    for (size_t r; next(r);) {
      const auto some = texts.subspan(runs[r].begin, runs[r].end - runs[r].begin);
      std::vector<uint32_t>& ids = out.memory[r];
      ends.clear();
      const auto put_whole = [&](std::string_view text) {
        const Encoding whole = encode({text, std::nullopt, true}, add_special_tokens, OffsetKind::None);
        for (const EncodedToken& token : whole.tokens) ids.push_back(token.id);
        ends.push_back(ids.size());
      };
      const auto put = [&](std::string_view text, std::span<const uint32_t> made) {
        const auto kept = truncation ? truncation->kept(made, added) : std::optional(made);
        if (!kept) return put_whole(text);
        for (const std::span<const uint32_t> part : {std::span(around->before), *kept, std::span(around->after)})
          ids.insert(ids.end(), part.begin(), part.end());
        ends.push_back(ids.size());
      };
      // Where one of them stands in the way of the others, it is found by halves.
      const auto put_joined = [&](auto& self, std::span<const std::string_view> together) -> void {
        if (together.size() == 1) return put(together[0], encode_ids(together[0], workspace));
        if (!encode_joined(together, workspace)) {
          self(self, together.first(together.size() / 2));
          return self(self, together.subspan(together.size() / 2));
        }
        const std::span<const uint32_t> all = workspace.text.ids;
        ids.reserve(ids.size() + all.size() + together.size() * (around->before.size() + around->after.size()));
        uint32_t begin = 0;
        for (size_t i = 0; i < together.size(); begin = workspace.text_ends[i++])
          put(together[i], all.subspan(begin, workspace.text_ends[i] - begin));
      };
      for (const std::string_view text : some) check_text(text, valid);
      if (!around)
        for (const std::string_view text : some) put_whole(text);
      else if (!can_join)
        for (const std::string_view text : some) put(text, encode_ids(text, workspace));
      else
        put_joined(put_joined, some);
      size_t begin = 0;
      for (size_t i = 0; i < some.size(); begin = ends[i++])
        out.texts[runs[r].begin + i] = std::span(ids).subspan(begin, ends[i] - begin);
    }
  };
  share_out(runs.size(), work, interrupt);
  return out;
}

}  // namespace ef::tokenizers
