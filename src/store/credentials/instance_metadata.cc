#include "store/credentials/instance_metadata.h"

#include <fmt/core.h>

#include "net/url.h"
#include "store/credentials/ask.h"

namespace mbk::credentials {
namespace {

// Six hours, the longest that EC2 and its relatives give.
constexpr char kSessionSeconds[] = "21600";

bool RefusesSessions(int status) { return status == 403 || status == 404 || status == 405; }

class Conversation {
 public:
  Conversation(const Tools& tools, const InstanceMetadata& service, const CallContext& context)
      : tools_(tools), service_(service), context_(context) {}

  // A machine whose hop limit is 1 drops the answer to the PUT on its way into a container, and nothing
  // else: the request is taken and not answered. Relatives of EC2 may know no sessions. Both may still
  // answer without one.
  Status Begin() {
    if (service_.session_path.empty()) return {};
    const HttpRequest put{.method = "PUT",
                          .url = service_.origin + service_.session_path,
                          .headers = {{service_.session_ttl_header, kSessionSeconds}}};
    Result<HttpResponse> answer = AskMetadata(tools_, put, context_);
    if (answer.ok() && answer->status == 200) return TakeSession(answer->body);
    MBK_TRY(context_.Check());
    Status refusal = answer.ok() ? RefusalOf(*answer) : std::move(answer).status();
    const bool unanswered = refusal.code() == Code::kDeadlineExceeded;
    if (unanswered) {
      refusal = {Code::kUnavailable,
                 "no answer to the request for a session token: in a container, the hop limit of the machine "
                 "(HttpPutResponseHopLimit) must be 2 or more"};
    }
    if (!unanswered && !(answer.ok() && RefusesSessions(answer->status))) return refusal;
    if (!service_.session_is_optional) return refusal;
    no_session_ = std::move(refusal);
    return {};
  }

  Result<std::string> Get(const std::string& path) {
    HttpRequest get{.url = service_.origin + path};
    if (!session_.empty()) get.headers.Add(service_.session_token_header, session_);
    MBK_TRY_ASSIGN(HttpResponse answer, AskMetadata(tools_, get, context_));
    if (answer.status == 200) return std::move(answer.body);
    Status refusal = RefusalOf(answer);
    if (answer.status == 401 && !no_session_.ok()) return no_session_;
    return std::move(refusal).WithContext(path);
  }

 private:
  Status TakeSession(std::string_view body) {
    session_ = Stripped(body);
    return !session_.empty() && IsHeaderValue(session_) ? Status()
                                                        : DataLoss("the session token is not a line of text");
  }

  const Tools& tools_;
  const InstanceMetadata& service_;
  const CallContext& context_;
  std::string session_;
  Status no_session_;  ///< why there is none
};

Result<std::string> RoleOf(Conversation& conversation, const InstanceMetadata& service) {
  Result<std::string> names = conversation.Get(service.roles_path);
  if (names.status().code() == Code::kNotFound) return NotFound("the instance has no role");
  if (!names.ok()) return names;
  std::string role = Stripped(names->substr(0, names->find('\n')));
  if (role.empty()) return NotFound("the instance has no role");
  return role;
}

}  // namespace

Result<Keys> AskInstance(const Tools& tools, const InstanceMetadata& service, const CallContext& context) {
  Conversation conversation(tools, service, context);
  MBK_TRY(conversation.Begin());
  std::string path = service.keys_path;
  if (path.empty()) {
    std::string role = service.role;
    if (role.empty()) {
      MBK_TRY_ASSIGN(role, RoleOf(conversation, service));
    }
    path = service.roles_path + PercentEncode(role);
  }
  MBK_TRY_ASSIGN(std::string keys, conversation.Get(path));
  Result<Keys> parsed = ParseKeys(keys, service.fields, tools.now());
  return parsed.ok() ? parsed : Result<Keys>(parsed.status().WithContext(path));
}

Source InstanceSource(const Tools& tools, InstanceMetadata service) {
  std::string name = fmt::format("{} at {}", service.name, service.origin);
  return {.name = std::move(name),
          .fetch = [tools, service = std::move(service)](
                       const CallContext& context) { return AskInstance(tools, service, context); },
          .silence_is_absence = true};
}

Source Unusable(std::string name, Status why) {
  return {.name = std::move(name),
          .fetch = [why = std::move(why)](const CallContext&) -> Result<Keys> { return why; }};
}

}  // namespace mbk::credentials
