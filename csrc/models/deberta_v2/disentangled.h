// Attention that scores what a token says and where it stands apart (He et al., "DeBERTa", 2021).
#pragma once
#include "core/guarded.h"
#include "models/common/encoder.h"

namespace ef {

struct DisentangledConfig {
  bool relative = false, c2p = false, p2c = false;
  int64_t span = 0;         // relative positions are cut to [-span, span)
  int64_t buckets = 0;      // > 0: far ones share logarithmic buckets
  int64_t furthest = 0;     // what the last bucket stands for
  bool norm_table = false;  // LayerNorm over the table
  int64_t conv = 0;         // width of a convolution beside the first layer
  std::string conv_act = "tanh";
};
DisentangledConfig read_disentangled(const ConfigReader& config);

// What the layers of a model share. The body says at each pass which modules hold it.
class RelativePositions {
 public:
  explicit RelativePositions(const DisentangledConfig& config) : config(config) {}
  Tensor rows() const;  // the table [2·span, hidden]
  Tensor distances(
      int64_t length) const;  // rows of it for keys seen from queries, and for queries from keys: [2, l, l]
  // Scores for the distances of queries q and keys k, both [batch, heads, length, head_dim], scaled. The table goes
  // through pos_key and pos_query; null: a model has none.
  Tensor bias(const Tensor& q, const Tensor& k, Child<Module>* pos_key, Child<Module>* pos_query, double scale,
              double dropout) const;
  const DisentangledConfig config;
  Guarded<ModulePtr> table, norm;

 private:
  mutable Guarded<Tensor> known_;  // the distances of the last length
};

class DisentangledLayer : public EncoderLayer {
 public:
  DisentangledLayer(const EncoderConfig& config, std::shared_ptr<RelativePositions> positions)
      : EncoderLayer(config), relative(std::move(positions)), d(relative->config) {}

 protected:
  // Mixes values by what tokens say and where they stand. Upstream fills every score of a padded query with the same
  // number, so that it sees all tokens alike, padding too; losses read those rows where the labels do.
  Tensor mix_disentangled(const Tensor& q, const Tensor& k, const Tensor& v, Pass& pass) const;
  const std::shared_ptr<RelativePositions> relative;
  const DisentangledConfig& d;
  Child<Module>*pos_key = nullptr, *pos_query = nullptr;
};

struct DisentangledBody : EncoderBody {
  DisentangledBody(Module& owner, const EncoderConfig& config, std::shared_ptr<RelativePositions> shared);
  Tensor embed(const ModelInput& input, const Tensor& words) override;
  void prepare(const ModelInput& input, const Tensor& x, Pass& pass) override;
  Tensor after_layer(int64_t index, const Tensor& first, const Tensor& x, const Pass& pass) override;
  const std::shared_ptr<RelativePositions> relative;
  Child<Module>*table = nullptr, *table_norm = nullptr, *conv_norm = nullptr;
  Parameter *conv_weight = nullptr, *conv_bias = nullptr;
};
// A body whose layers `make` builds.
using RelativeLayer = std::function<std::shared_ptr<Block>(const EncoderConfig&, std::shared_ptr<RelativePositions>)>;
void use_relative_positions(EncoderConfig& config, const DisentangledConfig& positions, RelativeLayer make);

}  // namespace ef
