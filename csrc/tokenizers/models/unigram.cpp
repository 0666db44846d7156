// The pieces with the highest sum of scores (log probabilities), found by Viterbi's algorithm.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <mutex>

#include "tokenizers/mark.h"
#include "tokenizers/models/char_table.h"
#include "tokenizers/models/prefix_trie.h"
#include "tokenizers/models/save.h"
#include "tokenizers/models/simple.h"
#include "tokenizers/models/unigram_sample.h"
#include "tokenizers/models/word_loop.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

using Pieces = std::vector<std::pair<std::string, double>>;
constexpr double kUnknownPenalty = 10;

class Unigram : public Model {
  struct Node {        // the best way to reach a byte position
    double score = 0;  // not a number: there is none so far
    uint32_t begin = 0, id = 0;
  };
  struct Space : Workspace {
    std::vector<Node> best;
    std::vector<Token> reversed;
  };

 public:
  Unigram(const Pieces& pieces, std::optional<uint64_t> unk_id, bool byte_fallback)
      : unk_id_(unk_id), byte_fallback_(byte_fallback) {
    check<TokenizerError>(!unk_id || !pieces.empty(), "Unigram: The vocabulary is empty but at least <unk> is needed");
    check<TokenizerError>(!unk_id || *unk_id < pieces.size(), "Unigram: The `unk_id` is larger than vocabulary size");
    vocab_.reserve(pieces.size());
    double lowest = INFINITY;
    for (size_t i = 0; i < pieces.size(); i++) {
      vocab_.add(pieces[i].first, uint32_t(i));
      scores_.push_back(pieces[i].second);
      lowest = std::min(lowest, pieces[i].second);
    }
    vocab_.finish("Unigram", Vocab::Equal::Listed);
    unknown_score_ = lowest - kUnknownPenalty;
    knows_mark_ = vocab_.find(kMark).has_value();
    finder(knows_mark_ ? Spelling::Blanks : Spelling::Vocabulary);
    for (int b = 0; b < 256; b++) {
      char name[8];
      std::snprintf(name, sizeof name, "<0x%02X>", b);
      fallback_[b] = vocab_.find(name).value_or(PrefixTrie::kNone);
    }
  }

  std::unique_ptr<Workspace> workspace() const override { return std::make_unique<Space>(); }
  bool accepts(Spelling spelling) const override {
    return spelling == Spelling::Vocabulary || (spelling == Spelling::Blanks && knows_mark_);
  }
  void tokenize(std::string_view text, Spelling spelling, Workspace* workspace,
                std::vector<Token>& out) const override {
    const Finder& finder = this->finder(spelling);
    const uint32_t size = uint32_t(text.size());
    std::optional<Space> own;
    Space& space = workspace ? static_cast<Space&>(*workspace) : own.emplace();
    auto& reversed = space.reversed;
    reversed.clear();
    if (sampling_.on()) {
      for (auto& piece : sample_pieces(pieces_of(text, finder), size, sampling_))
        push_front(reversed, piece.id, piece.begin, piece.end);
      for (size_t i = reversed.size(); i-- > 0;) push(text, spelling, reversed[i], out);
      return;
    }
    space.best.assign(size + 1, Node{std::numeric_limits<double>::quiet_NaN(), 0, 0});
    Node* const best = space.best.data();
    best[0].score = 0;
    const auto offer = [&](uint32_t begin, uint32_t end, uint32_t id, double score) {
      if (!(score <= best[end].score)) best[end] = {score, begin, id};
    };
    for (uint32_t at = 0, n; at < size; at += n) {
      const double so_far = best[at].score;
      const PrefixTrie::Node start = finder.start(text, at, n);
      if (!PrefixTrie::has_value(start)) offer(at, at + n, unknown(), so_far + unknown_score_);
      finder.for_each(text, at, n, start, [&](uint32_t end, uint32_t id) { offer(at, end, id, so_far + scores_[id]); });
    }
    for (uint32_t end = size; end > 0;) {
      const Node& node = best[end];
      push_front(reversed, node.id, node.begin, end);
      end = node.begin;
    }
    for (size_t i = reversed.size(); i-- > 0;) push(text, spelling, reversed[i], out);
  }
  std::optional<uint32_t> literal_id() const override {
    return unk_id_ ? std::optional(uint32_t(*unk_id_)) : std::nullopt;
  }
  const Vocab& vocab() const override { return vocab_; }
  const char* type() const override { return "Unigram"; }
  Json to_json() const override {
    Json pieces = Json::array();
    vocab_.for_each([&](std::string_view token, uint32_t id) {
      Json pair = Json::array();
      pair.push_back(std::string(token));
      pair.push_back(scores_[id]);
      pieces.push_back(std::move(pair));
    });
    Json out{{"type", "Unigram"}, {"unk_id", unk_id_ ? Json(*unk_id_) : Json()}};
    out["vocab"] = std::move(pieces);
    out["byte_fallback"] = byte_fallback_;
    return out;
  }
  std::vector<std::string> save(const std::string& folder, const std::string& prefix) const override {
    return {write_model_file(folder, prefix, "unigram.json", dump(to_json(), true))};
  }

