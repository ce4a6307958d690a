#include <fmt/core.h>

#include "store/gcs/gcs_object_store.h"

namespace mbk::gcs {

// The service copies within one location at once, and elsewhere step by step: each answer has a token for the
// next.
Result<WriteResult> GcsStore::Copy(const CopySource& source, const ObjectKey& target,
                                   const CallContext& context) {
  MBK_TRY(CheckKey(source.key));
  MBK_TRY(CheckKey(target));
  Request request{.operation = "objects.rewrite",
                  .method = "POST",
                  .url = client_.address().Object(source.bucket.str(), source.key.str()) + "/rewriteTo/b/" +
                         PercentEncode(bucket()) + "/o/" + PercentEncode(target.str()),
                  .headers = {{"Content-Type", "application/json"}},
                  .key = target.str()};
  auto where = [&] { return "objects.rewrite " + client_.Url(target.str()); };
  std::string token;
  std::int64_t rewritten = -1;
  for (;;) {
    request.query = {{"fields", fmt::format("done,rewriteToken,totalBytesRewritten,objectSize,resource({})",
                                            kObjectFields)}};
    if (!source.if_match.empty()) request.query.emplace_back("ifSourceGenerationMatch", source.if_match);
    if (!token.empty()) request.query.emplace_back("rewriteToken", token);
    MBK_TRY_ASSIGN(HttpResponse response, client_.Send(request, context, {.stall_timeout = kPatience}));
    Result<RewriteStep> step = ParseRewriteStep(response.body);
    if (!step.ok()) return std::move(step).status().WithContext(where());
    if (step->done) {
      const ObjectInfo& written = step->object->info;
      if (written.key == target && written.size == step->object_size)
        return WriteResult{.etag = written.etag, .digest = written.digest};
      return DataLoss(fmt::format("{}: {} bytes of {} were copied, to \"{}\"", where(), written.size,
                                  step->object_size, OneLine(written.key.str())));
    }
    if (step->rewritten <= rewritten)
      return Status(Code::kUnavailable, where() + ": the service copies no further");
    rewritten = step->rewritten;
    token = std::move(step->token);
  }
}

}  // namespace mbk::gcs
