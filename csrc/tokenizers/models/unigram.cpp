// The pieces with the highest sum of scores (log probabilities), found by Viterbi's algorithm.
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <mutex>

#include "tokenizers/mark.h"
#include "tokenizers/models/save.h"
#include "tokenizers/models/simple.h"
#include "tokenizers/models/unigram_path.h"
#include "tokenizers/models/unigram_sample.h"
#include "tokenizers/models/word_loop.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

using Pieces = std::vector<std::pair<std::string, double>>;
constexpr double kUnknownPenalty = 10;

class Unigram : public Model {
  struct Space : Workspace {
    UnigramPath path;
    UnwrittenVector<Token> way;
    void trim() override {
      Workspace::trim();
      Workspace::trim(way);
      path.trim(kKept);
    }
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
    knows_mark_ = vocab_.find(kMark).has_value();
    finder_of(knows_mark_ ? Spelling::Blanks : Spelling::Vocabulary);
    for (int b = 0; b < 256; b++) {
      char name[8];
      std::snprintf(name, sizeof name, "<0x%02X>", b);
      fallback_[b] = vocab_.find(name).value_or(PieceAutomaton::kNone);
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
    std::unique_ptr<Space> own;
    if (!workspace) own = std::make_unique<Space>();
    Space& space = workspace ? static_cast<Space&>(*workspace) : *own;
    auto& way = space.way;
    way.clear();
    bool known = true;  // all of it
    if (sampling_.on()) {
      const auto pieces = sample_pieces(pieces_of(text, finder), size, sampling_);
      for (size_t i = pieces.size(); i-- > 0;) {
        way.push_back({pieces[i].id, pieces[i].begin, pieces[i].end});
        known &= !is_unknown(pieces[i].id);
      }
      return push(text, finder, way, known, out);
    }
    const UnigramPath& path = space.path;
    uint32_t n = space.path.find(finder.pieces, text);
    if (!unk_id_)  // no way to any place may need it
      for (uint32_t i = 1; i <= n; i++) id_of(finder, path.step(i).slot);
    way.resize(n + 1);
    auto first = way.end();
    uint32_t end = path.place(n);
    if (end < size) *--first = {unknown(), end, size}, known = false;
    while (n > 0) {
      const auto [slot, length] = path.step(n);
      const uint32_t id = id_of(finder, slot), begin = path.place(n -= length);
      known &= !is_unknown(id);
      *--first = {id, begin, end};
      end = begin;
    }
    push(text, finder, {first, way.end()}, known, out);
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
  // The pieces in one of the spellings.
  struct Finder {
    PieceAutomaton pieces;
    bool blanks = false;
  };
  // The one for Spelling::Vocabulary is rarely asked for where the other is there.
  const Finder& finder_of(Spelling spelling) const {
    LazyFinder& lazy = (*finders_)[spelling == Spelling::Blanks];
    // Asked for every new word: std::call_once writes variables of the thread even where it has nothing to do.
    if (lazy.made.load(std::memory_order_acquire)) return lazy.finder;
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
      finder.pieces = PieceAutomaton(std::move(keys), scores_, unknown_score_);
      lazy.made.store(true, std::memory_order_release);
    });
    return lazy.finder;
  }
  // Everything that the parts of a text may be.
  std::vector<PieceSpan> pieces_of(std::string_view text, const Finder& finder) const {
    std::vector<PieceSpan> out;
    std::vector<uint32_t> places{0};  // of characters
    PieceAutomaton::Walk walk(finder.pieces);
    for (uint32_t at = 0, end; at < text.size(); at = end) {
      end = at + uint32_t(utf8::length_of(text[at]));
      for (uint32_t i = at; i < end; i++) walk.read(uint8_t(text[i]));
      finder.pieces.for_each_end(walk.state(), [&](uint32_t slot, uint32_t length) {
        const uint32_t id = finder.pieces.id(slot), begin = *(places.end() - length);
        if (id == PieceAutomaton::kNone)
          out.push_back({begin, end, unknown(), unknown_score_});
        else
          out.push_back({begin, end, id, scores_[id]});
      });
      places.push_back(end);
    }
    return out;
  }
  uint32_t unknown() const {
    check<TokenizerError>(unk_id_.has_value(), "Encountered an unknown token but `unk_id` is missing");
    return uint32_t(*unk_id_);
  }
  uint32_t id_of(const Finder& finder, uint32_t slot) const {
    const uint32_t id = finder.pieces.id(slot);
    return id == PieceAutomaton::kNone ? unknown() : id;
  }
  bool is_unknown(uint32_t id) const { return unk_id_ && id == *unk_id_; }
  // Neighbouring unknown pieces become one.
  void push(std::string_view text, const Finder& finder, std::span<const Token> way, bool known,
            std::vector<Token>& out) const {
    if (known) {
      out.insert(out.end(), way.begin(), way.end());
      return;
    }
    for (size_t i = 0; i < way.size();) {
      Token token = way[i++];
      if (!is_unknown(token.id)) {
        out.push_back(token);
        continue;
      }
      while (i < way.size() && is_unknown(way[i].id)) token.end = way[i++].end;
      push_unknown(text, finder, token, out);
    }
  }
  // It may still be a token as a whole, or fall apart into bytes.
  void push_unknown(std::string_view text, const Finder& finder, Token token, std::vector<Token>& out) const {
    if (uint32_t length; !byte_fallback_ && !finder.pieces.begins(text, token.begin, length))
      return out.push_back(token);  // no piece begins so
    std::string respelled;
    std::string_view piece = text.substr(token.begin, token.end - token.begin);
    if (finder.blanks && piece.find(' ') != std::string_view::npos) piece = respelled = blanks_to_marks(piece);
    if (const auto id = vocab_.find(piece)) {
      out.push_back({*id, token.begin, token.end});
      return;
    }
    if (byte_fallback_ && std::all_of(piece.begin(), piece.end(),
                                      [&](char b) { return fallback_[uint8_t(b)] != PieceAutomaton::kNone; })) {
      for (char b : piece) out.push_back({fallback_[uint8_t(b)], token.begin, token.end});
      return;
    }
    out.push_back(token);
  }
  Vocab vocab_;
  std::vector<double> scores_;
  std::optional<uint64_t> unk_id_;
  bool byte_fallback_;
  double unknown_score_ = 0;
  bool knows_mark_ = false;
  struct LazyFinder {
    std::once_flag once;
    std::atomic<bool> made = false;
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
