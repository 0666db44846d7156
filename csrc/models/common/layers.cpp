#include "models/common/layers.h"

#include "autograd/autograd.h"

namespace ef {

bool checkpoints(const ModelInput& in, const Module& layers) {
  return in.checkpoint_layers && layers.training() && grad_enabled() && !in.output_attentions &&
         !in.output_router_logits;
}

Tensor run_layer(const ModulePtr& layer, const std::string& path, const Tensor& x, Pass& pass, bool checkpointed) {
  auto* block = dynamic_cast<Block*>(layer.get());
  check<DtypeError>(block != nullptr, path, ": found a ", layer->class_name(), ", needed ", Block::role());
  const auto run = [block](const Tensor& hidden, Pass& state) {
    return block->call(hidden, [&](const Tensor& h) { return block->forward(h, state); });
  };
  if (!checkpointed) return run(x, pass);
  // What a layer reads of the pass may have a gradient too, and so may the bias that a layer sets for those behind it.
  const auto again = [run, layer, state = pass](const std::vector<Tensor>& in) mutable {
    state.encoder_states = in[1];
    state.alibi = in[2];
    state.bias = in[3];
    std::vector<Tensor> out{run(in[0], state)};
    if (state.alibi.defined() && !(in[2].defined() && state.alibi.same(in[2]))) out.push_back(state.alibi);
    return out;
  };
  const std::vector<Tensor> out = checkpoint(again, {x, pass.encoder_states, pass.alibi, pass.bias});
  if (out.size() > 1) pass.alibi = out[1];
  return out[0];
}

}  // namespace ef
