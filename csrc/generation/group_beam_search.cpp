#include "generation/group_beam_search.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "generation/beams.h"
#include "generation/hypotheses.h"
#include "ops/ops.h"

namespace ef {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Makes what earlier groups have chosen at this step less likely, each time it was chosen.
struct HammingDiversity : LogitsProcessor {
  float penalty = 0;
  int64_t beams = 0;                         // of a prompt in a group
  std::vector<std::vector<int64_t>> chosen;  // of each prompt
  void process(const TokenHistory&, Tensor& scores) override {
    const int64_t vocab = scores.size(1);
    float* data = scores.mutable_data<float>();
    for (size_t p = 0; p < chosen.size(); p++)
      for (int64_t b = 0; b < beams; b++)
        for (int64_t token : chosen[p])
          if (token >= 0 && token < vocab) data[(int64_t(p) * beams + b) * vocab + token] -= penalty;
  }
};

class GroupBeamSearch {
 public:
  GroupBeamSearch(PreTrainedModel& model, const GenerateRequest& r)
      : r_(r),
        o_(r.options),
        session_(model, r, result_),
        prompts_(session_.batch()),
        beams_(o_.num_beams),
        groups_(o_.num_beam_groups) {
    check<ConfigError>(beams_ > 1, "`num_beams` has to be an integer strictly greater than 1, but is ", beams_,
                       ". For `num_beams` == 1, one should make use of `greedy_search` instead.");
    check<ConfigError>(groups_ > 0 && groups_ <= beams_ && beams_ % groups_ == 0,
                       "`num_beam_groups` has to be an integer smaller or equal than `num_beams` and `num_beams` has "
                       "to be divisible by `num_beam_groups`, but is ",
                       groups_, " with `num_beams` being ", beams_, ".");
    check<ConfigError>(o_.num_return_sequences <= beams_, "`num_return_sequences` (", o_.num_return_sequences,
                       ") has to be smaller or equal to `num_beams` (", beams_, ").");
    size_ = beams_ / groups_;
    start_ = session_.history.length();
    finished_.assign(size_t(prompts_ * groups_), Hypotheses(size_, o_.length_penalty));
    done_.assign(finished_.size(), false);
    sums_.assign(size_t(prompts_ * beams_), kNoBeam);
    for (size_t i = 0; i < sums_.size(); i += size_t(size_)) sums_[i] = 0;  // the beams of a group begin alike
    origins_.resize(sums_.size());
    diversity_ = std::make_shared<HammingDiversity>();
    diversity_->penalty = float(o_.diversity_penalty);
    diversity_->beams = size_;
  }

  GenerateResult run() {
    const auto begin = Clock::now();
    Tensor logits = prefill_beams(session_, result_, beams_);
    result_.prefill_seconds = since(begin);
    const auto decoding = Clock::now();
    for (int64_t g = 0; g < groups_; g++)
      processors_.push_back(session_.processors(logits.size(1), rows(g), diversity()));
    for (;;) {
      if (o_.output_logits) result_.logits.push_back(logits.clone());
      Tensor scores = log_softmax(logits, -1).contiguous();
      if (r_.guidance) r_.guidance->process(session_.history, scores);
      step(scores);
      if (o_.output_scores) result_.scores.push_back(scores);
      result_.new_tokens++;
      if (over(scores, begin)) break;
      if (r_.interrupt) r_.interrupt();
      session_.grow();
      logits = session_.step();
    }
    result_.decode_seconds = since(decoding);
    finish();
    write();
    return std::move(result_);
  }

 private:
  LogitsProcessorPtr diversity() const { return o_.diversity_penalty > 0 ? diversity_ : nullptr; }

  std::vector<int64_t> rows(int64_t group) const {  // of all prompts
    std::vector<int64_t> out;
    for (int64_t p = 0; p < prompts_; p++)
      for (int64_t b = 0; b < size_; b++) out.push_back(p * beams_ + group * size_ + b);
    return out;
  }

