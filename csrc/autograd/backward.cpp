// The walk. A node is always younger than the nodes that its inputs come from, so taking pending nodes youngest first
// meets each one after everything that sends it a gradient: no counting of dependencies, no recursion.
#include <unordered_map>
#include <unordered_set>

#include "autograd/meta.h"
#include "tensor/training_memory.h"

namespace ef {
namespace {

struct Sum {
  Tensor value;
  bool owned = false;  // ours alone: may be added to in place
  void add(Tensor g) {
    if (!g.defined()) return;
    if (!value.defined()) {
      value = std::move(g);
      return;
    }
    if (!owned) value = value.detach().clone();
    owned = true;
    add_to(value, g);
  }
};

// A gradient as its receiver needs it: summed over broadcast dimensions, in the receiver's dtype.
Tensor fit(Tensor g, const Shape& shape, DType dtype, const std::string& sender, size_t index) {
  if (!(g.shape() == shape)) {
    bool fits = g.dim() >= shape.size();
    for (int d = 1; fits && d <= shape.size(); d++)
      fits = shape[shape.size() - d] == g.shape()[g.dim() - d] || shape[shape.size() - d] == 1;
    check<ShapeError>(fits, "Function ", sender, " returned an invalid gradient at index ", index, " - got ", g.shape(),
                      " but expected shape compatible with ", shape);
    g = sum_to(g, shape);
  }
  return g.dtype() == dtype ? g : g.detach().to(dtype);
}

class Walk {
 public:
  Walk(bool retain_graph, bool accumulate) : retain_(retain_graph), accumulate_(accumulate) {}

  // Where gradients are wanted: leaves or inner tensors; the walk then goes only where it can reach one of them.
  void target(const Tensor& x) {
    const Meta& meta = *Meta::of(x);
    restricted_ = true;
    if (meta.node)
      inner_[meta.node.get()].push_back(meta.output);
    else
      leaves_.insert(x.impl());
  }

  void root(const Tensor& y, const Tensor& g) {
    const Meta& meta = *Meta::of(y);
    roots_.push_back({meta.node ? Edge{meta.node, meta.output, {}} : Edge{nullptr, 0, y}, g});
  }

  void run() {
    survey();
    for (auto& [edge, g] : roots_) send(edge, g, "backward", 0);
    roots_.clear();
    while (!pending_.empty()) {
      auto first = pending_.begin();
      const std::shared_ptr<Node> node = std::move(first->second.node);
      std::vector<Sum> sums = std::move(first->second.sums);
      pending_.erase(first);
      step(node, sums);
    }
  }

  Tensor captured(const Tensor& x) const {
    const Meta& meta = *Meta::of(x);
    auto found = captured_.find(meta.node ? key(meta.node.get(), meta.output) : key(x.impl(), 0));
    return found == captured_.end() ? Tensor() : found->second;
  }

 private:
  struct Pending {
    std::shared_ptr<Node> node;
    std::vector<Sum> sums;
  };
  static std::pair<const void*, uint32_t> key(const void* p, uint32_t i) { return {p, i}; }

  // What can be reached: how many gradients each leaf will get and, when targets are given, which nodes lead to one.
  void survey() {
    std::vector<Node*> stack, all;
    std::unordered_set<Node*> seen;
    const auto visit = [&](const Edge& edge) {
      if (edge.leaf.defined())
        expected_[edge.leaf.impl()]++;
      else if (edge.node && seen.insert(edge.node.get()).second)
        stack.push_back(edge.node.get());
    };
    for (auto& [edge, g] : roots_) visit(edge);
    while (!stack.empty()) {
      Node* node = stack.back();
      stack.pop_back();
      all.push_back(node);
      for (const Edge& edge : node->inputs) visit(edge);
    }
    if (!restricted_) return;
    std::sort(all.begin(), all.end(), [](Node* a, Node* b) { return a->order < b->order; });
    for (Node* node : all)
      if (std::any_of(node->inputs.begin(), node->inputs.end(), [&](const Edge& e) { return leads(e); }))
        leading_.insert(node);
  }
  bool leads(const Edge& e) const {
    if (!restricted_) return e.wanted();
    if (e.leaf.defined()) return leaves_.contains(e.leaf.impl());
    return e.node && (leading_.contains(e.node.get()) || inner_.contains(e.node.get()));
  }

