// [CLS] A [SEP], and [CLS] A [SEP] B [SEP].
#include "tokenizers/processors/post_processor.h"
#include "tokenizers/processors/special.h"

namespace ef::tokenizers {
namespace {

class BertProcessing : public PostProcessor {
 public:
  explicit BertProcessing(const Json& json)
      : sep_(SpecialTokenId::from_json(json, "sep", "BertProcessing")),
        cls_(SpecialTokenId::from_json(json, "cls", "BertProcessing")) {}
  size_t added_tokens(bool is_pair) const override { return is_pair ? 3 : 2; }
  std::vector<Encoding> process(std::vector<Encoding> encodings, bool add_special_tokens) const override {
    if (!add_special_tokens) return encodings;
    for (size_t i = 0; i < encodings.size(); i++)
      encodings[i] = i == 0 ? surround(encodings[i], {cls_}, {sep_}, 0, 0) : surround(encodings[i], {}, {sep_}, 1, i);
    return encodings;
  }
  Json to_json() const override {
    return {{"type", "BertProcessing"}, {"sep", sep_.to_json()}, {"cls", cls_.to_json()}};
  }

 private:
  SpecialTokenId sep_, cls_;
};

}  // namespace

PostProcessorPtr read_bert_processing(const Json& json) { return std::make_shared<BertProcessing>(json); }

}  // namespace ef::tokenizers