  // Every group chooses in turn, since the later ones avoid what the earlier ones took. `scores` become those that were
  // chosen from.
  void step(Tensor& scores) {
    const int64_t vocab = scores.size(1);
    next_.assign(sums_.size(), {});
    diversity_->chosen.assign(size_t(prompts_), {});
    for (int64_t g = 0; g < groups_; g++) {
      const std::vector<int64_t> of_group = rows(g);
      const Tensor index = Tensor::from_data(of_group, {int64_t(of_group.size())});
      TokenHistory history;
      for (int64_t row : of_group) {
        history.rows.push_back(session_.history.rows[size_t(row)]);
        history.padding.push_back(session_.history.padding[size_t(row)]);
      }
      Tensor part = groups_ == 1 ? scores : index_select(scores, 0, index);
      for (auto& p : processors_[size_t(g)]) p->process(history, part);
      float* data = scores.mutable_data<float>();
      const float* from = part.data<float>();
      for (size_t i = 0; i < of_group.size(); i++)
        std::copy_n(from + int64_t(i) * vocab, groups_ == 1 && from == data ? 0 : vocab, data + of_group[i] * vocab);
      for (int64_t p = 0; p < prompts_; p++) choose(p, g, scores);
    }
    if (r_.constraints)  // transformers returns the sums here
      for (size_t i = 0; i < sums_.size(); i++) {
        float* row = scores.mutable_data<float>() + int64_t(i) * vocab;
        for (int64_t t = 0; t < vocab; t++) row[t] += sums_[i];
      }
    take();
  }

  // The next tokens of one group of one prompt.
  void choose(int64_t prompt, int64_t group, const Tensor& scores) {
    const int64_t first = prompt * beams_ + group * size_, vocab = scores.size(1);
    const size_t at = size_t(prompt * groups_ + group);
    std::vector<Continuation> beams;
    if (done_[at]) {
      for (int64_t b = 0; b < size_; b++) beams.push_back({0, b, o_.pad_token_id, false});
    } else {
      const float* data = scores.data<float>() + first * vocab;
      const auto candidates =
          best_continuations(data, sums_.data() + first, size_, vocab, continuations_wanted(o_, size_), nullptr);
      check<Error>(!candidates.empty() && std::isfinite(candidates[0].score),
                   "generate: found no continuation of prompt ", prompt, " with a finite score (step ",
                   result_.new_tokens, "); the weights may be damaged, or the processors forbid every token");
      beams = carry_on(first, at, candidates);
      check<ConfigError>(int64_t(beams.size()) == size_, "At most ", size_, " tokens of ", candidates.size(),
                         " can be equal to `eos_token_id`; the vocabulary of ", vocab, " is too small for ", size_,
                         " beams");
      if (r_.constraints) constrain(first, data, vocab, beams);
      done_[at] = over(at, candidates[0].score);
    }
    for (int64_t b = 0; b < size_; b++) {
      next_[size_t(first + b)] = beams[size_t(b)];
      next_[size_t(first + b)].beam += first;  // from now on its row
      diversity_->chosen[size_t(prompt)].push_back(beams[size_t(b)].token);
    }
  }

  // The best continuations that go on; those that end, and are among the first, become hypotheses.
  std::vector<Continuation> carry_on(int64_t first, size_t at, const std::vector<Continuation>& candidates) {
    std::vector<Continuation> beams;
    for (size_t rank = 0; rank < candidates.size() && int64_t(beams.size()) < size_; rank++) {
      const Continuation& c = candidates[rank];
      const bool ends = std::find(o_.eos_token_id.begin(), o_.eos_token_id.end(), c.token) != o_.eos_token_id.end();
      const auto row = size_t(first + c.beam);
      if (!ends)
        beams.push_back(c);
      else if (int64_t(rank) < size_ && met(row))
        finished_[at].add(c.score, length() + 1, new_tokens(row), with(origins_[row], int64_t(row)));
    }
    return beams;
  }

