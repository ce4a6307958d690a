#include "store/content_hash.h"

#include <fmt/core.h>

namespace mbk {
namespace {

std::variant<Md5, Sha256, Xxh128> NewHash(Digest::Kind kind) {
  if (kind == Digest::Kind::kSha256) return Sha256();
  if (kind == Digest::Kind::kXxh128) return Xxh128();
  return Md5();
}

}  // namespace

Digest::Kind DigestKindNamed(std::string_view name) {
  using enum Digest::Kind;
  for (const Digest::Kind kind : {kMd5, kCrc32c, kCrc64Nvme, kSha256, kXxh128})
    if (DigestKindName(kind) == name) return kind;
  return kNone;
}

bool IsComputed(Digest::Kind kind) {
  return kind == Digest::Kind::kMd5 || kind == Digest::Kind::kSha256 || kind == Digest::Kind::kXxh128;
}

ContentHash::ContentHash(Digest::Kind kind) : kind_(kind), hash_(NewHash(kind)) {}

void ContentHash::Update(std::string_view bytes) {
  std::visit([&](auto& hash) { hash.Update(bytes); }, hash_);
}

Digest ContentHash::Finish() {
  return {.kind = kind_, .hex = std::visit([](auto& hash) { return hash.Hex(); }, hash_)};
}

Digest DigestOf(std::string_view bytes, Digest::Kind kind) {
  ContentHash hash(kind);
  hash.Update(bytes);
  return hash.Finish();
}

Result<Digest> DigestOfObject(ObjectReader& store, const ObjectKey& key, Digest::Kind kind,
                              const CallContext& context, const std::function<void(std::string_view)>& seen) {
  ContentHash hash(kind);
  auto sink = [&](std::string_view piece) {
    hash.Update(piece);
    if (seen) seen(piece);
    return Status();
  };
  MBK_TRY(store.Get({.key = key}, sink, context).status());
  return hash.Finish();
}

Result<Digest> ToldDigest(ObjectReader& store, const ObjectInfo& listed, const Digest& expected,
                          const CallContext& context) {
  const bool is_told = listed.digest.kind == expected.kind;
  if (!is_told || listed.digest == expected || store.capabilities().lists_certain_digests)
    return listed.digest;
  MBK_TRY_ASSIGN(const ObjectInfo head, store.Head(listed.key, context));
  return head.digest;
}

Digest CertainDigest(const ObjectReader& store, const ObjectInfo& listed) {
  return store.capabilities().lists_certain_digests ? listed.digest : Digest();
}

std::string OtherBytes(const ObjectKey& key, const Digest& found, const Digest& recorded) {
  return fmt::format("{} has other bytes than were written: {} {} instead of {}", key.str(),
                     DigestKindName(found.kind), found.hex, recorded.hex);
}

}  // namespace mbk
