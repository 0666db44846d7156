// TAPAS's answers: which cells, and what is done with their numbers.
#include <cmath>

#include "models/tapas/tapas.h"
#include "ops/ops.h"

namespace ef {
namespace {

constexpr double kTiny = 1e-10, kNever = -10000;  // upstream's guard of divisions, and its logarithm of almost zero

struct TableConfig {
  int64_t rows, columns, aggregations;
  bool one_column, no_column, average, answers, per_token, normalized;
  double temperature, positive, aggregation_weight, aggregation_temperature, importance, huber, preference, cutoff;
  std::string mean;
};

TableConfig read_table(const ConfigReader& c) {
  check<UnsupportedError>(!c.flag("use_gumbel_for_cells", false) && !c.flag("use_gumbel_for_aggregation", false),
                          "config.json: use_gumbel_for_cells and use_gumbel_for_aggregation are not supported");
  TableConfig t;
  t.rows = c.size("max_num_rows", 64);
  t.columns = c.size("max_num_columns", 32);
  check<ConfigError>(t.rows <= 1 << 16 && t.columns <= 1 << 16 && t.rows * t.columns <= 1 << 22,
                     "config.json: 'max_num_rows' and 'max_num_columns' are ", t.rows, " and ", t.columns);
  t.aggregations = c.integer("num_aggregation_labels", 0);
  check<ConfigError>(t.aggregations >= 0 && t.aggregations <= 1 << 16, "config.json: 'num_aggregation_labels' is ",
                     t.aggregations);
  t.one_column = c.flag("select_one_column", true);
  t.no_column = c.flag("allow_empty_column_selection", false);
  t.average = c.flag("average_logits_per_cell", false);
  t.answers = c.flag("use_answer_as_supervision", false);
  t.per_token = !c.flag("disable_per_token_loss", false);
  t.normalized = c.flag("use_normalized_answer_loss", false);
  t.temperature = c.number("temperature", 1);
  t.aggregation_temperature = c.number("aggregation_temperature", 1);
  check<ConfigError>(t.temperature > 0 && t.aggregation_temperature > 0,
                     "config.json: 'temperature' and 'aggregation_temperature' are ", t.temperature, " and ",
                     t.aggregation_temperature, ", needed numbers above 0");
  t.positive = c.number("positive_label_weight", 10);
  t.aggregation_weight = c.number("aggregation_loss_weight", 1);
  t.importance = c.number("answer_loss_importance", 1);
  t.huber = c.number("huber_loss_delta", 1);
  t.preference = c.number("cell_selection_preference", NAN);
  t.cutoff = c.number("answer_loss_cutoff", INFINITY);
  t.mean = c.text("average_approximation_function", "ratio");
  check<ConfigError>(t.mean == "ratio" || t.mean == "first_order" || t.mean == "second_order",
                     "Invalid average_approximation_function: ", t.mean);
  return t;
}

// What a token belongs to, of `count` of them: [batch, length] ids.
struct Segments {
  Tensor ids;
  int64_t count;
  Tensor sum(const Tensor& x) const {
    return scatter_add(Tensor::zeros({x.size(0), count}, DType::Float32), 1, ids, x);
  }
  Tensor mean(const Tensor& x) const { return div(sum(x), clamp(sum(ones_like(x)), Scalar(1.0), {})); }
  Tensor spread(const Tensor& values) const { return gather(values, 1, ids); }
  static Tensor ones_like(const Tensor& x) { return Tensor::full(x.shape(), Scalar(1.0)); }
};

Tensor rest(const Tensor& p) { return add(neg(p), Scalar(1.0)); }  // 1 - p

Tensor huber_loss(const Tensor& x, const Tensor& target, double delta) {
  const Tensor far = abs(sub(x, target));
  return where(lt(far, Scalar(delta)), mul(mul(far, far), Scalar(0.5)),
               sub(mul(far, Scalar(delta)), Scalar(0.5 * delta * delta)));
}

// What `labels` hold of each token, [batch, length] each. Of labels [batch, length, 5] all of them, else the first.
struct Labels {
  Labels(const Tensor& x, int64_t batch, int64_t length) {
    check<ShapeError>((x.dim() == 2 || (x.dim() == 3 && x.size(2) == 5)) && x.size(0) == batch && x.size(1) == length,
                      "labels: found shape ", x.shape(), ", needed [", batch, ", ", length, "]");
    if (x.dim() == 2) {
      selected = x.to(DType::Float32);
      return;
    }
    const auto of = [&](int64_t i) { return x.select(2, i).to(DType::Float32).contiguous(); };
    selected = of(0);
    numbers = of(1);
    spread = of(2);
    in_table = of(3);
    answer = of(4).select(1, 0).contiguous();
  }
  Tensor selected;                   // 1: part of the answer
  Tensor numbers, spread, in_table;  // the cell's number (NaN: none), its tokens, whether it is the table's
  Tensor answer;                     // [batch]: the number that answers (NaN: none)
};

struct TableAnswerHead : Body {
  TableAnswerHead(Module& owner, const EncoderConfig& c, const TableConfig& t, std::shared_ptr<PreTrainedModel> model)
      : owner(owner),
        t(t),
        dropout(c.dropout),
        base(owner, c.names.base, std::move(model)),
        cell_weights(slots.parameter("output_weights", {c.hidden})),
        cell_bias(slots.parameter("output_bias", {})),
        column_weights(slots.parameter("column_output_weights", {c.hidden})),
        column_bias(slots.parameter("column_output_bias", {})),
        columns_of_cells(Tensor::arange(t.columns).unsqueeze(0).expand({t.rows, t.columns}).reshape({1, -1})) {
    if (t.aggregations) aggregation = &slots.linear("aggregation_classifier", c.hidden, t.aggregations);
  }