  void send(const Edge& edge, Tensor g, const std::string& sender, size_t index) {
    if (edge.leaf.defined()) {
      TensorImpl* leaf = edge.leaf.impl();
      Sum& sum = arrived_[leaf];
      if (g.defined()) sum.add(fit(std::move(g), edge.leaf.shape(), edge.leaf.dtype(), sender, index));
      if (--expected_[leaf] > 0) return;
      Tensor total = std::move(sum.value);
      const bool owned = sum.owned;
      arrived_.erase(leaf);
      if (total.defined()) deliver(edge.leaf, std::move(total), owned);
    } else if (edge.node && leads(edge)) {
      Pending& pending = pending_[edge.node->order];
      if (!pending.node) {
        pending.node = edge.node;
        pending.sums.resize(edge.node->outputs.size());
      }
      if (!g.defined()) return;
      const Node::Output& to = edge.node->outputs[edge.output];
      pending.sums[edge.output].add(fit(std::move(g), to.shape, to.dtype, sender, index));
    }
  }

  void deliver(const Tensor& leaf, Tensor g, bool owned) {
    Meta& meta = *Meta::of(leaf);
    for (auto& [id, hook] : std::map(meta.hooks))
      if (Tensor other = hook(g); other.defined()) g = fit(other, leaf.shape(), leaf.dtype(), "hook", 0);
    if (restricted_ && !leaves_.contains(leaf.impl())) return;
    if (!accumulate_) {
      captured_[key(leaf.impl(), 0)] = g;
      return;
    }
    {
      std::lock_guard lock(accumulate_lock());
      if (meta.grad.defined()) {
        add_to(meta.grad, g);
      } else {
        // Keep it as it is when nobody else has it; a view or a shared gradient needs its own memory.
        const bool own = owned || (g.storage().use_count() == 1 && g.impl_ptr().use_count() == 1);
        meta.grad = own && g.is_contiguous() && !g.requires_grad() ? g : g.detach().clone();
      }
    }
    for (auto& [id, hook] : std::map(meta.post_hooks)) hook(leaf);
  }

  void step(const std::shared_ptr<Node>& node, std::vector<Sum>& sums) {
    Grads dys(sums.size());
    for (size_t i = 0; i < sums.size(); i++) {
      dys[i] = std::move(sums[i].value);
      Node::Output& out = node->outputs[i];
      if (!dys[i].defined()) continue;
      for (auto& [id, hook] : std::vector(out.hooks))
        if (Tensor other = hook(dys[i]); other.defined()) dys[i] = fit(other, out.shape, out.dtype, "hook", 0);
      if (auto keeper = out.retained.lock()) {
        Tensor x(keeper);
        Meta::of(x)->grad = dys[i].detach().clone();
      }
    }
    if (auto found = inner_.find(node.get()); found != inner_.end()) {
      for (uint32_t i : found->second) captured_[key(node.get(), i)] = dys[i];
      if (!leading_.contains(node.get())) return;
    }
    check<Error>(
        bool(node->backward),
        "Trying to backward through the graph a second time (or directly access saved tensors after they have "
        "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
        "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or "
        "if you need to access saved tensors after calling backward.");
    const bool silent = std::none_of(dys.begin(), dys.end(), [](auto& g) { return g.defined(); });
    Grads dxs = silent ? Grads(node->inputs.size()) : node->backward(dys);
    dys.clear();
    check<Error>(dxs.size() == node->inputs.size(), node->name, ": backward returned ", dxs.size(),
                 " gradients, needed ", node->inputs.size());
    std::vector<Edge> edges;
    if (retain_) {
      edges = node->inputs;
    } else {
      edges = std::move(node->inputs);
      node->inputs.clear();
      node->backward = nullptr;
    }
    for (size_t i = 0; i < edges.size(); i++) {
      send(edges[i], std::move(dxs[i]), node->name, i);
    }
  }

