// *.index.json: which shard holds which tensor. The same for safetensors and .bin checkpoints.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "io/json.h"

namespace ef {

struct ShardIndex {
  Json metadata = Json::object();                 // total_size and whatever else
  std::map<std::string, std::string> weight_map;  // tensor name -> shard, relative to `folder`
  std::string folder;
  std::vector<std::string> shards() const;  // each once, sorted
  std::string path_of(const std::string& shard) const { return folder + "/" + shard; }
};

// CheckpointError: not an index, a shard name that leaves the folder, shards that are not there (all of them named).
ShardIndex read_shard_index(const std::string& path);
void write_shard_index(const std::string& path, const Json& metadata,
                       const std::map<std::string, std::string>& weight_map);

// A relative path that stays inside its folder; `where` begins the message.
void check_inside_folder(const std::string& name, const std::string& where);

}  // namespace ef