  ModelOutput forward(const ModelInput& in) override {
    ModelOutput out = base->run(in);
    Tensor x = out.last_hidden_state;
    if (owner.training() && dropout > 0) x = ef::dropout(x, dropout);
    const int64_t batch = x.size(0), length = x.size(1);
    const Tensor zeros = Tensor::zeros({batch, length}, DType::Int64);
    const auto kind = [&](int64_t i, int64_t count) {
      if (!in.token_type_ids.defined()) return Tensor(zeros);
      return clamp(in.token_type_ids.select(2, i), {}, Scalar(count - 1)).contiguous();
    };
    const Segments columns{kind(1, t.columns), t.columns};
    const Segments cells{add(columns.ids, mul(kind(2, t.rows), Scalar(t.columns))), t.rows * t.columns};
    const Tensor real = in.attention_mask.defined() ? in.attention_mask.to(DType::Float32) : Segments::ones_like(zeros);
    check<ShapeError>(real.dim() == 2, "attention_mask: found shape ", real.shape(), ", needed [", batch, ", ", length,
                      "]");
    const Tensor exists = cells.mean(real);
    Tensor logits = div(scores(x, cell_weights, cell_bias), Scalar(t.temperature)), by_column;
    if (t.one_column) by_column = column_scores(x, cells, exists);
    if (aggregation) out.pair_logits = (**aggregation)(out.pooler_output);
    if (in.labels.defined()) {
      out.loss = loss({in.labels, batch, length}, in.next_sentence_label, logits, by_column, out.pair_logits, cells,
                      columns, exists, real);
    } else if (t.one_column) {
      logits = within_column(cells.mean(logits), by_column, cells, exists);
    }
    out.logits = logits;
    out.last_hidden_state.reset();
    out.pooler_output.reset();
    return out;
  }

 private:
  static Tensor scores(const Tensor& x, const Parameter& weights, const Parameter& bias) {
    const Tensor w = weights.tensor().to(DType::Float32), b = bias.tensor().to(DType::Float32);
    return add(matmul(x, w.unsqueeze(1)).select(2, 0), b);
  }

  Tensor column_scores(const Tensor& x, const Segments& cells, const Tensor& exists) const {
    const Shape table{x.size(0), t.rows, t.columns};
    const Tensor by_cell = mul(cells.mean(scores(x, column_weights, column_bias)), exists);
    const Tensor count = sum(exists.view(table), {1});
    const Tensor mean = div(sum(by_cell.view(table), {1}), add(count, Scalar(kTiny)));
    const Tensor first = eq(Tensor::arange(t.columns).unsqueeze(0), Scalar(int64_t(0)));
    Tensor never = logical_and(lt(count, Scalar(0.5)), logical_not(first)).to(DType::Float32);
    if (!t.no_column) never = add(never, first.to(DType::Float32));
    return add(mean, mul(never, Scalar(kNever)));
  }

