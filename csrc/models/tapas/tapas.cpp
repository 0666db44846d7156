// TAPAS: BERT over a question and a table, whose tokens know their column, row and rank
// (Herzig et al., "TAPAS: Weakly Supervised Table Parsing via Pre-training", 2020).
#include "models/tapas/tapas.h"

#include <algorithm>
#include <map>

#include "ops/ops.h"

namespace ef {
namespace {

struct TapasBody : EncoderBody {
  TapasBody(Module& owner, const EncoderConfig& c, bool pooled, const std::vector<int64_t>& sizes, bool reset)
      : EncoderBody(owner, c, pooled), restarts(reset) {
    for (size_t i = 0; i < sizes.size(); i++)
      kinds.push_back(&slots.embedding("embeddings.token_type_embeddings_" + std::to_string(i), sizes[i], c.hidden));
  }

  Tensor embed(const ModelInput& in, const Tensor& words) override {
    check<UnsupportedError>(in.lengths.empty(), config.name, ": packed sequences");
    const int64_t batch = words.size(0), length = words.size(1), count = int64_t(kinds.size());
    const Tensor& types = in.token_type_ids;
    check<ShapeError>(!types.defined() || (types.dim() == 3 && types.size(0) == batch && types.size(1) == length &&
                                           types.size(2) == count),
                      "token_type_ids: found shape ", types.defined() ? types.shape() : Shape(), ", needed [", batch,
                      ", ", length, ", ", count, "]; the tokenizer returns them");
    const bool counted = restarts && types.defined() && !in.position_ids.defined();
    Tensor x = add(words, (**positions)(counted ? within_cells(types) : positions_of(in, length)));
    for (int64_t i = 0; i < count; i++)
      x = add(x, (**kinds[size_t(i)])(types.defined() ? types.select(2, i).contiguous()
                                                      : Tensor::zeros({1, length}, DType::Int64)));
    return maybe_dropped((**norm)(x));
  }

  // Positions from the first token of each one's cell.
  Tensor within_cells(const Tensor& types) const {
    const Tensor ids = types.contiguous();
    const int64_t batch = ids.size(0), length = ids.size(1), count = ids.size(2);
    const int64_t* id = ids.data<int64_t>();
    Tensor out = Tensor::empty({batch, length}, DType::Int64);
    int64_t* to = out.mutable_data<int64_t>();
    for (int64_t b = 0; b < batch; b++) {
      std::map<std::pair<int64_t, int64_t>, int64_t> first;
      for (int64_t i = 0; i < length; i++, id += count)
        *to++ = std::min(config.positions - 1, i - first.try_emplace({id[1], id[2]}, i).first->second);
    }
    return out;
  }

  const bool restarts;
  std::vector<Child<Module>*> kinds;
};

EncoderConfig read(const ConfigReader& c) {
  EncoderConfig e = read_encoder(c, "Tapas", "tapas");
  e.names.types = "";
  e.types = 0;
  std::vector<int64_t> sizes;
  if (!c.has("type_vocab_sizes")) sizes = {3, 256, 256, 2, 256, 256, 10};
  for (const double n : c.numbers("type_vocab_sizes")) {
    check<ConfigError>(n >= 1 && n <= 1 << 20, "config.json: 'type_vocab_sizes' has ", n);
    sizes.push_back(int64_t(n));
  }
  check<ConfigError>(sizes.size() >= 3 && sizes.size() <= 64, "config.json: 'type_vocab_sizes' has ", sizes.size(),
                     " entries, needed 7");
  const bool reset = c.flag("reset_position_index_per_cell", true);
  e.make_base = [sizes, reset](Module& owner, const EncoderConfig& config, bool pooled) {
    return std::make_unique<TapasBody>(owner, config, pooled, sizes, reset);
  };
  e.make_head = [c](Module& owner, const EncoderConfig& config, const std::string& head,
                    std::shared_ptr<PreTrainedModel> base) -> std::unique_ptr<Body> {
    if (head != "table_question_answering") return nullptr;
    return make_table_answer(owner, config, c, std::move(base));
  };
  return e;
}

}  // namespace

Family tapas_family() { return encoder_family("tapas", read); }

}  // namespace ef
