#include "models/common/packed_pieces.h"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "autograd/memory.h"
#include "core/thread_pool.h"
#include "ops/ops.h"

namespace ef {
namespace {

constexpr int64_t kPieceTokens = 384;  // their inner states nearly fit a core's cache; products have rows enough

bool only_native(Module& model) {
  bool plain = true;
  model.walk([&](const std::string&, Module& m) { plain &= &m == &model || m.plain(); });
  return plain;
}

Tensor part(const Tensor& t, int dim, int64_t begin, int64_t count) {
  return t.defined() ? t.narrow(dim, begin, count) : t;
}

}  // namespace

std::vector<ModelInput> packed_pieces(const ModelInput& in, Module& model) {
  const std::vector<int64_t>& lengths = in.lengths;
  const int64_t total = std::accumulate(lengths.begin(), lengths.end(), int64_t(0));
  if (total < 2 * kPieceTokens * ThreadPool::instance().size() || grad_enabled() || in.output_attentions || in.past ||
      in.attention_mask.defined() || *std::ranges::min_element(lengths) < 1 || model.training() || !only_native(model))
    return {in};
  for (const Tensor* t : {&in.input_ids, &in.token_type_ids, &in.position_ids})  // what is wrong raises further on
    if (t->defined() && (t->dim() != 2 || t->size(0) != 1 || t->size(1) != total)) return {in};
  if (in.inputs_embeds.defined() && (in.inputs_embeds.dim() != 3 || in.inputs_embeds.size(1) != total)) return {in};

  std::vector<ModelInput> pieces;
  int64_t begin = 0, end = 0;
  for (size_t i = 0, first = 0; i < lengths.size(); i++) {
    end += lengths[i];
    // Not a last piece of few tokens, whose products would be slow and add up in another order.
    if (end < total && (end - begin < kPieceTokens || total - end < kPieceTokens / 2)) continue;
    ModelInput piece = in;
    piece.lengths = {lengths.begin() + int64_t(first), lengths.begin() + int64_t(i) + 1};
    for (Tensor ModelInput::*t :
         {&ModelInput::input_ids, &ModelInput::inputs_embeds, &ModelInput::token_type_ids, &ModelInput::position_ids})
      piece.*t = part(in.*t, 1, begin, end - begin);
    pieces.push_back(std::move(piece));
    begin = end;
    first = i + 1;
  }
  return pieces;
}

ModelOutput run_pieces(const std::vector<ModelInput>& pieces,
                       const std::function<ModelOutput(const ModelInput&)>& run) {
  std::vector<ModelOutput> found(pieces.size());
  std::atomic<size_t> next{0};
  const TrainingMode mode = training_mode();  // the caller's, which is its thread's
  ThreadPool::instance().run([&](int, int) {
    const NoGradGuard no_grad;
    const TrainingModeGuard same(mode);
    for (size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < pieces.size();) found[i] = run(pieces[i]);
  });
  const auto joined = [&](int dim, auto&& of) {
    std::vector<Tensor> parts;
    for (const ModelOutput& one : found) parts.push_back(of(one));
    return parts[0].defined() ? cat(parts, dim) : Tensor();
  };
  ModelOutput out;
  out.last_hidden_state = joined(1, [](const ModelOutput& o) { return o.last_hidden_state; });
  out.pooler_output = joined(0, [](const ModelOutput& o) { return o.pooler_output; });
  for (size_t i = 0; i < found[0].hidden_states.size(); i++)
    out.hidden_states.push_back(joined(1, [i](const ModelOutput& o) { return o.hidden_states[i]; }));
  return out;
}

}  // namespace ef
