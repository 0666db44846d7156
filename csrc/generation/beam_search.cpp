#include "generation/beam_search.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/thread_pool.h"
#include "generation/beams.h"
#include "ops/ops.h"

namespace ef {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// A finished sequence of one prompt; until there are enough, placeholders with the lowest score.
struct Finished {
  float score = kNoBeam;
  std::vector<int64_t> tokens, beams;  // new tokens, and the row that each came from
  bool real = false;
};

bool better(const Continuation& a, const Continuation& b) { return a.score > b.score; }

class BeamSearch {
 public:
  BeamSearch(PreTrainedModel& model, const GenerateRequest& r)
      : r_(r), o_(r.options), session_(model, r, result_), prompts_(session_.batch()), beams_(o_.num_beams) {
    check<ConfigError>(o_.num_return_sequences <= beams_, "`num_return_sequences` (", o_.num_return_sequences,
                       ") has to be smaller or equal to `num_beams` (", beams_, ").");
    start_ = session_.history.length();
    candidates_ = continuations_wanted(o_, beams_);
    scores_.assign(size_t(prompts_ * beams_), kNoBeam);
    for (int64_t p = 0; p < prompts_; p++) scores_[size_t(p * beams_)] = 0;  // the beams of a prompt begin alike
    origins_.resize(size_t(prompts_ * beams_));
    finished_.assign(size_t(prompts_), std::vector<Finished>(size_t(beams_)));
    improvable_.assign(size_t(prompts_), true);
  }

  GenerateResult run() {
    const auto begin = Clock::now();
    if (o_.do_sample) generators_ = row_generators(session_.history);
    session_.only_read_scores(true);
    Tensor logits = prefill_beams(session_, result_, beams_);
    result_.prefill_seconds = since(begin);
    const auto decoding = Clock::now();
    const auto processors = session_.processors(logits.size(1));
    for (;;) {
      if (o_.output_logits) result_.logits.push_back(logits.clone());
      Tensor scores = log_softmax(logits, -1).contiguous();
      for (auto& p : processors) p->process(session_.history, scores);
      if (o_.output_scores) result_.scores.push_back(scores.clone());
      result_.new_tokens++;
      if (!advance(scores, begin)) break;
      if (r_.interrupt) r_.interrupt();
      session_.grow();
      logits = session_.step();
    }
    result_.decode_seconds = since(decoding);
    write();
    return std::move(result_);
  }

 private:
  // One step for every prompt. False when the search is over.
  bool advance(const Tensor& scores, Clock::time_point begin) {
    const int64_t vocab = scores.size(1);
    std::vector<std::vector<Continuation>> all((size_t(prompts_)));
    const float* data = scores.data<float>();
    parallel_for(prompts_, 1, [&](int64_t from, int64_t to) {
      for (int64_t p = from; p < to; p++)
        all[size_t(p)] = best_continuations(data + p * beams_ * vocab, scores_.data() + p * beams_, beams_, vocab,
                                            candidates_, o_.do_sample ? &generators_[size_t(p)] : nullptr);
    });
    const bool all_end = mark_ends(all, scores, begin);
    const int64_t length = session_.history.length() + 1 - start_;
    std::vector<int64_t> rows;
    TokenHistory next;
    std::vector<float> sums;
    std::vector<std::vector<int64_t>> origins;
    for (int64_t p = 0; p < prompts_; p++) {
      std::vector<Continuation> running = all[size_t(p)];
      check<Error>(int64_t(running.size()) >= beams_ && std::isfinite(running[0].score),
                   "generate: found no continuation of prompt ", p, " with a finite score (step ", result_.new_tokens,
                   "); the weights may be damaged, or the processors forbid every token");
      keep_finished(p, running, length);
      for (Continuation& c : running)
        if (c.ends) c.score += kNoBeam;
      std::stable_sort(running.begin(), running.end(), better);
      for (int64_t b = 0; b < beams_; b++) {
        const Continuation& c = running[size_t(b)];
        const int64_t row = p * beams_ + c.beam;
        rows.push_back(row);
        sums.push_back(c.score);
        next.rows.push_back(session_.history.rows[size_t(row)]);
        next.rows.back().push_back(c.token);
        next.padding.push_back(session_.history.padding[size_t(row)]);
        origins.push_back(origins_[size_t(row)]);
        origins.back().push_back(row);
      }
    }
    session_.reorder(rows);
    session_.history = std::move(next);
    scores_ = std::move(sums);
    origins_ = std::move(origins);
    return !all_end && may_improve(length);
  }

