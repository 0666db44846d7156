// <s> A </s>, and <s> A </s> </s> B </s>; offsets without white space.
#include "tokenizers/processors/byte_level.h"
#include "tokenizers/processors/post_processor.h"
#include "tokenizers/processors/special.h"

namespace ef::tokenizers {
namespace {

class RobertaProcessing : public PostProcessor {
 public:
  explicit RobertaProcessing(const Json& json)
      : sep_(SpecialTokenId::from_json(json, "sep", "RobertaProcessing")),
        cls_(SpecialTokenId::from_json(json, "cls", "RobertaProcessing")),
        trim_offsets_(get_bool(json, "trim_offsets", "RobertaProcessing")),
        add_prefix_space_(get_bool(json, "add_prefix_space", "RobertaProcessing")) {}
  size_t added_tokens(bool is_pair) const override { return is_pair ? 4 : 2; }
  std::vector<Encoding> process(std::vector<Encoding> encodings, bool add_special_tokens) const override {
    for (size_t i = 0; i < encodings.size(); i++) {
      Encoding& e = encodings[i];
      if (trim_offsets_) trim_with_overflow(e, add_prefix_space_);
      e.set_type_ids(0);
      if (!add_special_tokens) continue;  // overflowing parts keep theirs then
      for (Encoding& o : e.overflowing) o.set_type_ids(0);
      e = surround(e, {i == 0 ? cls_ : sep_}, {sep_}, 0, i);
    }
    return encodings;
  }
  Json to_json() const override {
    return {{"type", "RobertaProcessing"},
            {"sep", sep_.to_json()},
            {"cls", cls_.to_json()},
            {"trim_offsets", trim_offsets_},
            {"add_prefix_space", add_prefix_space_}};
  }

 private:
  SpecialTokenId sep_, cls_;
  bool trim_offsets_, add_prefix_space_;
};

}  // namespace

PostProcessorPtr read_roberta_processing(const Json& json) { return std::make_shared<RobertaProcessing>(json); }

}  // namespace ef::tokenizers