  // Whether a group has nothing better to find.
  bool over(size_t at, double best) const {
    const Hypotheses& found = finished_[at];
    if (!found.full()) return false;
    if (o_.early_stopping) return true;
    const bool hopes = o_.early_stopping_never && o_.length_penalty > 0;
    return found.worst() >= found.scored(best, hopes ? o_.max_length - start_ : length() + 1);
  }

  // Among the beams and those that come a step closer to a constraint, a round through all grades of progress, each
  // with its best, and again, until there are enough.
  void constrain(int64_t first, const float* scores, int64_t vocab, std::vector<Continuation>& beams) {
    const auto& history = session_.history.rows;
    std::vector<Continuation> all = beams;
    std::vector<std::vector<int64_t>> texts;
    std::vector<int64_t> progress;
    for (const Continuation& c : beams) {
      texts.push_back(with(history[size_t(first + c.beam)], c.token));
      progress.push_back(r_.constraints->progress(texts.back()));
    }
    for (int64_t b = 0; b < size_; b++) {
      const auto& ids = history[size_t(first + b)];
      for (auto [token, made] : r_.constraints->steps(ids)) {
        check<ConfigError>(token >= 0 && token < vocab, "constraints: token id ", token,
                           " is outside the vocabulary of ", vocab);
        std::vector<int64_t> text = with(ids, token);
        if (std::find(texts.begin(), texts.end(), text) != texts.end()) continue;
        texts.push_back(std::move(text));
        progress.push_back(made);
        all.push_back({scores[b * vocab + token] + sums_[size_t(first + b)], b, token, false});
      }
    }
    if (all.size() == beams.size()) return;
    std::vector<size_t> order(all.size()), round(all.size());
    std::iota(order.begin(), order.end(), size_t(0));
    const auto key = [&](size_t i) { return float(progress[i] * 100) + all[i].score; };
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key(a) > key(b); });
    for (size_t i = 0, place = 0; i < order.size(); i++) {
      place = i && progress[order[i]] == progress[order[i - 1]] ? place + 1 : 0;
      round[order[i]] = place;
    }
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return round[a] < round[b]; });
    for (size_t b = 0; b < beams.size(); b++) beams[b] = all[order[b]];
  }

  // The chosen tokens become part of the texts.
  void take() {
    std::vector<int64_t> from;
    TokenHistory history;
    std::vector<std::vector<int64_t>> origins;
    for (size_t i = 0; i < next_.size(); i++) {
      const auto row = size_t(next_[i].beam);
      from.push_back(int64_t(row));
      history.rows.push_back(with(session_.history.rows[row], next_[i].token));
      history.padding.push_back(session_.history.padding[row]);
      origins.push_back(with(origins_[row], int64_t(row)));
      sums_[i] = next_[i].score;
    }
    session_.reorder(from);
    session_.history = std::move(history);
    origins_ = std::move(origins);
  }

  // The search is over when all groups are, or when every row has to stop.
  bool over(const Tensor& scores, Clock::time_point begin) {
    if (std::all_of(done_.begin(), done_.end(), [](bool d) { return d; })) return true;
    const bool all = session_.history.length() >= o_.max_length || (o_.max_time && since(begin) > *o_.max_time);
    std::vector<bool> stops(session_.history.rows.size(), all);
    for (size_t i = 0; i < stops.size(); i++)
      stops[i] = stops[i] || std::find(o_.eos_token_id.begin(), o_.eos_token_id.end(),
                                       session_.history.rows[i].back()) != o_.eos_token_id.end();
    for (auto& criterion : r_.stopping) criterion->check(session_.history, scores, stops);
    return std::all_of(stops.begin(), stops.end(), [](bool s) { return s; });
  }

  // What still runs counts as finished now; what misses a constraint only where too little meets them.
  void finish() {
    for (size_t at = 0; at < finished_.size(); at++) {
      if (done_[at]) continue;
      int64_t enough = 0;
      const auto keep = [&](bool complete) {
        for (int64_t b = 0; b < size_; b++) {
          const size_t row = at * size_t(size_) + size_t(b);
          if (met(row) != complete) continue;
          finished_[at].add(sums_[row], length(), new_tokens(row), origins_[row]);
          enough++;
        }
      };
      keep(true);
      if (enough < o_.num_return_sequences) keep(false);
    }
  }

  void write() {
    const int64_t count = o_.num_return_sequences;
    std::vector<const Hypothesis*> best;
    int64_t longest = 0;
    for (int64_t p = 0; p < prompts_; p++) {
      std::vector<const Hypothesis*> all;
      for (int64_t g = 0; g < groups_; g++)
        for (auto& h : finished_[size_t(p * groups_ + g)].kept()) all.push_back(&h);
      std::stable_sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->score < b->score; });
      check<Error>(int64_t(all.size()) >= count, "generate: found ", all.size(), " texts, needed ", count);
      for (int64_t i = 0; i < count; i++) {
        best.push_back(all[all.size() - 1 - size_t(i)]);
        longest = std::max(longest, int64_t(best.back()->tokens.size()));
      }
    }
    const int64_t width = std::min(longest + 1, o_.max_length - start_);
    std::vector<int64_t> ids;
    std::vector<int32_t> beams;
    std::vector<float> scores;
    for (size_t i = 0; i < best.size(); i++) {
      const auto& prompt = session_.history.rows[i / size_t(count) * size_t(beams_)];
      std::vector<int64_t> row(prompt.begin(), prompt.begin() + start_);
      row.insert(row.end(), best[i]->tokens.begin(), best[i]->tokens.end());
      // As transformers does: the first of the ends, whichever it was, and behind what was cut short too.
      if (int64_t(best[i]->tokens.size()) < width && !o_.eos_token_id.empty()) row.push_back(o_.eos_token_id[0]);
      row.resize(size_t(start_ + width), o_.pad_token_id);
      ids.insert(ids.end(), row.begin(), row.end());
      std::vector<int32_t> from(best[i]->beams.begin(), best[i]->beams.end());
      from.resize(size_t(width), -1);
      beams.insert(beams.end(), from.begin(), from.end());
      scores.push_back(float(best[i]->score));
    }
    const auto count_all = int64_t(best.size());
    result_.sequences = Tensor::from_data(ids, {count_all, start_ + width});
    result_.beam_indices = Tensor::from_data(beams, {count_all, width});
    result_.sequences_scores = Tensor::from_data(scores, {count_all});
  }

  bool met(size_t row) { return !r_.constraints || r_.constraints->met(session_.history.rows[row]); }
  int64_t length() const { return session_.history.length() - start_; }  // new tokens so far
  std::vector<int64_t> new_tokens(size_t row) const {
    const auto& ids = session_.history.rows[row];
    return {ids.begin() + start_, ids.end()};
  }
  static std::vector<int64_t> with(std::vector<int64_t> ids, int64_t last) {
    ids.push_back(last);
    return ids;
  }

  const GenerateRequest& r_;
  const GenerationOptions& o_;
  GenerateResult result_;
  Session session_;
  const int64_t prompts_, beams_, groups_;
  int64_t size_ = 0, start_ = 0;               // beams of a group; length of the prompt
  std::vector<float> sums_;                    // of each row
  std::vector<std::vector<int64_t>> origins_;  // of each row: the rows its tokens came from
  std::vector<Hypotheses> finished_;           // of each prompt and group
  std::vector<bool> done_;
  std::vector<Continuation> next_;                           // of each row; `beam` is the row it continues
  std::vector<std::vector<LogitsProcessorPtr>> processors_;  // of each group
  std::shared_ptr<HammingDiversity> diversity_;
};

}  // namespace

GenerateResult group_beam_search(PreTrainedModel& model, const GenerateRequest& request) {
  return GroupBeamSearch(model, request).run();
}

}  // namespace ef
