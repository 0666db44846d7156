// BERT, as models/common/encoder.h has it.
#include "models/bert/bert.h"

#include "models/common/encoder.h"

namespace ef {
namespace {

EncoderConfig read(const ConfigReader& c) { return read_encoder(c, "Bert", "bert", true); }

}  // namespace

GgufTable bert_gguf() {
  return {{"bert"},
          {{"token_embd", "embeddings.word_embeddings"},
           {"token_types", "embeddings.token_type_embeddings"},
           {"position_embd", "embeddings.position_embeddings"},
           {"token_embd_norm", "embeddings.LayerNorm"},
           {"blk.{}.attn_q", "encoder.layer.{}.attention.self.query"},
           {"blk.{}.attn_k", "encoder.layer.{}.attention.self.key"},
           {"blk.{}.attn_v", "encoder.layer.{}.attention.self.value"},
           {"blk.{}.attn_output", "encoder.layer.{}.attention.output.dense"},
           {"blk.{}.attn_output_norm", "encoder.layer.{}.attention.output.LayerNorm"},
           {"blk.{}.ffn_up", "encoder.layer.{}.intermediate.dense"},
           {"blk.{}.ffn_down", "encoder.layer.{}.output.dense"},
           {"blk.{}.layer_output_norm", "encoder.layer.{}.output.LayerNorm"}}};
}

Family bert_family() { return encoder_family("bert", read, bert_gguf()); }

}  // namespace ef