  // Logits of tokens, out of reach but in the likeliest column.
  Tensor within_column(const Tensor& by_cell, const Tensor& by_column, const Segments& cells,
                       const Tensor& exists) const {
    const Tensor chosen = argmax(by_column, 1, true);  // [batch, 1]
    const Tensor in = logical_and(eq(columns_of_cells, chosen), ne(columns_of_cells, Scalar(int64_t(0))));
    return cells.spread(add(by_cell, mul(rest(mul(exists, in.to(DType::Float32))), Scalar(kNever))));
  }

  // Of each example: the column, and the cells in it. Changes `logits` to those of the column.
  Tensor column_loss(Tensor& logits, const Tensor& by_column, const Tensor& labels, const Segments& cells,
                     const Segments& columns, const Tensor& exists) const {
    const Tensor marked = columns.sum(labels);
    const Tensor best = argmax(marked, 1);
    const Tensor some = ne(amax(marked, {1}), Scalar(0.0));
    const Tensor column = where(some, best, Tensor::zeros({1}, DType::Int64));
    CrossEntropyOptions each;
    each.reduction = Reduction::None;
    const Tensor choice = cross_entropy(by_column, column, each);
    const Tensor by_cell = cells.mean(logits);
    const Tensor wanted = gt(cells.sum(labels), Scalar(0.0)).to(DType::Float32);
    const Tensor counted = mul(eq(columns_of_cells, column.unsqueeze(1)).to(DType::Float32), exists);
    const Tensor misses = binary_cross_entropy_with_logits(by_cell, wanted, {}, {}, Reduction::None);
    const Tensor inside = div(sum(mul(misses, counted), {1}), add(sum(counted, {1}), Scalar(kTiny)));
    logits = within_column(by_cell, by_column, cells, exists);
    return add(choice, where(some, inside, Tensor::zeros({1})));
  }

  Tensor loss(const Labels& known, const Tensor& operation, Tensor& logits, const Tensor& by_column,
              const Tensor& operations, const Segments& cells, const Segments& columns, const Tensor& exists,
              const Tensor& real) const {
    const Tensor& labels = known.selected;
    const bool supervised = !aggregation || !t.answers;
    Tensor aggregates;  // [batch]: 1 where the answer is a number made of cells
    if (!supervised) {
      check<ConfigError>(known.answer.defined(),
                         "You have to specify float answers, numeric values and numeric values scale in order to "
                         "calculate the regression loss");
      aggregates = aggregate_mask(known.answer, operations, labels);
    }
    if (t.average) logits = cells.spread(cells.mean(logits));
    Tensor each;
    if (t.one_column) {
      each = column_loss(logits, by_column, labels, cells, columns, exists);
    } else {
      const Tensor weight =
          where(eq(labels, Scalar(0.0)), Segments::ones_like(labels), Tensor::full({1}, Scalar(t.positive)));
      const Tensor misses = mul(binary_cross_entropy_with_logits(logits, labels, {}, {}, Reduction::None), weight);
      each = div(sum(mul(misses, real), {1}), add(sum(real, {1}), Scalar(kTiny)));
    }
    Tensor total = Tensor::zeros({});
    if (t.per_token) total = add(total, mean(supervised ? each : mul(each, rest(aggregates))));
    if (!aggregation) return total;
    Tensor more = aggregation_loss(operation, operations, aggregates);
    if (!supervised) {
      const Tensor miss = answer_loss(known, logits, operations, aggregates);
      more = add(more, mul(mul(miss, aggregates), Scalar(t.importance)));
      more = mul(more, logical_not(gt(miss, Scalar(t.cutoff))).to(DType::Float32));
    }
    return add(total, mean(more));
  }

