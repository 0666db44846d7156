// The module tree. A Child or a Parameter declared as a member *is* the registry entry: it owns its name and its value,
// so a replacement made by name is seen by the C++ code that calls the member. Names are the checkpoint's.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/guarded.h"
#include "nn/derived.h"
#include "quantizers/weight.h"
#include "tensor/tensor.h"

namespace ef {

class Module;
using ModulePtr = std::shared_ptr<Module>;

class ChildSlot;
[[noreturn]] void fail_role(const ChildSlot& slot, const Module& found, const char* needed);
[[noreturn]] void fail_empty(const ChildSlot& slot);

// A named place for a module. Its owner knows it as long as both are there: where a constructor fails, its slots may go
// before the module that they were declared in.
class ChildSlot {
 public:
  ChildSlot(Module& owner, std::string name);
  virtual ~ChildSlot();
  ChildSlot(const ChildSlot&) = delete;
  const std::string& name() const { return name_; }
  virtual ModulePtr get() const = 0;
  virtual void set(ModulePtr module) = 0;  // DtypeError (Python: TypeError) when the role does not fit

 protected:
  static void release(ModulePtr module);  // a long chain would end the stack if each module let go inside its parent

 private:
  friend class Module;
  Module* owner_;
  std::string name_;
};

template <class T = Module>
class Child : public ChildSlot {
 public:
  using ChildSlot::ChildSlot;
  Child(Module& owner, std::string name, std::shared_ptr<T> value) : ChildSlot(owner, std::move(name)) {
    value_.set(std::move(value));
  }
  ~Child() override { release(value_.exchange(nullptr)); }
  ModulePtr get() const override { return value_.get(); }
  void set(ModulePtr module) override;
  std::shared_ptr<T> ptr() const { return value_.get(); }
  // The module that is there now. It lives until the call is over, though a hook or another thread may replace it on
  // the way. AttributeError names an empty place.
  std::shared_ptr<T> operator->() const {
    std::shared_ptr<T> module = value_.get();
    if (!module) fail_empty(*this);
    return module;
  }
  struct Held {
    std::shared_ptr<T> module;
    Tensor operator()(const Tensor& x) const { return (*module)(x); }
  };
  Held operator*() const { return {operator->()}; }
  explicit operator bool() const { return bool(value_.get()); }

 private:
  Guarded<std::shared_ptr<T>> value_;
};

// A named tensor of a known shape. It has no memory until it is loaded or initialised. Its owner knows it as a
// ChildSlot.
class ParameterSlot {
 public:
  ParameterSlot(Module& owner, std::string name, Shape shape, bool buffer = false, bool persistent = true);
  virtual ~ParameterSlot();
  ParameterSlot(const ParameterSlot&) = delete;
  const std::string& name() const { return name_; }
  const Shape& shape() const { return shape_; }
  bool is_buffer() const { return buffer_; }
  bool is_persistent() const { return persistent_; }
  virtual bool defined() const { return tensor_.get().defined(); }
  virtual Tensor tensor() const { return tensor_.get(); }  // undefined for packed weights
  virtual void set(Tensor value);                          // ShapeError on another shape
  virtual const void* identity() const {                   // equal when tied
    const Tensor t = tensor_.get();
    return t.defined() ? t.impl() : nullptr;
  }
  virtual int64_t numel() const { return ef::numel(shape_); }
  virtual size_t nbytes() const {
    const Tensor t = tensor_.get();
    return t.defined() ? t.nbytes() : 0;
  }
  virtual Tensor state() const { return tensor_.get(); }  // as it is saved: packed weights give dense bf16
  void resize(Shape shape) { shape_ = shape; }            // the next set() must match

 protected:
  std::string name_;
  Shape shape_;
  Guarded<Tensor> tensor_;
  bool buffer_, persistent_;

 private:
  friend class Module;
  Module* owner_;
};
using Parameter = ParameterSlot;

// A matrix whose storage may be packed.
class WeightSlot : public ParameterSlot {
 public:
  using ParameterSlot::ParameterSlot;
  bool defined() const override { return bool(weight()); }
  Tensor tensor() const override {
    const auto w = weight();
    return w ? w->parameter() : Tensor();
  }
  void set(Tensor value) override;
  const void* identity() const override { return weight().get(); }
  size_t nbytes() const override {
    const auto w = weight();
    return w ? w->nbytes() : 0;
  }
  Tensor state() const override;
  std::shared_ptr<Weight> weight() const { return weight_.get(); }
  void set_weight(std::shared_ptr<Weight> weight);  // also ties: two slots may hold one Weight
  std::shared_ptr<Weight> get() const;              // ConfigError when nothing was loaded

