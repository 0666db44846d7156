// A tokenizer: five roles in order (normalize, pre-tokenize, model, post-process, decode), each of them replaceable,
// with added tokens, truncation and padding around them.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/after_fork.h"
#include "tokenizers/added_vocabulary.h"
#include "tokenizers/change_lock.h"
#include "tokenizers/decode_table.h"
#include "tokenizers/decoders/decoder.h"
#include "tokenizers/limits.h"
#include "tokenizers/models/word_loop.h"
#include "tokenizers/normalizers/normalizer.h"
#include "tokenizers/pre_tokenizers/pre_tokenizer.h"
#include "tokenizers/processors/post_processor.h"

namespace ef::tokenizers {

// One text, or one that the caller has already cut into words. The bytes must stay while they are being encoded.
using InputText = std::variant<std::string_view, std::vector<std::string_view>>;
struct EncodeInput {
  InputText text;
  std::optional<InputText> pair;
  bool valid = false;  // known to be UTF-8
};
using Interrupt = std::function<void()>;
enum class OffsetKind { Chars, Bytes, None };  // None: ids only; offsets, tokens and words are left empty

// Workspaces for a model wait here between calls; each thread of a call takes one.
class WorkspacePool {
 public:
  std::unique_ptr<Workspace> take(const Model& model);
  void give_back(std::unique_ptr<Workspace> workspace);

 private:
  std::unique_lock<std::mutex> lock();
  ForkMutex mutex_;
  std::vector<std::unique_ptr<Workspace>> free_;
};

class Tokenizer {
 public:
  explicit Tokenizer(ModelPtr model);
  // Nothing here takes it: who has several threads, as Python does, holds an InUse to use it, locks it to change it.
  mutable ChangeLock changes;
  // TokenizerError names the component and what is wrong with it.
  static Tokenizer from_json(std::string_view text, const std::string& where = "tokenizer.json");
  static Tokenizer from_file(const std::string& path);
  Json tree() const;  // what to_json writes
  std::string to_json(bool pretty = false) const;
  void save(const std::string& path, bool pretty = true) const;

  const ModelPtr& model() const { return model_; }
  const NormalizerPtr& normalizer() const { return normalizer_; }
  const PreTokenizerPtr& pre_tokenizer() const { return pre_tokenizer_; }
  const PostProcessorPtr& post_processor() const { return post_processor_; }
  const DecoderPtr& decoder() const { return decoder_; }
  void set_model(ModelPtr model);
  void set_normalizer(NormalizerPtr normalizer);
  void set_pre_tokenizer(PreTokenizerPtr pre_tokenizer);
  void set_post_processor(PostProcessorPtr p) { post_processor_ = std::move(p); }
  void set_decoder(DecoderPtr decoder);
  std::optional<Truncation> truncation;
  std::optional<Padding> padding;

  size_t add_tokens(const std::vector<AddedToken>& tokens);
  size_t add_special_tokens(std::vector<AddedToken> tokens);
  const AddedVocabulary& added_vocabulary() const { return added_; }
  void set_encode_special_tokens(bool value) { added_.encode_special_tokens = value; }
  std::optional<uint32_t> token_to_id(std::string_view token) const;
  std::optional<std::string_view> id_to_token(uint32_t id) const;
  size_t vocab_size(bool with_added_tokens = true) const;

  // Texts must be valid UTF-8 and shorter than 4 GB: TokenizerError.
  Encoding encode(const EncodeInput& input, bool add_special_tokens = true,
                  OffsetKind offsets = OffsetKind::Chars) const;
  // In parallel. Here and below: what `interrupt` throws, who is asked now and then by the calling thread, ends the
  // call.
  std::vector<Encoding> encode_batch(const std::vector<EncodeInput>& inputs, bool add_special_tokens = true,
                                     OffsetKind offsets = OffsetKind::Chars, const Interrupt& interrupt = {}) const;
  // What stands around the tokens of a single text.
  struct Frame {
    std::vector<uint32_t> before, after, types_before, types_after;
    uint32_t type = 0;
  };
  std::optional<Frame> frame(bool add_special_tokens) const;  // none when the post-processor does more than that
  // The ids alone, of single texts, truncated and framed but as a rule not padded: the fastest way.
  struct Ids {
    std::vector<std::span<const uint32_t>> texts;  // parts of the memory
    std::vector<std::vector<uint32_t>> memory;     // ids of neighbouring texts, one text's after the other's
    Ids() = default;
    Ids(Ids&&) = default;
    Ids& operator=(Ids&&) = default;
  };
  // `valid`: known to be UTF-8
  Ids encode_batch_ids(std::span<const std::string_view> texts, bool add_special_tokens = true, bool valid = false,
                       const Interrupt& interrupt = {}) const;
  // Whether a text has the same encoding every time, and nothing in Python looks at it.
  bool repeats() const;
  // Truncates, adds special tokens and pads what was encoded without.
  Encoding post_process(Encoding first, std::optional<Encoding> pair, bool add_special_tokens) const;
  size_t num_special_tokens_to_add(bool is_pair) const;

  // Ids without a token are passed over.
  std::string decode(std::span<const uint32_t> ids, bool skip_special_tokens = true) const;
  struct Text {
    std::string_view text;
    bool ascii = false;
  };
  struct Texts {
    std::vector<Text> texts;  // parts of the memory
    std::vector<TextBuffer> memory;
    Texts() = default;
    Texts(Texts&&) = default;
    Texts& operator=(Texts&&) = default;
  };
  // `ends`: where the ids of each text end.
  Texts decode_batch(std::span<const uint32_t> ids, std::span<const size_t> ends, bool skip_special_tokens = true,
                     const Interrupt& interrupt = {}) const;

 private:
  Encoding encode_text(std::string_view text, std::optional<uint32_t> word, uint32_t type_id, OffsetKind offsets,
                       Workspace& workspace) const;
  std::span<const uint32_t> encode_ids(std::string_view text, Workspace& workspace) const;  // in the workspace
  // Of a tokenizer with cuts that asks for no source: the ids of all texts in workspace.text.ids, where each ends in
  // workspace.text_ends; false when they may not be encoded as one.
  bool encode_joined(std::span<const std::string_view> texts, Workspace& workspace) const;
  Encoding encode_sequence(const InputText& input, uint32_t type_id, OffsetKind offsets, Workspace& workspace) const;
  Encoding encode_one(const EncodeInput& input, bool add_special_tokens, OffsetKind offsets,
                      Workspace& workspace) const;
  std::string decode_slowly(std::span<const uint32_t> ids, bool skip_special_tokens) const;
  template <class Sink>
  void for_each_word(PreTokenizedString& pre, Workspace& workspace, Sink&& sink) const;
  bool asks_for_source() const;  // on the way to ids
  void refresh_cuts();

  ModelPtr model_;
  NormalizerPtr normalizer_;
  PreTokenizerPtr pre_tokenizer_;
  PostProcessorPtr post_processor_;
  DecoderPtr decoder_;
  AddedVocabulary added_;
  std::optional<Cuts> cuts_;  // what the pre-tokenizer comes down to, if it does
  // With Spelling::Blanks, what the normalizer does before it writes the marks.
  std::optional<NormalizerPtr> before_marks_;
  std::shared_ptr<WorkspacePool> workspaces_ = std::make_shared<WorkspacePool>();  // shared by copies
  mutable DecodeTableSlot decode_table_;
};

}  // namespace ef::tokenizers
