#include "model/schema.h"

namespace mbk {

const std::string* FindValue(const KeyValues& pairs, const std::string& key) {
  for (const KeyValue& pair : pairs) {
    if (pair.key == key) return &pair.value;
  }
  return nullptr;
}

bool IsVector(DataType type) { return type >= DataType::kBinaryVector && type <= DataType::kInt8Vector; }

}  // namespace mbk
