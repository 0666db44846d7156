// CamemBERT: RoBERTa by another name.
#include "models/camembert/camembert.h"

#include "models/bert/bert.h"
#include "models/roberta/roberta.h"

namespace ef {

Family camembert_family() { return encoder_family("camembert", read_roberta, bert_gguf()); }

}  // namespace ef
