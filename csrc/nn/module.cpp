#include "nn/module.h"

#include <algorithm>
#include <atomic>
#include <unordered_set>

#include "autograd/autograd.h"
#include "quantizers/dense/dense_weight.h"

namespace ef {

ChildSlot::ChildSlot(Module& owner, std::string name) : owner_(&owner), name_(std::move(name)) {
  check<KeyError>(!name_.empty() && name_.find('.') == std::string::npos,
                  "module name can't be empty or contain \".\", got: ", name_);
  owner.children_.push_back(this);
}
ChildSlot::~ChildSlot() {
  if (owner_) std::erase(owner_->children_, this);
}

ParameterSlot::ParameterSlot(Module& owner, std::string name, Shape shape, bool buffer, bool persistent)
    : name_(std::move(name)), shape_(shape), buffer_(buffer), persistent_(persistent), owner_(&owner) {
  check<KeyError>(!name_.empty() && name_.find('.') == std::string::npos,
                  "parameter name can't be empty or contain \".\", got: ", name_);
  owner.parameters_.push_back(this);
}
ParameterSlot::~ParameterSlot() {
  if (owner_) std::erase(owner_->parameters_, this);
}

Module::~Module() {
  for (ChildSlot* slot : children_) slot->owner_ = nullptr;
  for (ParameterSlot* slot : parameters_) slot->owner_ = nullptr;
}

void ParameterSlot::set(Tensor value) {
  check<ShapeError>(!value.defined() || value.shape() == shape_, "parameter '", name_, "': found shape ",
                    value.defined() ? value.shape() : Shape(), ", needed ", shape_);
  if (value.defined() && !buffer_) value.impl()->is_parameter = true;
  tensor_.set(std::move(value));
  modules_changed();
}

void WeightSlot::set(Tensor value) {
  if (!value.defined()) return set_weight(nullptr);
  check<ShapeError>(value.shape() == shape_, "parameter '", name_, "': found shape ", value.shape(), ", needed ",
                    shape_);
  value.impl()->is_parameter = true;
  weight_.set(std::make_shared<DenseWeight>(std::move(value)));
  modules_changed();
}

void WeightSlot::set_weight(std::shared_ptr<Weight> weight) {
  check<ShapeError>(!weight || weight->shape() == shape_, "parameter '", name_, "': found shape ",
                    weight ? weight->shape() : Shape(), ", needed ", shape_);
  weight_.set(std::move(weight));
  modules_changed();
}

Tensor WeightSlot::state() const {
  const auto w = weight();
  if (!w) return {};
  if (Tensor dense = w->parameter(); dense.defined()) return dense;
  return w->dense(0, shape_[0]).to(DType::BFloat16);
}

std::shared_ptr<Weight> WeightSlot::get() const {
  auto w = weight();
  check<ConfigError>(bool(w), "parameter '", name_,
                     "' has no value yet; load a checkpoint or call init_weights() first");
  return w;
}

namespace {
thread_local int open_calls = 0;
thread_local std::vector<ModulePtr>* orphans = nullptr;  // children of the modules that are being destroyed

[[noreturn]] void fail_depth() {
  fail<UnsupportedError>("modules nested deeper than ", Module::kMaxDepth, " levels are not supported; a cycle?");
}
}  // namespace

CallDepth::CallDepth() {
  if (open_calls >= Module::kMaxDepth) fail_depth();
  open_calls++;
}
CallDepth::~CallDepth() { open_calls--; }

void ChildSlot::release(ModulePtr module) {
  if (!module) return;
  if (orphans) return orphans->push_back(std::move(module));
  std::vector<ModulePtr> mine;
  orphans = &mine;
  mine.push_back(std::move(module));
  while (!mine.empty()) {
    const ModulePtr next = std::move(mine.back());
    mine.pop_back();
  }  // next ends here, its children come to the list
  orphans = nullptr;
}

std::vector<ModulePtr> Module::child_modules() const {
  std::vector<ModulePtr> out;
  for (ChildSlot* slot : children_)
    if (ModulePtr m = slot->get()) out.push_back(std::move(m));
  return out;
}

Tensor Module::forward(const Tensor&) {
  fail<UnsupportedError>("Module [", class_name(), "] is missing the required \"forward\" function");
}

int64_t Module::add_hook(std::shared_ptr<Hook> hook, bool prepend) {
  static std::atomic<int64_t> next{1};
  hook->id = next++;
  const int64_t id = hook->id;
  auto all = hooks();
  all.insert(prepend ? all.begin() : all.end(), std::move(hook));
  hooks_.set(std::move(all));
  hooked_ = true;
  modules_changed();
  return id;
}
void Module::remove_hook(int64_t id) {
  auto all = hooks();
  std::erase_if(all, [&](auto& h) { return h->id == id; });
  hooked_ = !all.empty();
  hooks_.set(std::move(all));
  modules_changed();
}

ChildSlot* Module::find_child(std::string_view name) const {
  for (ChildSlot* c : children_)
    if (c->name() == name) return c;
  return nullptr;
}
ParameterSlot* Module::find_parameter(std::string_view name) const {
  for (ParameterSlot* p : parameters_)
    if (p->name() == name) return p;
  return nullptr;
}

void Module::add_child(const std::string& name, ModulePtr module) {
  if (ChildSlot* slot = find_child(name)) return slot->set(std::move(module));
  check<KeyError>(!find_parameter(name), "attribute '", name, "' already exists");
  own_children_.push_back(std::make_unique<Child<Module>>(*this, name, std::move(module)));
}

ParameterSlot& Module::add_parameter(const std::string& name, Tensor value, bool buffer, bool persistent) {
  ParameterSlot* slot = find_parameter(name);
  if (!slot) {
    check<KeyError>(!find_child(name), "attribute '", name, "' already exists");
    if (!buffer && make_parameter(name, value)) slot = find_parameter(name);
  }
  if (slot) {
    slot->set(std::move(value));
    return *slot;
  }
  own_parameters_.push_back(
      std::make_unique<ParameterSlot>(*this, name, value.defined() ? value.shape() : Shape(), buffer, persistent));
  own_parameters_.back()->set(std::move(value));
  return *own_parameters_.back();
}

bool Module::remove(std::string_view name) {
  if (ChildSlot* c = find_child(name)) {
    auto own = std::find_if(own_children_.begin(), own_children_.end(), [&](auto& p) { return p.get() == c; });
    if (own == own_children_.end()) {
      c->set(nullptr);
    } else {
      own_children_.erase(own);
      modules_changed();
    }
    return true;
  }
  if (ParameterSlot* s = find_parameter(name)) {
    auto own = std::find_if(own_parameters_.begin(), own_parameters_.end(), [&](auto& p) { return p.get() == s; });
    if (own == own_parameters_.end()) {
      s->set({});
    } else {
      own_parameters_.erase(own);
    }
    return true;
  }
  return false;
}

ModulePtr Module::get_submodule(std::string_view path) {
  Module* at = this;
  ModulePtr found;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    ChildSlot* slot = at->find_child(part);
    if (!slot || !slot->get())
      fail<AttributeError>(at->class_name(), " has no attribute `", part, "` (in '", path, "')");
    found = slot->get();
    at = found.get();
    begin = end + 1;
  }
  return found;
}

