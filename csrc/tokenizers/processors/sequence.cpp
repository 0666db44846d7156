// Several post-processors, one after the other.
#include "tokenizers/processors/post_processor.h"

namespace ef::tokenizers {
namespace {

class Sequence : public PostProcessor {
 public:
  explicit Sequence(std::vector<PostProcessorPtr> parts) : parts_(std::move(parts)) {}
  explicit Sequence(const Json& json) {
    for (const Json& part : get_array(json, "processors", "Sequence")) {
      parts_.push_back(post_processor_from_json(part));
      check<TokenizerError>(parts_.back() != nullptr, "Sequence: a post-processor is null");
    }
  }
  size_t added_tokens(bool is_pair) const override {
    size_t n = 0;
    for (auto& part : parts_) n += part->added_tokens(is_pair);
    return n;
  }
  std::vector<Encoding> process(std::vector<Encoding> encodings, bool add_special_tokens) const override {
    for (auto& part : parts_) encodings = part->process(std::move(encodings), add_special_tokens);
    return encodings;
  }
  Json to_json() const override {
    Json parts = Json::array();
    for (auto& part : parts_) parts.push_back(part->to_json());
    return {{"type", "Sequence"}, {"processors", std::move(parts)}};
  }
  const std::vector<PostProcessorPtr>* parts() const override { return &parts_; }

 private:
  std::vector<PostProcessorPtr> parts_;
};

}  // namespace

PostProcessorPtr read_processor_sequence(const Json& json) { return std::make_shared<Sequence>(json); }

PostProcessorPtr make_post_processor_sequence(std::vector<PostProcessorPtr> parts) {
  return std::make_shared<Sequence>(std::move(parts));
}

}  // namespace ef::tokenizers
