// Several decoders, one after the other.
#include <algorithm>

#include "tokenizers/decoders/decoder.h"

namespace ef::tokenizers {
namespace {

using Tokens = std::vector<std::string>;

class Sequence : public Decoder {
 public:
  explicit Sequence(std::vector<DecoderPtr> parts) : parts_(std::move(parts)) {}
  explicit Sequence(const Json& json) {
    for (const Json& part : get_array(json, "decoders", "Sequence")) {
      parts_.push_back(decoder_from_json(part));
      check<TokenizerError>(parts_.back() != nullptr, "Sequence: a decoder is null");
    }
  }
  Tokens decode_chain(Tokens tokens) const override {
    for (auto& part : parts_) tokens = part->decode_chain(std::move(tokens));
    return tokens;
  }
  bool add_to(DecodePlan& plan) const override {
    return std::all_of(parts_.begin(), parts_.end(), [&](auto& part) { return part->add_to(plan); });
  }
  Json to_json() const override {
    Json parts = Json::array();
    for (auto& part : parts_) parts.push_back(part->to_json());
    return {{"type", "Sequence"}, {"decoders", std::move(parts)}};
  }
  const std::vector<DecoderPtr>* parts() const override { return &parts_; }

 private:
  std::vector<DecoderPtr> parts_;
};

}  // namespace

DecoderPtr read_decoder_sequence(const Json& json) { return std::make_shared<Sequence>(json); }

DecoderPtr make_decoder_sequence(std::vector<DecoderPtr> parts) { return std::make_shared<Sequence>(std::move(parts)); }

}  // namespace ef::tokenizers