  bool remembers() const override { return !sampling_.on(); }
  UnigramSampling sampling() const { return sampling_; }
  void set_sampling(UnigramSampling sampling) { sampling_ = sampling; }

 private:
  // All pieces that a text begins with, in one of the spellings.
  struct Finder {
    PrefixTrie trie;
    CharTable<PrefixTrie::Node> starts{PrefixTrie::kNowhere};  // where a first character leads
    PrefixTrie::Node start(std::string_view text, uint32_t at, uint32_t& length) const {
      int n;
      const char32_t c = utf8::decode(text.data() + at, n);
      length = uint32_t(n);
      return starts[c];
    }
    // f(end, id), shortest first; `start` and `length` are those of the first character.
    template <class F>
    void for_each(std::string_view text, uint32_t at, uint32_t length, PrefixTrie::Node start, F&& f) const {
      if (start == PrefixTrie::kNowhere) return;
      for (at += length;; at++) {
        if (PrefixTrie::has_value(start)) f(at, PrefixTrie::value_of(start));
        if (at == text.size()) return;
        start = trie.child(start, uint8_t(text[at]));
        if (start == PrefixTrie::kNowhere) return;
      }
    }
  };
  // The one for Spelling::Vocabulary is rarely asked for where the other is there.
  const Finder& finder(Spelling spelling) const {
    LazyFinder& lazy = (*finders_)[spelling == Spelling::Blanks];
    std::call_once(lazy.once, [&] {
      std::vector<std::string> respelled;
      std::vector<std::string_view> keys;
      for (uint32_t i = 0; i < vocab_.id_limit(); i++) keys.push_back(*vocab_.token(i));
      if (spelling == Spelling::Blanks) {
        respelled.reserve(keys.size());
        for (std::string_view& key : keys) {
          // A blank is a mark here: a token with a real one is never met.
          const bool never = key.find(' ') != std::string_view::npos;
          if (!never && key.find(kMark) == std::string_view::npos) continue;
          key = respelled.emplace_back(never ? std::string() : marks_to_blanks(key));
        }
      }
      lazy.finder.trie = PrefixTrie(keys);
      for (const std::string_view key : keys) {
        if (key.empty()) continue;
        int length;
        const char32_t first = utf8::decode(key.data(), length);
        PrefixTrie::Node node = lazy.finder.trie.root();
        for (int i = 0; i < length; i++) node = lazy.finder.trie.child(node, uint8_t(key[size_t(i)]));
        lazy.finder.starts.set(first, node);
      }
    });
    return lazy.finder;
  }
  // The piece before those that are there already; neighbouring unknown ones become one.
  void push_front(std::vector<Token>& reversed, uint32_t id, uint32_t begin, uint32_t end) const {
    if (unk_id_ && id == *unk_id_ && !reversed.empty() && reversed.back().id == id)
      reversed.back().begin = begin;
    else
      reversed.push_back({id, begin, end});
  }
  // Everything that the parts of a text may be.
  std::vector<PieceSpan> pieces_of(std::string_view text, const Finder& finder) const {
    std::vector<PieceSpan> out;
    for (uint32_t at = 0, n; at < text.size(); at += n) {
      const PrefixTrie::Node start = finder.start(text, at, n);
      finder.for_each(text, at, n, start, [&](uint32_t end, uint32_t id) {
        out.push_back({at, end, id, scores_[id]});
      });
      if (!PrefixTrie::has_value(start)) out.push_back({at, at + n, unknown(), unknown_score_});
    }
    return out;
  }
  uint32_t unknown() const {
    check<TokenizerError>(unk_id_.has_value(), "Encountered an unknown token but `unk_id` is missing");
    return uint32_t(*unk_id_);
  }
  // A stretch of unknown characters may still be a token as a whole, or fall apart into bytes.
  void push(std::string_view text, Spelling spelling, Token token, std::vector<Token>& out) const {
    if (!unk_id_ || token.id != *unk_id_) return out.push_back(token);
    std::string respelled;
    std::string_view piece = text.substr(token.begin, token.end - token.begin);
    if (spelling == Spelling::Blanks && piece.find(' ') != std::string_view::npos)
      piece = respelled = blanks_to_marks(piece);
    if (const auto id = vocab_.find(piece)) {
      out.push_back({*id, token.begin, token.end});
      return;
    }
    if (byte_fallback_ &&
        std::all_of(piece.begin(), piece.end(), [&](char b) { return fallback_[uint8_t(b)] != PrefixTrie::kNone; })) {
      for (char b : piece) out.push_back({fallback_[uint8_t(b)], token.begin, token.end});
      return;
    }
    out.push_back({unknown(), token.begin, token.end});
  }
  Vocab vocab_;
  std::vector<double> scores_;
  std::optional<uint64_t> unk_id_;
  bool byte_fallback_;
  double unknown_score_ = 0;
  bool knows_mark_ = false;
  struct LazyFinder {
    std::once_flag once;
    Finder finder;
  };
  std::shared_ptr<std::array<LazyFinder, 2>> finders_ = std::make_shared<std::array<LazyFinder, 2>>();
  uint32_t fallback_[256];
  UnigramSampling sampling_;
};

}  // namespace

