#include "tokenizers/processors/post_processor.h"

namespace ef::tokenizers {

PostProcessorPtr read_byte_level_processor(const Json&);

const Registry<PostProcessorFactory>& post_processor_registry() {
  static const auto registry = [] {
    Registry<PostProcessorFactory> r("post_processor");
    r.add("ByteLevel", read_byte_level_processor);
    return r;
  }();
  return registry;
}

}  // namespace ef::tokenizers
