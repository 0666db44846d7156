#include "models/common/slots.h"

namespace ef {

// A place without a forward pass of its own.
class Slots::Group : public Module {
 public:
  static const char* role() { return "a Group"; }
  std::string class_name() const override { return "Group"; }
  Owned owned;
};

namespace {

// The way to what a model holds by reference: its contents may be replaced, itself not.
template <class T>
struct FixedSlot : Child<T> {
  using Child<T>::Child;
  void set(ModulePtr) override {
    fail<UnsupportedError>("module '", this->name(),
                           "' only holds other modules and can't be replaced; replace what is in it");
  }
};

}  // namespace

Slots::Place Slots::at(const std::string& path, std::string& name) {
  Place here = places_.front();
  size_t begin = 0;
  for (size_t dot; (dot = path.find('.', begin)) != std::string::npos; begin = dot + 1) {
    const std::string part = path.substr(begin, dot - begin);
    if (const ChildSlot* slot = here.module->find_child(part)) {
      const ModulePtr found = slot->get();
      for (const Place& known : places_)
        if (known.module == found.get()) here = known;
      check<ConfigError>(here.module == found.get(), "'", part, "' of '", path, "' is no group of modules");
    } else {
      auto group = std::make_shared<Group>();
      here.owned->children.push_back(std::make_unique<FixedSlot<Group>>(*here.module, part, group));
      here = {group.get(), group, &group->owned};
      places_.push_back(here);
    }
  }
  name = path.substr(begin);
  return here;
}

template <class T>
Child<T>& Slots::child(const std::string& path, std::shared_ptr<T> module) {
  std::string name;
  const Place place = at(path, name);
  auto slot = std::make_unique<Child<T>>(*place.module, name, std::move(module));
  Child<T>& out = *slot;
  place.owned->children.push_back(std::move(slot));
  return out;
}

Child<Module>& Slots::add(const std::string& path, ModulePtr module) { return child(path, std::move(module)); }
Child<ModuleList>& Slots::list(const std::string& path) { return child(path, std::make_shared<ModuleList>()); }

Parameter& Slots::parameter(const std::string& path, const Shape& shape) {
  std::string name;
  const Place place = at(path, name);
  place.owned->parameters.push_back(std::make_unique<Parameter>(*place.module, name, shape));
  return *place.owned->parameters.back();
}

Child<Module>& Slots::linear(const std::string& path, int64_t in, int64_t out, bool bias) {
  return add(path, std::make_shared<Linear>(in, out, bias));
}
Child<Module>& Slots::norm(const std::string& path, const NormConfig& config, int64_t size) {
  return add(path, make_norm(config, size));
}
Child<Module>& Slots::embedding(const std::string& path, int64_t rows, int64_t size, int64_t padding) {
  auto table = std::make_shared<Embedding>(rows, size);
  table->padding_idx = padding < rows ? padding : -1;
  return add(path, table);
}

}  // namespace ef
