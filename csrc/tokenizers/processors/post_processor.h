// Fourth role: adds the special tokens around one or two encoded texts and joins them.
#pragma once
#include <memory>
#include <vector>

#include "core/registry.h"
#include "tokenizers/encoding.h"
#include "tokenizers/json.h"

namespace ef::tokenizers {

class PostProcessor {
 public:
  virtual ~PostProcessor() = default;
  virtual size_t added_tokens(bool is_pair) const = 0;  // how many it adds, for truncation
  // Changes the list; what is left is joined in order. Sequence ids and type ids are set already.
  virtual std::vector<Encoding> process(std::vector<Encoding> encodings, bool add_special_tokens) const = 0;
  virtual Json to_json() const = 0;
  // What a Sequence is made of; null for everything else.
  virtual const std::vector<std::shared_ptr<const PostProcessor>>* parts() const { return nullptr; }
};
using PostProcessorPtr = std::shared_ptr<const PostProcessor>;

// The whole step: numbers the sequences, runs the processor (or none) and joins the result.
Encoding post_process(const PostProcessor* processor, Encoding first, std::optional<Encoding> pair,
                      bool add_special_tokens);
// What happens without a processor, and at the end of those that only change offsets.
std::vector<Encoding> default_process(std::vector<Encoding> encodings);

using PostProcessorFactory = PostProcessorPtr (*)(const Json&);
const Registry<PostProcessorFactory>& post_processor_registry();
PostProcessorPtr post_processor_from_json(const Json& json);                         // null gives nullptr
PostProcessorPtr make_post_processor_sequence(std::vector<PostProcessorPtr> parts);  // one after the other

}  // namespace ef::tokenizers
