#include "tokenizers/processors/post_processor.h"

namespace ef::tokenizers {

PostProcessorPtr read_bert_processing(const Json&);
PostProcessorPtr read_byte_level_processor(const Json&);
PostProcessorPtr read_processor_sequence(const Json&);
PostProcessorPtr read_roberta_processing(const Json&);
PostProcessorPtr read_template_processing(const Json&);

const Registry<PostProcessorFactory>& post_processor_registry() {
  static const auto registry = [] {
    Registry<PostProcessorFactory> r("post_processor");
    r.add("BertProcessing", read_bert_processing);
    r.add("ByteLevel", read_byte_level_processor);
    r.add("RobertaProcessing", read_roberta_processing);
    r.add("Sequence", read_processor_sequence);
    r.add("TemplateProcessing", read_template_processing);
    return r;
  }();
  return registry;
}

}  // namespace ef::tokenizers
