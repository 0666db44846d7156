// Models that need no header of their own.
#pragma once
#include "tokenizers/models/model.h"
#include "tokenizers/models/unigram_sample.h"

namespace ef::tokenizers {

ModelPtr read_unigram(const ModelSource& source);
ModelPtr read_word_level(const ModelSource& source);
ModelPtr read_word_piece(const ModelSource& source);

// For those who have the parts rather than JSON.
ModelPtr make_word_piece(Vocab vocab, std::string unk_token, std::string continuing_subword_prefix,
                         uint64_t max_input_chars_per_word);
ModelPtr make_word_level(Vocab vocab, std::string unk_token);
ModelPtr make_unigram(const std::vector<std::pair<std::string, double>>& pieces, std::optional<uint64_t> unk_id,
                      bool byte_fallback);

// What a Unigram draws its pieces with, which no file says.
UnigramSampling unigram_sampling(const Model& model);
ModelPtr with_sampling(const Model& model, UnigramSampling sampling);  // TokenizerError for other models

}  // namespace ef::tokenizers
