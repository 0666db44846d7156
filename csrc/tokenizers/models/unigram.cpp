// The pieces with the highest sum of scores (log probabilities), found by Viterbi's algorithm.
#include <algorithm>
#include <cmath>

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
  struct Node {  // the best way to reach a byte position
    double score = 0;
    uint32_t begin = PrefixTrie::kNone, id = 0;
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
    std::vector<std::string_view> keys;
    for (uint32_t i = 0; i < pieces.size(); i++) keys.push_back(*vocab_.token(i));
    trie_ = PrefixTrie(keys);
    for (int b = 0; b < 256; b++) {
      char name[8];
      std::snprintf(name, sizeof name, "<0x%02X>", b);
      fallback_[b] = vocab_.find(name).value_or(PrefixTrie::kNone);
    }
  }

  std::unique_ptr<Workspace> workspace() const override { return std::make_unique<Space>(); }
  void tokenize(std::string_view text, bool, Workspace* workspace, std::vector<Token>& out) const override {
    const uint32_t size = uint32_t(text.size());
    std::optional<Space> own;
    Space& space = workspace ? static_cast<Space&>(*workspace) : own.emplace();
    auto& reversed = space.reversed;
    reversed.clear();
    if (sampling_.on()) {
      for (auto& piece : sample_pieces(pieces_of(text), size, sampling_))
        push_front(reversed, piece.id, piece.begin, piece.end);
      for (size_t i = reversed.size(); i-- > 0;) push(text, reversed[i], out);
      return;
    }
    auto& best = space.best;
    best.assign(size + 1, Node{});
    const auto offer = [&](uint32_t begin, uint32_t end, uint32_t id, double score) {
      Node& node = best[end];
      if (node.begin == PrefixTrie::kNone || score > node.score) node = {score, begin, id};
    };
    for (uint32_t at = 0, n; at < size; at += n) {
      n = uint32_t(utf8::length_of(text[at]));
      const double so_far = best[at].score;
      bool single = false;
      trie_.for_each_prefix(text.substr(at), [&](uint32_t length, uint32_t id) {
        offer(at, at + length, id, so_far + scores_[id]);
        single |= length == n;
      });
      if (!single) offer(at, at + n, unknown(), so_far + unknown_score_);
    }
    for (uint32_t end = size; end > 0;) {
      const Node& node = best[end];
      push_front(reversed, node.id, node.begin, end);
      end = node.begin;
    }
    for (size_t i = reversed.size(); i-- > 0;) push(text, reversed[i], out);
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
  // The piece before those that are there already; neighbouring unknown ones become one.
  void push_front(std::vector<Token>& reversed, uint32_t id, uint32_t begin, uint32_t end) const {
    if (unk_id_ && id == *unk_id_ && !reversed.empty() && reversed.back().id == id)
      reversed.back().begin = begin;
    else
      reversed.push_back({id, begin, end});
  }
  // Everything that the parts of a text may be.
  std::vector<PieceSpan> pieces_of(std::string_view text) const {
    std::vector<PieceSpan> out;
    for (uint32_t at = 0, n; at < text.size(); at += n) {
      n = uint32_t(utf8::length_of(text[at]));
      bool single = false;
      trie_.for_each_prefix(text.substr(at), [&](uint32_t length, uint32_t id) {
        out.push_back({at, at + length, id, scores_[id]});
        single |= length == n;
      });
      if (!single) out.push_back({at, at + n, unknown(), unknown_score_});
    }
    return out;
  }
  uint32_t unknown() const {
    check<TokenizerError>(unk_id_.has_value(), "Encountered an unknown token but `unk_id` is missing");
    return uint32_t(*unk_id_);
  }
  // A stretch of unknown characters may still be a token as a whole, or fall apart into bytes.
  void push(std::string_view text, Token token, std::vector<Token>& out) const {
    if (!unk_id_ || token.id != *unk_id_) return out.push_back(token);
    const std::string_view piece = text.substr(token.begin, token.end - token.begin);
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
  PrefixTrie trie_;
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