void Module::replace(std::string_view path, ModulePtr module) {
  const size_t dot = path.rfind('.');
  ModulePtr keep;
  Module* parent = this;
  if (dot != std::string_view::npos) {
    keep = get_submodule(path.substr(0, dot));
    parent = keep.get();
  }
  const std::string_view name = dot == std::string_view::npos ? path : path.substr(dot + 1);
  ChildSlot* slot = parent->find_child(name);
  if (!slot) fail<AttributeError>(parent->class_name(), " has no attribute `", name, "` (in '", path, "')");
  try {
    slot->set(std::move(module));
  } catch (const DtypeError& e) {
    fail<DtypeError>(path, ": ", e.what());
  }
}

namespace {
void walk_from(const std::string& path, Module& module, std::unordered_set<const Module*>& seen,
               const std::function<void(const std::string&, Module&)>& visit, int depth) {
  if (!seen.insert(&module).second) return;
  if (depth > Module::kMaxDepth) fail_depth();
  visit(path, module);
  for (ChildSlot* child : module.children())
    if (ModulePtr m = child->get()) walk_from(join_path(path, child->name()), *m, seen, visit, depth + 1);
}
}  // namespace

void Module::walk(const std::function<void(const std::string&, Module&)>& visit) {
  std::unordered_set<const Module*> seen;
  walk_from("", *this, seen, visit, 0);
}

std::vector<std::pair<std::string, ParameterSlot*>> Module::named_slots() {
  std::vector<std::pair<std::string, ParameterSlot*>> out;
  walk([&](const std::string& path, Module& module) {
    for (ParameterSlot* slot : module.parameters()) out.emplace_back(join_path(path, slot->name()), slot);
  });
  return out;
}

void Module::train(bool mode) {
  walk([&](const std::string&, Module& module) { module.training_ = mode; });
  modules_changed();
}

void Module::to(DType dtype) {
  check<DtypeError>(is_floating(dtype) && is_computable(dtype), "Module.to: found ", dtype_name(dtype),
                    ", needed a floating point dtype");
  NoGradGuard no_grad;
  std::vector<std::pair<const void*, ParameterSlot*>> done;  // tied slots stay tied
  for (auto& [name, slot] : named_slots()) {
    const void* before = slot->identity();
    Tensor value = slot->tensor();
    if (!slot->is_persistent() || !value.defined() || !is_floating(value.dtype()) || value.dtype() == dtype) continue;
    auto twin = std::find_if(done.begin(), done.end(), [&](auto& d) { return d.first == before; });
    if (twin != done.end()) {
      auto *to = dynamic_cast<WeightSlot*>(slot), *from = dynamic_cast<WeightSlot*>(twin->second);
      if (to && from)
        to->set_weight(from->weight());
      else
        slot->set(twin->second->tensor());
      continue;
    }
    Tensor converted = value.to(dtype);
    set_requires_grad(converted, value.requires_grad());
    slot->set(converted);
    done.emplace_back(before, slot);
  }
}

size_t Module::nbytes() {
  std::unordered_set<const void*> seen;
  size_t total = 0;
  for (auto& [name, slot] : named_slots())
    if (slot->defined() && seen.insert(slot->identity()).second) total += slot->nbytes();
  return total;
}

void fail_role(const ChildSlot& slot, const Module& found, const char* needed) {
  fail<DtypeError>("cannot put a ", found.class_name(), " at '", slot.name(), "': needed ", needed);
}
void fail_empty(const ChildSlot& slot) { fail<AttributeError>("'", slot.name(), "' is None, needed a module"); }

}  // namespace ef
