#include "tokenizers/models/save.h"

#include "io/atomic_file.h"

namespace ef::tokenizers {

std::string write_model_file(const std::string& folder, const std::string& prefix, const std::string& name,
                             std::string_view content) {
  std::string path = folder.empty() || folder.back() == '/' ? folder : folder + "/";
  path += prefix.empty() ? name : prefix + "-" + name;
  AtomicFile file(path);
  file.write(content);
  file.commit();
  return path;
}

}  // namespace ef::tokenizers