ModelPtr make_unigram(const Pieces& pieces, std::optional<uint64_t> unk_id, bool byte_fallback) {
  return std::make_shared<Unigram>(pieces, unk_id, byte_fallback);
}

UnigramSampling unigram_sampling(const Model& model) {
  const auto* unigram = dynamic_cast<const Unigram*>(&model);
  return unigram ? unigram->sampling() : UnigramSampling{};
}

ModelPtr with_sampling(const Model& model, UnigramSampling sampling) {
  const auto* unigram = dynamic_cast<const Unigram*>(&model);
  check<TokenizerError>(unigram != nullptr, "alpha and nbest_size are of a Unigram, not of a ", model.type());
  auto out = std::make_shared<Unigram>(*unigram);
  out->set_sampling(sampling);
  return out;
}

ModelPtr read_unigram(const ModelSource& source) {
  const std::string where = source.where + ": Unigram";
  Pieces pieces;
  JsonReader reader = source.reader("vocab");
  reader.begin_array();
  while (reader.next_item()) {
    reader.begin_array();
    if (!reader.next_item()) reader.error("a piece must be a text and its score");
    std::string piece(reader.string());
    if (!reader.next_item()) reader.error("a piece must be a text and its score");
    const double score = reader.number();
    if (reader.next_item()) reader.error("a piece must be a text and its score");
    pieces.emplace_back(std::move(piece), score);
  }
  std::optional<uint64_t> unk_id;
  if (find(source.fields, "unk_id")) unk_id = get_unsigned(source.fields, "unk_id", where);
  return make_unigram(pieces, unk_id,
                      has(source.fields, "byte_fallback") && get_bool(source.fields, "byte_fallback", where));
}

}  // namespace ef::tokenizers
