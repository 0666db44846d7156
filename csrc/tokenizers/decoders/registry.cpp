#include "tokenizers/decoders/decoder.h"

namespace ef::tokenizers {

DecoderPtr read_bpe_decoder(const Json&);
DecoderPtr read_byte_fallback(const Json&);
DecoderPtr read_byte_level_decoder(const Json&);
DecoderPtr read_ctc(const Json&);
DecoderPtr read_decoder_sequence(const Json&);
DecoderPtr read_fuse(const Json&);
DecoderPtr read_metaspace_decoder(const Json&);
DecoderPtr read_replace_decoder(const Json&);
DecoderPtr read_strip_decoder(const Json&);
DecoderPtr read_word_piece_decoder(const Json&);

const Registry<DecoderFactory>& decoder_registry() {
  static const auto registry = [] {
    Registry<DecoderFactory> r("decoder");
    r.add("BPEDecoder", read_bpe_decoder);
    r.add("ByteFallback", read_byte_fallback);
    r.add("ByteLevel", read_byte_level_decoder);
    r.add("CTC", read_ctc);
    r.add("Fuse", read_fuse);
    r.add("Metaspace", read_metaspace_decoder);
    r.add("Replace", read_replace_decoder);
    r.add("Sequence", read_decoder_sequence);
    r.add("Strip", read_strip_decoder);
    r.add("WordPiece", read_word_piece_decoder);
    return r;
  }();
  return registry;
}

}  // namespace ef::tokenizers
