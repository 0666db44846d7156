#include "tokenizers/tokenizer.h"

#include <algorithm>

#include "tokenizers/mark.h"

namespace ef::tokenizers {

std::unique_lock<std::mutex> WorkspacePool::lock() {
  return mutex_.locked([this] { new (&free_) decltype(free_); });
}
namespace {
thread_local const Workspace* last_used = nullptr;  // by this thread; it may be gone
}
std::unique_ptr<Workspace> WorkspacePool::take(const Model& model) {
  std::unique_ptr<Workspace> out;
  if (const auto held = lock(); !free_.empty()) {  // if possible one whose words this thread has met
    const auto known = std::ranges::find(free_, last_used, [](auto& workspace) { return workspace.get(); });
    std::swap(known == free_.end() ? free_.back() : *known, free_.back());
    out = std::move(free_.back());
    free_.pop_back();
  }
  if (!out) out = model.workspace();
  last_used = out.get();
  return out;
}
void WorkspacePool::give_back(std::unique_ptr<Workspace> workspace) {
  if (!workspace) return;
  workspace->trim();
  const auto held = lock();
  free_.push_back(std::move(workspace));
}

Tokenizer::Tokenizer(ModelPtr model) : model_(std::move(model)) {
  check<TokenizerError>(model_ != nullptr, "Tokenizer: a model is needed");
  refresh_cuts();
}
void Tokenizer::set_model(ModelPtr model) {
  check<TokenizerError>(model != nullptr, "Tokenizer: a model is needed");
  model_ = std::move(model);
  workspaces_ = std::make_shared<WorkspacePool>();
  decode_table_.clear();
  refresh_cuts();
}
void Tokenizer::set_normalizer(NormalizerPtr normalizer) {
  normalizer_ = std::move(normalizer);
  added_.refresh(normalizer_.get());
  decode_table_.clear();  // last: a normalizer in Python lets others decode meanwhile
  refresh_cuts();
}

void Tokenizer::set_pre_tokenizer(PreTokenizerPtr pre_tokenizer) {
  pre_tokenizer_ = std::move(pre_tokenizer);
  refresh_cuts();
}
void Tokenizer::refresh_cuts() {
  cuts_.emplace();
  before_marks_.reset();
  std::vector<NormalizerPtr> steps;
  if (normalizer_) steps = normalizer_->parts() ? *normalizer_->parts() : std::vector{normalizer_};
  const bool marks = !steps.empty() && steps.back()->marks() == Normalizer::Marks::Blanks;
  cuts_->has_blanks = !marks;
  if ((pre_tokenizer_ && !pre_tokenizer_->add_to(*cuts_)) || !model_->accepts(cuts_->spelling)) return cuts_.reset();
  // If all that happens after the normalizer wrote the marks is the model's work, it can do without them.
  if (!marks || cuts_->rewrite || !cuts_->cutters.empty() || cuts_->spelling != Spelling::Vocabulary ||
      !model_->accepts(Spelling::Blanks) || added_.looks_at_normalized())
    return;
  steps.pop_back();
  const bool front = !steps.empty() && steps.back()->marks() == Normalizer::Marks::Front;
  if (front) steps.pop_back();
  before_marks_ = steps.empty() ? nullptr : make_normalizer_sequence(std::move(steps));
  cuts_->spelling = Spelling::Blanks;
  cuts_->rewrite = [front](NormalizedString& s) {
    marks_to_blanks(s);
    if (front) s.prepend(" ");
  };
}

void Tokenizer::set_decoder(DecoderPtr decoder) {
  decoder_ = std::move(decoder);
  decode_table_.clear();
}

size_t Tokenizer::add_tokens(const std::vector<AddedToken>& tokens) {
  const size_t added = added_.add(tokens, *model_, normalizer_.get());
  decode_table_.clear();
  refresh_cuts();
  return added;
}
size_t Tokenizer::add_special_tokens(std::vector<AddedToken> tokens) {
  for (AddedToken& token : tokens) token.special = true;
  return add_tokens(tokens);
}

std::optional<uint32_t> Tokenizer::token_to_id(std::string_view token) const {
  const auto added = added_.find(token);
  return added ? added : model_->token_to_id(token);
}
std::optional<std::string_view> Tokenizer::id_to_token(uint32_t id) const {
  if (const std::string* name = added_.name(id)) return *name;
  return model_->id_to_token(id);
}
size_t Tokenizer::vocab_size(bool with_added_tokens) const {
  size_t n = model_->vocab().size();
  if (with_added_tokens)
    for (auto& [content, id] : added_.ids()) n += !model_->token_to_id(content);
  return n;
}

size_t Tokenizer::num_special_tokens_to_add(bool is_pair) const {
  return post_processor_ ? post_processor_->added_tokens(is_pair) : 0;
}

Encoding Tokenizer::post_process(Encoding first, std::optional<Encoding> pair, bool add_special_tokens) const {
  if (truncation) {
    Truncation limit = *truncation;
    const size_t added = add_special_tokens ? num_special_tokens_to_add(pair.has_value()) : 0;
    if (added <= limit.max_length) {  // else nothing is cut, as in the library
      limit.max_length -= added;
      limit.apply(first, pair ? &*pair : nullptr);
    }
  }
  Encoding out = tokenizers::post_process(post_processor_.get(), std::move(first), std::move(pair), add_special_tokens);
  if (padding) padding->apply(out);
  return out;
}

}  // namespace ef::tokenizers
