// BERT, as models/common/encoder.h has it.
#include "models/bert/bert.h"

#include "models/common/encoder.h"

namespace ef {
namespace {

EncoderConfig read(const ConfigReader& c) { return read_encoder(c, "Bert", "bert"); }

}  // namespace

Family bert_family() { return encoder_family("bert", read); }

}  // namespace ef
