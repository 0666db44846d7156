// The pieces with the highest sum of scores (log probabilities), found by Viterbi's algorithm.
#include <algorithm>
#include <array>
#include <cmath>
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
constexpr double kFinite = 1e200;  // adding unknown pieces to a better score than minus this ends in no infinity

class Unigram : public Model {
  struct Best {  // way to reach a byte position
    double score = -INFINITY;
    uint64_t piece = 0;  // where it begins (upper half), its id
  };
  struct Space : Workspace {
    std::vector<Best> best;
    std::string padded;
    std::vector<Token> reversed;
  };

 public:
  // The ids of the vocabulary are the places of the scores; it is not finished yet.
  Unigram(Vocab vocab, std::vector<double> scores, std::optional<uint64_t> unk_id, bool byte_fallback)
      : vocab_(std::move(vocab)), scores_(std::move(scores)), unk_id_(unk_id), byte_fallback_(byte_fallback) {
    check<TokenizerError>(!unk_id || !scores_.empty(), "Unigram: The vocabulary is empty but at least <unk> is needed");
    check<TokenizerError>(!unk_id || *unk_id < scores_.size(), "Unigram: The `unk_id` is larger than vocabulary size");
    double lowest = INFINITY;
    for (const double score : scores_) lowest = std::min(lowest, score);
    vocab_.finish("Unigram", Vocab::Equal::Listed);
    unknown_score_ = lowest - kUnknownPenalty;
    none_ = uint32_t(scores_.size());
    scores_.push_back(-INFINITY);
    nowhere_ = PrefixTrie::with_value(PrefixTrie::kNowhere, none_);
    knows_mark_ = vocab_.find(kMark).has_value();
    finder_of(knows_mark_ ? Spelling::Blanks : Spelling::Vocabulary);
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
    const Finder& finder = finder_of(spelling);
    const uint32_t size = uint32_t(text.size());
    std::optional<Space> own;
    Space& space = workspace ? static_cast<Space&>(*workspace) : own.emplace();
    auto& reversed = space.reversed;
    reversed.clear();
    if (sampling_.on()) {
      for (auto& piece : sample_pieces(pieces_of(text, finder), size, sampling_))
        push_front(reversed, piece.id, piece.begin, piece.end);
      for (size_t i = reversed.size(); i-- > 0;) push(text, finder, reversed[i], out);
      return;
    }
    constexpr uint32_t kStride = 3;
    space.best.assign(size + 1 + kStride, Best{});
    space.padded.assign(text).append(kStride, '\xff');  // which no piece has
    const char* const bytes = space.padded.data();
    Best* const best = space.best.data();
    best[0].score = 0;
    // Whether a piece is better, whether there is a piece here and another byte leads on is anybody's guess: so all of
    // that is without branches, a few bytes at a time.
    const auto offer = [&](uint32_t end, double score, uint64_t piece) {
      Best& old = best[end];
      const uint64_t better = -uint64_t(score > old.score);
      old.score = score > old.score ? score : old.score;
      old.piece ^= (old.piece ^ piece) & better;
    };
    uint32_t walked = 0;    // no piece reaches beyond this
    uint32_t known = size;  // from here on nothing but characters that begin no piece
    for (uint32_t at = 0, n; at < size; at += n) {
      const uint64_t begin = uint64_t(at) << 32;
      const double so_far = best[at].score;
      PrefixTrie::Node node = finder.start(text, at, n);
      if (node == nowhere_ && at >= walked && so_far > -kFinite && unknown_score_ > -kFinite) {
        n = run_of_unknown(text, finder, at, n);
        if (at + n == size) {
          known = at;
          break;
        }
        for (uint32_t i = at, next; i < at + n; i = next) {
          next = i + uint32_t(utf8::length_of(text[i]));
          offer(next, best[i].score + unknown_score_, uint64_t(i) << 32 | unknown());
        }
        continue;
      }
      if (const uint32_t id = PrefixTrie::value_of(node); id != none_)
        offer(at + n, so_far + scores_[id], begin | id);
      else
        offer(at + n, so_far + unknown_score_, begin | unknown());
      uint32_t end = at + n;
      while (node != nowhere_)
#pragma GCC unroll 4
        for (uint32_t i = 0; i < kStride; i++) {
          node = finder.child(node, uint8_t(bytes[end++]), nowhere_);
          const uint32_t id = PrefixTrie::value_of(node);
          offer(end, so_far + scores_[id], begin | id);
        }
      walked = std::max(walked, end);
    }
    if (known < size) push_front(reversed, unknown(), known, size);
    for (uint32_t end = known; end > 0;) {
      const uint32_t begin = uint32_t(best[end].piece >> 32);
      check<TokenizerError>(begin < end, "Unigram: scores beyond all numbers");
      push_front(reversed, uint32_t(best[end].piece), begin, end);
      end = begin;
    }
    for (size_t i = reversed.size(); i-- > 0;) push(text, finder, reversed[i], out);
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
  // Nodes that are no piece have the value none_, whose score nothing falls below.
  struct Finder {
    BigVector<PrefixTrie::Node> nodes;   // those of a PrefixTrie
    CharTable<PrefixTrie::Node> starts;  // where a first character leads
    bool blanks = false;
    PrefixTrie::Node start(std::string_view text, uint32_t at, uint32_t& length) const {
      int n;
      const char32_t c = utf8::decode(text.data() + at, n);
      length = uint32_t(n);
      return starts[c];
    }
    PrefixTrie::Node child(PrefixTrie::Node node, uint8_t byte, PrefixTrie::Node nowhere) const {
      const PrefixTrie::Node next = nodes[PrefixTrie::place(node, byte)];
      return nowhere ^ ((nowhere ^ next) & -uint64_t(PrefixTrie::reached_by(next, byte)));
    }
  };
  // The one for Spelling::Vocabulary is rarely asked for where the other is there.
  const Finder& finder_of(Spelling spelling) const {
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
      Finder& finder = lazy.finder;
      finder.blanks = spelling == Spelling::Blanks;
      finder.nodes = PrefixTrie(keys).nodes();
      for (PrefixTrie::Node& node : finder.nodes)
        if (!PrefixTrie::has_value(node)) node = PrefixTrie::with_value(node, none_);
      finder.starts = CharTable(nowhere_);
      for (const std::string_view key : keys) {
        if (key.empty()) continue;
        int length;
        const char32_t first = utf8::decode(key.data(), length);
        PrefixTrie::Node node = finder.nodes[0];
        for (int i = 0; i < length; i++) node = finder.child(node, uint8_t(key[size_t(i)]), nowhere_);
        finder.starts.set(first, node);
      }
    });
    return lazy.finder;
  }
  // Length of the characters from `at` on that begin no piece, the first of which takes n bytes.
  uint32_t run_of_unknown(std::string_view text, const Finder& finder, uint32_t at, uint32_t n) const {
    uint32_t end = at + n;
    while (end < text.size() && finder.start(text, end, n) == nowhere_) end += n;
    return end - at;
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
      PrefixTrie::Node node = finder.start(text, at, n);
      const bool single = PrefixTrie::value_of(node) != none_;
      for (uint32_t end = at + n; node != nowhere_; end++) {
        if (const uint32_t id = PrefixTrie::value_of(node); id != none_) out.push_back({at, end, id, scores_[id]});
        node = end < text.size() ? finder.child(node, uint8_t(text[end]), nowhere_) : nowhere_;
      }
      if (!single) out.push_back({at, at + n, unknown(), unknown_score_});
    }
    return out;
  }
  uint32_t unknown() const {
    check<TokenizerError>(unk_id_.has_value(), "Encountered an unknown token but `unk_id` is missing");
    return uint32_t(*unk_id_);
  }
  // A stretch of unknown characters may still be a token as a whole, or fall apart into bytes.
  void push(std::string_view text, const Finder& finder, Token token, std::vector<Token>& out) const {
    if (!unk_id_ || token.id != *unk_id_) return out.push_back(token);
    if (uint32_t length; !byte_fallback_ && finder.start(text, token.begin, length) == nowhere_)
      return out.push_back(token);  // no piece begins so
    std::string respelled;
    std::string_view piece = text.substr(token.begin, token.end - token.begin);
    if (finder.blanks && piece.find(' ') != std::string_view::npos) piece = respelled = blanks_to_marks(piece);
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
  uint32_t none_ = 0;  // the id after the last one
  PrefixTrie::Node nowhere_ = PrefixTrie::kNowhere;
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
  Vocab vocab;
  std::vector<double> scores;
  vocab.reserve(pieces.size());
  for (const auto& [piece, score] : pieces) {
    vocab.add(piece, uint32_t(scores.size()));
    scores.push_back(score);
  }
  return std::make_shared<Unigram>(std::move(vocab), std::move(scores), unk_id, byte_fallback);
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
  Vocab vocab;
  std::vector<double> scores;
  JsonReader reader = source.reader("vocab");
  reader.begin_array();
  while (reader.next_item()) {
    reader.begin_array();
    if (!reader.next_item()) reader.error("a piece must be a text and its score");
    vocab.add(reader.string(), uint32_t(scores.size()));
    if (!reader.next_item()) reader.error("a piece must be a text and its score");
    scores.push_back(reader.number());
    if (reader.next_item()) reader.error("a piece must be a text and its score");
  }
  std::optional<uint64_t> unk_id;
  if (find(source.fields, "unk_id")) unk_id = get_unsigned(source.fields, "unk_id", where);
  return std::make_shared<Unigram>(
      std::move(vocab), std::move(scores), unk_id,
      has(source.fields, "byte_fallback") && get_bool(source.fields, "byte_fallback", where));
}

}  // namespace ef::tokenizers
