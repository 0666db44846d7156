// Mixtures of experts: a router chooses a few of many MLPs for each token, and only those are computed and read.
#pragma once
#include "models/common/decoder.h"

namespace ef {

struct MoeConfig {
  enum Scoring { Softmax, Sigmoid };
  int64_t experts = 0, top_k = 0, hidden_size = 0, intermediate_size = 0;
  int64_t shared_size = 0;  // width of an expert that sees every token; 0: none
  std::string act = "silu", gate = "gate", shared = "shared_expert";
  std::string shared_gate;  // a sigmoid of it scales the shared expert; empty: none
  MlpNames names;           // of an expert
  Scoring scoring = Softmax;
  bool normalize = false;                 // the weights of a token's experts sum to 1
  double scale = 1;                       // of those weights
  int64_t groups = 1, chosen_groups = 1;  // Sigmoid: experts come from the best groups
  double jitter = 0;                      // noise on the input, in training
};

// experts: `num_local_experts` or `num_experts`, chosen: `num_experts_per_tok`. ConfigError where these don't fit.
MoeConfig read_moe(const ConfigReader& config, int64_t hidden_size, int64_t intermediate_size);

// The layers of `d` get such MLPs: every `decoder_sparse_step`th, and none of `mlp_only_layers`.
void use_moe(const ConfigReader& config, const MoeConfig& moe, DecoderConfig& d);

// llama.cpp's names of a gated decoder with experts; `extra` as in decoder_gguf_names.
std::vector<std::pair<std::string, std::string>> moe_gguf_names(
    std::vector<std::pair<std::string, std::string>> extra = {});

// A linear layer to one number an expert. With `correction`, a buffer that is added for the choice alone.
class Router : public Linear {
 public:
  Router(const MoeConfig& config, bool correction);
  std::string class_name() const override { return "Router"; }
  struct Choice {
    Tensor logits;   // [tokens, experts]
    Tensor weights;  // [tokens, top_k]
    Tensor experts;  // int64 [tokens, top_k]
  };
  Choice choose(const Tensor& x);  // x [tokens, hidden]

 private:
  const MoeConfig config_;
  std::unique_ptr<Parameter> correction_;
};

class MoeBlock : public RoutedMlp {
 public:
  explicit MoeBlock(const MoeConfig& config);
  std::string class_name() const override { return "SparseMoeBlock"; }
  Tensor forward(const Tensor& x, Pass& pass) override;

 private:
  const MoeConfig config_;
  Child<Router> gate_;
  Child<ModuleList> experts_;
  std::optional<Child<Module>> shared_, shared_gate_;
};

// Σ over slots of weight · expert(x): `run(expert, rows)` computes one expert for the rows chosen for it.
Tensor mix_experts(const Tensor& x, const Router::Choice& choice, int64_t experts,
                   const std::function<Tensor(int64_t expert, const Tensor& rows)>& run);

// W. Fedus et al., "Switch Transformers", 2021, equations 4-6, over all layers' router logits [tokens, experts].
Tensor load_balancing_loss(const std::vector<Tensor>& logits, int64_t top_k, const Tensor& attention_mask);

}  // namespace ef