  bool retain_, accumulate_, restricted_ = false;
  std::vector<std::pair<Edge, Tensor>> roots_;
  std::map<uint64_t, Pending, std::greater<>> pending_;
  std::unordered_map<TensorImpl*, int64_t> expected_;
  std::unordered_map<TensorImpl*, Sum> arrived_;
  std::unordered_map<Node*, std::vector<uint32_t>> inner_;
  std::unordered_set<TensorImpl*> leaves_;
  std::unordered_set<Node*> leading_;
  std::map<std::pair<const void*, uint32_t>, Tensor> captured_;
};

thread_local bool restricted_walk = false;

Tensor seed(const Tensor& y, const Tensor& g, size_t index) {
  check<Error>(y.requires_grad(), "element ", index, " of tensors does not require grad and does not have a grad_fn");
  if (!g.defined()) {
    check<Error>(y.numel() == 1, "grad can be implicitly created only for scalar outputs");
    return Tensor::ones(y.shape(), y.dtype());
  }
  check<ShapeError>(g.shape() == y.shape(), "Mismatch in shape: grad_output[", index, "] has a shape of ", g.shape(),
                    " and output[", index, "] has a shape of ", y.shape(), ".");
  return g.detach();
}

}  // namespace

Node::~Node() {
  // A long chain must not be torn down by recursion: take over the inputs of whatever dies with this node.
  std::vector<Edge> rest = std::move(inputs);
  while (!rest.empty()) {
    Edge edge = std::move(rest.back());
    rest.pop_back();
    if (edge.node && edge.node.use_count() == 1) {
      for (Edge& next : edge.node->inputs) rest.push_back(std::move(next));
      edge.node->inputs.clear();
    }
  }
}

bool walk_is_restricted() { return restricted_walk; }

namespace {
struct RestrictedGuard {
  explicit RestrictedGuard(bool on) : before(restricted_walk) { restricted_walk = on; }
  ~RestrictedGuard() { restricted_walk = before; }
  bool before;
};
void check_create_graph(bool on) {
  check<UnsupportedError>(!on, "backward: create_graph=True (gradients of gradients) is not supported");
}
}  // namespace

void backward(const std::vector<Tensor>& outputs, const std::vector<Tensor>& gradients,
              const BackwardOptions& options) {
  check_create_graph(options.create_graph);
  expect_training();
  check<ShapeError>(gradients.empty() || gradients.size() == outputs.size(), "got ", outputs.size(), " tensors and ",
                    gradients.size(), " gradients");
  NoGradGuard no_grad;
  RestrictedGuard guard(!options.inputs.empty());
  Walk walk(options.retain_graph, true);
  for (const Tensor& x : options.inputs) {
    check<Error>(x.requires_grad(), "One of the differentiated Tensors does not require grad");
    check<UnsupportedError>(is_leaf(x), "backward: inputs= takes leaves only; use grad() for other tensors");
    walk.target(x);
  }
  for (size_t i = 0; i < outputs.size(); i++)
    walk.root(outputs[i], seed(outputs[i], gradients.empty() ? Tensor() : gradients[i], i));
  walk.run();
}

void backward(const Tensor& loss, const Tensor& gradient, const BackwardOptions& options) {
  backward(std::vector<Tensor>{loss}, {gradient}, options);
}

std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const std::vector<Tensor>& grad_outputs, bool retain_graph, bool allow_unused) {
  check<ShapeError>(grad_outputs.empty() || grad_outputs.size() == outputs.size(), "got ", outputs.size(),
                    " tensors and ", grad_outputs.size(), " gradients");
  check<ConfigError>(!inputs.empty(), "grad requires non-empty inputs.");
  NoGradGuard no_grad;
  RestrictedGuard guard(true);
  Walk walk(retain_graph, false);
  for (const Tensor& x : inputs) {
    check<Error>(x.requires_grad(), "One of the differentiated Tensors does not require grad");
    walk.target(x);
  }
  for (size_t i = 0; i < outputs.size(); i++)
    walk.root(outputs[i], seed(outputs[i], grad_outputs.empty() ? Tensor() : grad_outputs[i], i));
  walk.run();
  std::vector<Tensor> out;
  for (const Tensor& x : inputs) {
    out.push_back(walk.captured(x));
    check<Error>(allow_unused || out.back().defined(),
                 "One of the differentiated Tensors appears to not have been used in the graph. Set allow_unused=True "
                 "if this is the desired behavior.");
  }
  return out;
}

}  // namespace ef
