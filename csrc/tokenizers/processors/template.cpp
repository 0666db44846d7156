// Special tokens by a template, one for single texts and one for pairs.
#include <algorithm>
#include <map>

#include "tokenizers/processors/post_processor.h"
#include "tokenizers/processors/special.h"

namespace ef::tokenizers {
namespace {

struct Piece {
  std::optional<size_t> sequence;  // 0: A, 1: B; else a special token
  std::string token;
  uint32_t type_id = 0;
};
struct SpecialToken {
  std::string id;  // as the file has it; what counts is the name it goes by
  std::vector<uint32_t> ids;
  std::shared_ptr<std::vector<std::string>> tokens;  // shared with the encodings that show them
};

class TemplateProcessing : public PostProcessor {
 public:
  explicit TemplateProcessing(const Json& json) {
    const Json& tokens = require(json, "special_tokens", "TemplateProcessing");
    check<TokenizerError>(tokens.is_object(), "TemplateProcessing: 'special_tokens' is ", kind_of(tokens),
                          ", needed an object");
    for (auto& [name, token] : tokens.items()) {
      SpecialToken& to = special_tokens_[name];
      to.id = get_string(token, "id", "TemplateProcessing");
      to.tokens = std::make_shared<std::vector<std::string>>();
      for (const Json& id : get_array(token, "ids", "TemplateProcessing")) {
        check<TokenizerError>(id.is_number_unsigned() && id.get<uint64_t>() <= UINT32_MAX,
                              "TemplateProcessing: an id of '", name, "' is no whole number");
        to.ids.push_back(id.get<uint32_t>());
      }
      for (const Json& text : get_array(token, "tokens", "TemplateProcessing")) {
        check<TokenizerError>(text.is_string(), "TemplateProcessing: a token of '", name, "' is no text");
        to.tokens->push_back(text.get<std::string>());
      }
      check<TokenizerError>(to.ids.size() == to.tokens->size(),
                            "SpecialToken: ids and tokens must be of the same length");
    }
    single_ = pieces(get_array(json, "single", "TemplateProcessing"));
    pair_ = pieces(get_array(json, "pair", "TemplateProcessing"));
    for (const Piece& p : single_)
      check<TokenizerError>(p.sequence.value_or(0) == 0, "TemplateProcessing: 'single' must use sequence A only");
  }

  size_t added_tokens(bool is_pair) const override {
    size_t n = 0;
    for (const Piece& p : is_pair ? pair_ : single_)
      if (!p.sequence) n += special_tokens_.at(p.token).ids.size();
    return n;
  }
  std::vector<Encoding> process(std::vector<Encoding> encodings, bool add_special_tokens) const override {
    check<TokenizerError>(encodings.size() == 1 || encodings.size() == 2, "TemplateProcessing: ", encodings.size(),
                          " sequences, needed 1 or 2; does another template stand before it?");
    std::vector<Encoding> out;
    const auto& pieces = encodings.size() == 2 ? pair_ : single_;
    for (const Piece& p : pieces) {
      if (p.sequence) {
        Encoding& e = encodings[*p.sequence];
        e.set_type_ids(p.type_id);
        e.set_sequence_id(*p.sequence);
        const bool again = std::any_of(&p + 1, pieces.data() + pieces.size(),
                                       [&](const Piece& later) { return later.sequence == p.sequence; });
        if (again)
          out.push_back(e);
        else
          out.push_back(std::move(e));
      } else if (add_special_tokens) {
        const SpecialToken& t = special_tokens_.at(p.token);
        Encoding& e = out.emplace_back();
        e.keep(t.tokens);
        for (size_t i = 0; i < t.ids.size(); i++) push_special(e, (*t.tokens)[i], t.ids[i], p.type_id);
      }
    }
    return out;
  }
  Json to_json() const override {
    Json tokens = Json::object();
    for (auto& [name, t] : special_tokens_) tokens[name] = {{"id", t.id}, {"ids", t.ids}, {"tokens", *t.tokens}};
    return {{"type", "TemplateProcessing"},
            {"single", write(single_)},
            {"pair", write(pair_)},
            {"special_tokens", std::move(tokens)}};
  }

 private:
  std::vector<Piece> pieces(const Json& list) const {
    std::vector<Piece> out;
    for (const Json& item : list) {
      Piece p;
      check<TokenizerError>(item.size() == 1, "TemplateProcessing: a piece has ", item.size(),
                            " keys, needed SpecialToken or Sequence alone");
      const Json* sequence = find(item, "Sequence");
      const Json& body = sequence ? *sequence : require(item, "SpecialToken", "TemplateProcessing");
      p.type_id = uint32_t(get_unsigned(body, "type_id", "TemplateProcessing"));
      const std::string id = get_string(body, "id", "TemplateProcessing");
      if (sequence) {
        check<TokenizerError>(id == "A" || id == "B", "TemplateProcessing: sequence '", id, "', expected A or B");
        p.sequence = id == "B";
      } else {
        check<TokenizerError>(special_tokens_.count(id), "Missing SpecialToken(s) with id(s) `", id, "`");
        p.token = id;
      }
      out.push_back(std::move(p));
    }
    return out;
  }
  static Json write(const std::vector<Piece>& pieces) {
    Json out = Json::array();
    for (const Piece& p : pieces) {
      const Json body{{"id", p.sequence ? std::string(*p.sequence ? "B" : "A") : p.token}, {"type_id", p.type_id}};
      Json item = Json::object();
      item[p.sequence ? "Sequence" : "SpecialToken"] = body;
      out.push_back(std::move(item));
    }
    return out;
  }
  std::vector<Piece> single_, pair_;
  std::map<std::string, SpecialToken> special_tokens_;
};

}  // namespace

PostProcessorPtr read_template_processing(const Json& json) { return std::make_shared<TemplateProcessing>(json); }

}  // namespace ef::tokenizers