 private:
  Guarded<std::shared_ptr<Weight>> weight_;
};

// Counts the calls that are open in this thread; too many raise instead of ending the stack.
struct CallDepth {
  CallDepth();
  ~CallDepth();
};

// Runs around a call. The bindings wrap Python callables in this.
struct Hook {
  virtual ~Hook() = default;
  virtual void before(Module& module, Tensor& input) {}
  virtual void after(Module& module, const Tensor& input, Tensor& output) {}
  int64_t id = 0;
};

class Module {
 public:
  Module() = default;
  virtual ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  static constexpr int kMaxDepth = 1000;
  static const char* role() { return "a module"; }  // what a Child<T> asks for, in an error's words
  virtual std::string class_name() const { return "Module"; }
  virtual std::string extra_repr() const { return ""; }
  // Tensor to tensor; what has another signature (a decoder layer, a model) keeps this default, which raises.
  virtual Tensor forward(const Tensor& x);
  Tensor operator()(const Tensor& x) {
    return call(x, [this](const Tensor& in) { return forward(in); });
  }
  template <class F>
  Tensor call(const Tensor& x, F&& body) {  // body between the hooks
    const CallDepth depth;
    if (!hooked_) return body(x);
    Tensor input = x;
    for (auto& h : hooks()) h->before(*this, input);
    Tensor output = body(input);
    for (auto& h : hooks()) h->after(*this, input, output);
    return output;
  }
  int64_t add_hook(std::shared_ptr<Hook> hook, bool prepend = false);
  void remove_hook(int64_t id);
  std::vector<std::shared_ptr<Hook>> hooks() const { return hooks_.get(); }
  // True when a call does nothing but the class's own forward: fused paths ask before they bypass the call.
  bool plain() const { return !hooked_ && !overridden(); }
  virtual bool overridden() const { return false; }

  const std::vector<ChildSlot*>& children() const { return children_; }
  std::vector<ModulePtr> child_modules() const;  // those there are now; for loops that run user code
  const std::vector<ParameterSlot*>& parameters() const { return parameters_; }
  ChildSlot* find_child(std::string_view name) const;
  ParameterSlot* find_parameter(std::string_view name) const;
  void add_child(const std::string& name, ModulePtr module);  // replaces when the name is taken
  ParameterSlot& add_parameter(const std::string& name, Tensor value, bool buffer = false, bool persistent = true);
  // Makes a place for a parameter that the layer was built without and computes with when it is there. False: it has
  // none of that name and shape (a value that is not defined has any).
  virtual bool make_parameter(const std::string&, const Tensor&) { return false; }
  bool remove(std::string_view name);  // dynamic entries only; a declared child or parameter is emptied

  ModulePtr get_submodule(std::string_view path);  // AttributeError names the part that is missing; "" is refused
  void replace(std::string_view path, ModulePtr module);
  // Parents before children, in order of declaration; each module once. Deeper than kMaxDepth raises.
  void walk(const std::function<void(const std::string& path, Module& module)>& visit);
  // Parameters and buffers with their full names; a tied one comes under each of its names.
  std::vector<std::pair<std::string, ParameterSlot*>> named_slots();

  bool training() const { return training_; }
  void train(bool mode);
  void to(DType dtype);  // floating parameters and buffers; packed weights stay
  size_t nbytes();       // each tied tensor once

  std::shared_ptr<void> attributes;  // what Python set on this module beyond children and parameters

 private:
  friend class ChildSlot;
  friend class ParameterSlot;
  std::vector<ChildSlot*> children_;
  std::vector<ParameterSlot*> parameters_;
  std::vector<std::unique_ptr<ChildSlot>> own_children_;
  std::vector<std::unique_ptr<ParameterSlot>> own_parameters_;
  Guarded<std::vector<std::shared_ptr<Hook>>> hooks_;
  std::atomic<bool> hooked_{false};
  bool training_ = true;
};

template <class T>
void Child<T>::set(ModulePtr module) {
  auto typed = std::dynamic_pointer_cast<T>(module);
  if (module && !typed) fail_role(*this, *module, T::role());
  release(value_.exchange(std::move(typed)));
  modules_changed();
}

inline std::string join_path(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

}  // namespace ef