  // Which candidates end here: by a token, a criterion, the length or the time. True if all do.
  bool mark_ends(std::vector<std::vector<Continuation>>& all, const Tensor& scores, Clock::time_point begin) {
    const int64_t length = session_.history.length() + 1;
    const bool out_of_time = o_.max_time && since(begin) > *o_.max_time;
    bool every = true;
    std::vector<bool> done;
    TokenHistory candidates;
    for (int64_t p = 0; p < prompts_; p++)
      for (const Continuation& c : all[size_t(p)]) {
        const bool eos = std::find(o_.eos_token_id.begin(), o_.eos_token_id.end(), c.token) != o_.eos_token_id.end();
        done.push_back(eos || length >= o_.max_length || out_of_time);
        if (r_.stopping.empty()) continue;
        const auto row = size_t(p * beams_ + c.beam);
        candidates.rows.push_back(session_.history.rows[row]);
        candidates.rows.back().push_back(c.token);
        candidates.padding.push_back(session_.history.padding[row]);
      }
    for (auto& criterion : r_.stopping) criterion->check(candidates, scores, done);
    size_t i = 0;
    for (auto& of_prompt : all)
      for (Continuation& c : of_prompt) every &= c.ends = done[i++];
    return every;
  }

  // Of the first `beams_` candidates those that end compete with what a prompt has finished before.
  void keep_finished(int64_t prompt, const std::vector<Continuation>& candidates, int64_t length) {
    std::vector<Finished>& kept = finished_[size_t(prompt)];
    const bool full = o_.early_stopping && std::all_of(kept.begin(), kept.end(), [](auto& f) { return f.real; });
    if (full || !improvable_[size_t(prompt)]) return;
    const auto penalty = float(std::pow(double(length), o_.length_penalty));
    for (size_t i = 0; i < size_t(beams_) && i < candidates.size(); i++) {
      const Continuation& c = candidates[i];
      if (!c.ends) continue;
      const float score = c.score / penalty;
      // One of the lowest goes: equal scores stay in the order in which they came.
      if (score <= kept.back().score) continue;
      const auto row = size_t(prompt * beams_ + c.beam);
      const auto& tokens = session_.history.rows[row];
      Finished f{score, {tokens.begin() + start_, tokens.end()}, origins_[row], true};
      f.tokens.push_back(c.token);
      f.beams.push_back(int64_t(row));
      kept.back() = std::move(f);
      std::stable_sort(kept.begin(), kept.end(), [](auto& a, auto& b) { return a.score > b.score; });
    }
  }

  // Whether any prompt could still find something better, by the best that its beams can reach.
  bool may_improve(int64_t length) {
    const bool hopes = o_.early_stopping_never && o_.length_penalty > 0;
    const double reach = double(hopes ? o_.max_length - start_ : length);
    const auto penalty = float(std::pow(reach, o_.length_penalty));
    bool improvable = false, open = false;
    for (int64_t p = 0; p < prompts_; p++) {
      const auto& kept = finished_[size_t(p)];
      const float most = scores_[size_t(p * beams_)] / penalty, least = kept.back().score;
      bool any = false;
      for (auto& f : kept) {
        any |= most > (f.real ? least : kNoBeam);
        open |= !f.real;
      }
      improvable_[size_t(p)] = improvable_[size_t(p)] && any;
      improvable |= improvable_[size_t(p)];
    }
    return improvable && (open || !o_.early_stopping);
  }

  void write() {
    const int64_t count = o_.num_return_sequences, rows = prompts_ * count;
    int64_t longest = 0;
    for (auto& kept : finished_)
      for (int64_t i = 0; i < count; i++) longest = std::max(longest, int64_t(kept[size_t(i)].tokens.size()));
    // As transformers does: an id of 0 counts as none here.
    const int64_t fill = o_.pad_token_id || o_.eos_token_id.empty() ? o_.pad_token_id : o_.eos_token_id[0];
    std::vector<int64_t> ids;
    std::vector<int32_t> beams;
    std::vector<float> scores;
    for (int64_t p = 0; p < prompts_; p++)
      for (int64_t i = 0; i < count; i++) {
        const Finished& f = finished_[size_t(p)][size_t(i)];
        const auto& prompt = session_.history.rows[size_t(p * beams_)];
        ids.insert(ids.end(), prompt.begin(), prompt.begin() + start_);
        ids.insert(ids.end(), f.tokens.begin(), f.tokens.end());
        beams.insert(beams.end(), f.beams.begin(), f.beams.end());
        ids.resize(ids.size() + size_t(longest) - f.tokens.size(), fill);
        beams.resize(beams.size() + size_t(longest) - f.beams.size(), -1);
        scores.push_back(f.score);
      }
    result_.sequences = Tensor::from_data(ids, {rows, start_ + longest});
    result_.beam_indices = Tensor::from_data(beams, {rows, longest});
    result_.sequences_scores = Tensor::from_data(scores, {rows});
  }

  const GenerateRequest& r_;
  const GenerationOptions& o_;
  GenerateResult result_;
  Session session_;
  const int64_t prompts_, beams_;
  int64_t start_ = 0, candidates_ = 0;
  std::vector<float> scores_;                  // of each beam that runs, best first within a prompt
  std::vector<std::vector<int64_t>> origins_;  // of each beam: the rows its tokens came from
  std::vector<std::vector<Finished>> finished_;
  std::vector<bool> improvable_;
  std::vector<Generator> generators_;
};

}  // namespace

GenerateResult beam_search(PreTrainedModel& model, const GenerateRequest& request) {
  return BeamSearch(model, request).run();
}

}  // namespace ef
