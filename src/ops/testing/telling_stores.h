#pragma once

#include <memory>
#include <utility>

#include "store/forwarding_store.h"

/// Stores that tell less of the bytes they hold than a MemoryStore does. Header only.
namespace mbk::opstest {

/// Tells no digest of anything, as a directory does.
class SilentStore : public ForwardingStore {
 public:
  explicit SilentStore(std::shared_ptr<ObjectStore> inner) : ForwardingStore(std::move(inner)) {}

  Result<ListPage> List(const ListRequest& request, const CallContext& context) override {
    Result<ListPage> page = ForwardingStore::List(request, context);
    if (page.ok())
      for (ObjectInfo& object : page->objects) object.digest = Listed();
    return page;
  }
  Result<ObjectInfo> Head(const ObjectKey& key, const CallContext& context) override {
    return Silent(ForwardingStore::Head(key, context));
  }
  Result<ObjectInfo> Get(const GetRequest& request, const ByteSink& sink,
                         const CallContext& context) override {
    return Silent(ForwardingStore::Get(request, sink, context));
  }
  Result<WriteResult> Put(const PutRequest& request, const CallContext& context) override {
    return Silent(ForwardingStore::Put(request, context));
  }
  Result<WriteResult> Copy(const CopySource& source, const ObjectKey& target,
                           const CallContext& context) override {
    return Silent(ForwardingStore::Copy(source, target, context));
  }

 protected:
  virtual Digest Listed() const { return {}; }

 private:
  template <class T>
  static Result<T> Silent(Result<T> answer) {
    if (answer.ok()) answer->digest = {};
    return answer;
  }
};

/// As S3 answers of a bucket that encrypts with keys of its own: it says nothing of what it writes and reads,
/// and lists ETags that look like an MD5.
class EncryptedBucket : public SilentStore {
 public:
  explicit EncryptedBucket(std::shared_ptr<ObjectStore> inner)
      : SilentStore(std::move(inner)), capabilities_(SilentStore::capabilities()) {
    capabilities_.lists_certain_digests = false;
  }
  const StoreCapabilities& capabilities() const override { return capabilities_; }

 protected:
  Digest Listed() const override {
    return {.kind = Digest::Kind::kMd5, .hex = "00112233445566778899aabbccddeeff"};
  }

 private:
  StoreCapabilities capabilities_;
};

}  // namespace mbk::opstest
