#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "base/call_context.h"
#include "base/hash.h"
#include "base/status.h"
#include "store/object_store.h"

namespace mbk {

/// The kind that DigestKindName calls so; kNone for a name that is none of these.
Digest::Kind DigestKindNamed(std::string_view name);

/// Whether digests of this kind are computed here: MD5, SHA-256 and XXH128.
bool IsComputed(Digest::Kind kind);

/// A digest of bytes that go by. Movable, one thread at a time; of no use after Finish.
class ContentHash {
 public:
  /// `kind` is one that IsComputed.
  explicit ContentHash(Digest::Kind kind);
  void Update(std::string_view bytes);
  Digest Finish();

 private:
  const Digest::Kind kind_;
  std::variant<Md5, Sha256, Xxh128> hash_;
};

/// The digest of bytes in memory.
Digest DigestOf(std::string_view bytes, Digest::Kind kind);

/// The digest of an object, which is read once; `seen`, if any, is told of each piece.
Result<Digest> DigestOfObject(ObjectReader& store, const ObjectKey& key, Digest::Kind kind,
                              const CallContext& context,
                              const std::function<void(std::string_view)>& seen = {});

/// What a store tells of the bytes of an object that it listed, to be held against `expected`. Where the
/// listing tells another digest and is not certain, Head is asked: a request.
Result<Digest> ToldDigest(ObjectReader& store, const ObjectInfo& listed, const Digest& expected,
                          const CallContext& context);
/// The digest of a listed object, if it is one of its bytes for certain.
Digest CertainDigest(const ObjectReader& store, const ObjectInfo& listed);

/// What is said of an object whose digest is another one than is on record, of the same kind.
std::string OtherBytes(const ObjectKey& key, const Digest& found, const Digest& recorded);

}  // namespace mbk
