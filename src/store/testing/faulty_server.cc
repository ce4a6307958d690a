#include "store/testing/faulty_server.h"

#include <fmt/core.h>

namespace mbk {
namespace {

using nettest::Reply;
using nettest::SeenRequest;

// A list of a few parts has some hundred bytes.
constexpr std::size_t kLargerThanDocuments = 4'096;

bool IsOfTheConnection(std::string_view name) {
  return name == "connection" || name == "content-length" || name == "transfer-encoding" || name == "date";
}

std::string ChangedInTheMiddle(std::string body, std::size_t least = 1) {
  if (body.size() >= least) body[body.size() / 2] ^= 1;
  return body;
}

// Where the body of an answer begins.
std::size_t BodyOf(const Reply& reply) { return reply.bytes.find("\r\n\r\n") + 4; }

// As the service wrote it, but for its chunks. HEAD is answered with the length of what is not sent.
Reply Written(const HttpResponse& answer, std::string_view method) {
  std::string bytes = fmt::format("HTTP/1.1 {} X\r\n", answer.status);
  for (const auto& [name, value] : answer.headers) {
    if (!IsOfTheConnection(AsciiLower(name))) bytes += fmt::format("{}: {}\r\n", name, value);
  }
  std::string length = std::to_string(answer.body.size());
  if (method == "HEAD") length = answer.headers.Get("content-length");
  if (!length.empty() && answer.status != 204) bytes += fmt::format("Content-Length: {}\r\n", length);
  return {.bytes = bytes + "\r\n" + answer.body};
}

Reply CutAt(Reply reply, std::size_t bytes) {
  reply.bytes.resize(bytes);
  return reply;
}

}  // namespace

FaultyServer::FaultyServer(int port, HttpFaultAnswers answers) : port_(port), answers_(std::move(answers)) {}

std::shared_ptr<HttpClient> FaultyServer::Client(HttpClientOptions options) const {
  options.connect_to = {fmt::format("127.0.0.1:{}:127.0.0.1:{}", port_, imposter_.port())};
  return std::make_shared<HttpClient>(std::move(options));
}

void FaultyServer::Inject(HttpFault fault, int nth) {
  std::lock_guard lock(mutex_);
  fault_ = fault;
  nth_ = nth;
  requests_ = 0;
}

int FaultyServer::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

std::optional<HttpFault> FaultyServer::Next() {
  std::lock_guard lock(mutex_);
  return ++requests_ == nth_ ? std::optional(fault_) : std::nullopt;
}

Reply FaultyServer::PassOn(const SeenRequest& seen, const std::string& body) {
  HttpRequest request{
      .method = seen.method, .url = fmt::format("http://127.0.0.1:{}{}", port_, seen.target), .body = body};
  for (const auto& [name, value] : seen.headers) {
    if (AsciiLower(name) == "date" || !IsOfTheConnection(AsciiLower(name))) request.headers.Add(name, value);
  }
  Result<HttpResponse> answer = upstream_.Send(request, {});
  if (!answer.ok()) return nettest::Answer(502, answer.status().message());
  return Written(*answer, seen.method);
}

Reply FaultyServer::Answer(const SeenRequest& seen) {
  std::optional<HttpFault> fault = Next();
  if (!fault) return PassOn(seen, seen.body);
  switch (*fault) {
    case HttpFault::kReset:
      return {.hang_up = true};
    case HttpFault::kServerError:
      return answers_.server_error;
    case HttpFault::kBusy:
      return answers_.busy;
    case HttpFault::kRefused:
      return answers_.refused;
    case HttpFault::kOtherRequest:
      return PassOn(seen, ChangedInTheMiddle(seen.body, kLargerThanDocuments));
    default:
      break;
  }
  Reply reply = PassOn(seen, seen.body);
  const std::size_t body = BodyOf(reply);
  const std::size_t half = body + (reply.bytes.size() - body) / 2;
  switch (*fault) {
    case HttpFault::kUnanswered:
      return {.hang_up = true};
    case HttpFault::kAnswerCut:
      reply.hang_up = true;
      return CutAt(std::move(reply), half < reply.bytes.size() ? half : body / 2);
    case HttpFault::kOtherAnswer:
      return {.bytes = reply.bytes.substr(0, body) + ChangedInTheMiddle(reply.bytes.substr(body))};
    case HttpFault::kSilence:
      reply.silent = true;
      return CutAt(std::move(reply), half < reply.bytes.size() ? half : 0);
    case HttpFault::kSlow:
      reply.late = reply.bytes.substr(half);
      reply.late_after = std::chrono::milliseconds(400);
      return CutAt(std::move(reply), half);
    default:
      return reply;
  }
}

}  // namespace mbk