  Tensor aggregate_mask(const Tensor& answer, const Tensor& operations, const Tensor& labels) const {
    const NoGradGuard constant;
    check<ConfigError>(!std::isnan(t.preference),
                       "config.json: 'cell_selection_preference' is missing; use_answer_as_supervision needs it");
    const Tensor mass = sum(softmax(operations, 1).narrow(1, 1, t.aggregations - 1), {1});
    const Tensor selects = logical_and(le(mass, Scalar(t.preference)), gt(sum(labels, {1}), Scalar(0.0)));
    return logical_and(logical_not(isnan(answer)), logical_not(selects)).to(DType::Float32);
  }

  Tensor aggregation_loss(const Tensor& operation, const Tensor& operations, const Tensor& aggregates) const {
    CrossEntropyOptions each;
    each.reduction = Reduction::None;
    if (!aggregates.defined()) {
      check<ConfigError>(operation.defined(),
                         "You have to specify aggregation labels in order to calculate the aggregation loss");
      check<ShapeError>(operation.numel() == operations.size(0), "aggregation_labels: found shape ", operation.shape(),
                        ", needed [", operations.size(0), "]");
      return mul(cross_entropy(operations, operation.flatten(), each), Scalar(t.aggregation_weight));
    }
    const Tensor none = cross_entropy(operations, Tensor::zeros({operations.size(0)}, DType::Int64), each);
    const Tensor mass = sum(softmax(operations, 1).narrow(1, 1, t.aggregations - 1), {1});
    const Tensor any = mul(neg(log(mass)), aggregates);
    return mul(add(mul(none, rest(aggregates)), any), Scalar(t.aggregation_weight));
  }

  // How far the expected sum, average or count is from the answer.
  Tensor answer_loss(const Labels& known, const Tensor& logits, const Tensor& operations,
                     const Tensor& aggregates) const {
    check<ConfigError>(t.aggregations == 4, "config.json: 'num_aggregation_labels' is ", t.aggregations,
                       ", needed 4 (none, sum, average, count) to learn from answers");
    const Tensor zero = Tensor::zeros({1});
    const auto numbers = [&](const Tensor& x) { return where(isnan(x), zero, x); };
    const Tensor p = mul(div(sigmoid(logits), known.spread), known.in_table);
    const Tensor values = numbers(known.numbers), count = sum(p, {1}), total = sum(mul(p, values), {1});
    Tensor average;
    if (t.mean == "ratio") {
      average = div(total, add(count, Scalar(kTiny)));
    } else {
      const Tensor others = add(sub(sum(p, {1}, true), p), Scalar(1.0));
      Tensor factor = div(Tensor::full({1}, Scalar(1.0)), others);
      if (t.mean == "second_order") {
        const Tensor spread = mul(p, rest(p));
        const Tensor variance = sub(sum(spread, {1}, true), spread);
        factor = div(add(div(variance, mul(others, others)), Scalar(1.0)), others);
      }
      average = sum(mul(mul(values, p), factor), {1});
    }
    const Tensor kinds = softmax(div(operations.narrow(1, 1, 3), Scalar(t.aggregation_temperature)), 1);
    const Tensor expected = sum(mul(stack({total, average, count}, 1), kinds), {1});
    const Tensor answer = numbers(known.answer);
    if (!t.normalized) return huber_loss(mul(expected, aggregates), mul(answer, aggregates), t.huber);
    const Tensor scale = add(maximum(abs(expected.detach()), abs(answer)), Scalar(kTiny));
    return huber_loss(mul(div(expected, scale), aggregates), mul(div(answer, scale), aggregates), 1);
  }

  Module& owner;
  const TableConfig t;
  const double dropout;
  Child<PreTrainedModel> base;
  Slots slots{owner};
  Parameter &cell_weights, &cell_bias, &column_weights, &column_bias;
  const Tensor columns_of_cells;
  Child<Module>* aggregation = nullptr;
};

}  // namespace

std::unique_ptr<Body> make_table_answer(Module& owner, const EncoderConfig& c, const ConfigReader& raw,
                                        std::shared_ptr<PreTrainedModel> base) {
  return std::make_unique<TableAnswerHead>(owner, c, read_table(raw), std::move(base));
}

}  // namespace ef
