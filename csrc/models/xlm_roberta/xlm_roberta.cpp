// XLM-RoBERTa: RoBERTa by another name.
#include "models/xlm_roberta/xlm_roberta.h"

#include "models/bert/bert.h"
#include "models/roberta/roberta.h"

namespace ef {

Family xlm_roberta_family() { return encoder_family("xlm-roberta", read_roberta, bert_gguf()); }

}  // namespace ef
