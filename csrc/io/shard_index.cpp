#include "io/shard_index.h"

#include <sys/stat.h>

#include <set>

#include "io/atomic_file.h"
#include "io/utf8.h"

namespace ef {

void check_inside_folder(const std::string& name, const std::string& where) {
  bool inside = !name.empty() && name[0] != '/' && name.find('\\') == name.npos && name.find('\0') == name.npos &&
                name.find(':') == name.npos;
  for (size_t begin = 0; inside && begin <= name.size();) {
    const size_t end = std::min(name.find('/', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    inside = !part.empty() && part != "." && part != "..";
    begin = end + 1;
  }
  check<CheckpointError>(inside, where, ": the file name '", printable(name),
                         "' is refused: it must stay inside the folder");
}

std::vector<std::string> ShardIndex::shards() const {
  std::set<std::string> unique;
  for (const auto& [name, shard] : weight_map) unique.insert(shard);
  return {unique.begin(), unique.end()};
}

ShardIndex read_shard_index(const std::string& path) {
  const Json root = read_json_file(path);
  ShardIndex out;
  const size_t slash = path.rfind('/');
  out.folder = slash == path.npos ? "." : path.substr(0, slash);
  if (const Json* metadata = find_json_field(root, "metadata")) out.metadata = *metadata;
  const Json* map = find_json_field(root, "weight_map");
  check<CheckpointError>(map && map->is_object(), path, ": has no object 'weight_map'; not a checkpoint index?");
  for (const auto& [name, shard] : map->items()) {
    check<CheckpointError>(shard.is_string(), path, ": the shard of tensor '", printable(name), "' is ",
                           json_kind(shard), ", needed a file name");
    out.weight_map[name] = shard.get<std::string>();
  }
  std::string missing;
  for (const std::string& shard : out.shards()) {
    check_inside_folder(shard, path);
    struct stat info;
    if (stat(out.path_of(shard).c_str(), &info) != 0) missing += (missing.empty() ? "'" : ", '") + shard + "'";
  }
  check<CheckpointError>(missing.empty(), path, ": these shards are not in the folder: ", missing,
                         "; incomplete download?");
  return out;
}

void write_shard_index(const std::string& path, const Json& metadata,
                       const std::map<std::string, std::string>& weight_map) {
  Json root = {{"metadata", metadata}, {"weight_map", weight_map}};
  AtomicFile file(path);
  file.write(root.dump(2) + "\n");
  file.commit();
}

}  // namespace ef
