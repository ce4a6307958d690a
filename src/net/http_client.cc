#include "net/http_client.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <mutex>
#include <optional>
#include <utility>

#include "net/http_error.h"
#include "net/http_exchange.h"

namespace mbk {
namespace {

// More than libcurl's 16 KiB spares system calls on downloads; less than the 128 KiB from which malloc
// maps fresh pages, since libcurl allocates it anew for each transfer.
constexpr long kReceiveBufferBytes = 64 << 10;
// What one call hands to the kernel. A large body needs a twentieth less CPU time with fewer of them; the
// memory is held by every connection that sends one, and is less than the 256 KiB from which malloc maps it
// (main.cc).
constexpr long kSendBufferBytes = 64 << 10, kLargeSendBufferBytes = 192 << 10;
constexpr std::size_t kLargeBodyBytes = 1 << 20;
// Idle sessions beyond this are closed: more requests than these are not expected at a time.
constexpr std::size_t kMaxIdleSessions = 256;

void InitOnce() {
  static const bool done = [] {
    std::signal(SIGPIPE, SIG_IGN);
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  }();
  (void)done;
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using ListPtr = std::unique_ptr<curl_slist, FreeList>;

void Append(ListPtr& list, const std::string& line) {
  // On failure libcurl leaves the list as it was; then the request goes out short of a header and is refused.
  if (curl_slist* longer = curl_slist_append(list.get(), line.c_str())) {
    (void)list.release();
    list.reset(longer);
  }
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// A line break in a header would start another header, or another request.
Status CheckRequest(const HttpRequest& request) {
  if (HasControl(request.url)) return InvalidArgument("the URL has a control character");
  for (const auto& [name, value] : request.headers) {
    if (HasControl(name) || HasControl(value)) {
      return InvalidArgument(
          fmt::format("the header {} has a control character", HasControl(name) ? "name" : name));
    }
  }
  return {};
}

bool SendsBody(std::string_view method) { return method == "PUT" || method == "POST" || method == "PATCH"; }

ListPtr HeaderLines(const HttpRequest& request) {
  ListPtr list;
  for (const auto& [name, value] : request.headers) {
    // "Name;" is libcurl's way to send an empty value.
    Append(list, value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  Append(list, "Expect:");  // no round trip for "100 Continue"
  if (SendsBody(request.method) && !request.headers.Has("Content-Type")) Append(list, "Content-Type:");
  return list;
}

}  // namespace

// Whether a request may go out again, and whether it went out.
struct SendGuard {
  bool may_repeat = false;
  bool sent = false;
  bool stopped = false;  // from going out again

  // CURLOPT_PREREQFUNCTION: called before each time that libcurl sends the request of a transfer.
  static int OnSend(void* self, char*, char*, int, int) {
    auto* guard = static_cast<SendGuard*>(self);
    const bool again = std::exchange(guard->sent, true);
    guard->stopped = again && !guard->may_repeat;
    return guard->stopped ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
  }
};

// One easy handle in a multi handle of its own: what curl_easy_perform does inside, but with a handle on
// the wait, so that a stop request ends it at once. What is the same in all requests is said to libcurl once:
// saying it anew took a twentieth of the CPU time of a server-side copy.
class HttpClient::Session {
 public:
  explicit Session(const HttpClientOptions& options);
  ~Session() {
    if (easy_ != nullptr) curl_easy_cleanup(easy_);
    if (multi_ != nullptr) curl_multi_cleanup(multi_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Result<HttpResponse> Send(const HttpRequest& request, const CallContext& context);

 private:
  void SetClientOptions(const HttpClientOptions& options);
  void SetTimeouts(const HttpRequest& request, const CallContext& context);
  void SetMethodAndBody(const HttpRequest& request);
  CURLcode Perform(const CallContext& context);

  CURLM* multi_;
  CURL* easy_;
  ListPtr resolve_;
  ListPtr connect_to_;
  std::chrono::seconds stall_timeout_;
  char error_[CURL_ERROR_SIZE] = {};
};

HttpClient::Session::Session(const HttpClientOptions& options)
    : multi_(curl_multi_init()), easy_(curl_easy_init()), stall_timeout_(options.stall_timeout) {
  if (multi_ != nullptr && easy_ != nullptr) SetClientOptions(options);
}

void HttpClient::Session::SetClientOptions(const HttpClientOptions& options) {
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);  // keys may hold "/../", and the signature covers them
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // a proxy's "200" is not the answer
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &HttpExchange::OnHeaderLine);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &HttpExchange::OnBody);
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &SendGuard::OnSend);
  if (!options.obey_proxy_variables) curl_easy_setopt(easy_, CURLOPT_PROXY, "");
  const TlsFiles& tls = options.tls;
  if (!tls.ca.empty()) {
    curl_easy_setopt(easy_, CURLOPT_CAINFO, tls.ca.c_str());
    curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);  // this CA alone, not the system's besides
  }
  if (!tls.client_cert.empty()) curl_easy_setopt(easy_, CURLOPT_SSLCERT, tls.client_cert.c_str());
  if (!tls.client_key.empty()) curl_easy_setopt(easy_, CURLOPT_SSLKEY, tls.client_key.c_str());
  for (const std::string& line : options.resolve) Append(resolve_, line);
  if (resolve_) curl_easy_setopt(easy_, CURLOPT_RESOLVE, resolve_.get());
  for (const std::string& line : options.connect_to) Append(connect_to_, line);
  if (connect_to_) curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_.get());
}

void HttpClient::Session::SetTimeouts(const HttpRequest& request, const CallContext& context) {
  auto stall = request.stall_timeout.count() > 0 ? request.stall_timeout : stall_timeout_;
  curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(stall.count()));
  constexpr Milliseconds::rep kLongest = 1L << 30;  // 12 days; libcurl refuses more than an int's worth of ms
  Milliseconds::rep left = 0;                       // without end
  if (!context.deadline.IsNever())
    left = std::clamp(context.deadline.Remaining().count(), Milliseconds::rep{1}, kLongest);
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(left));
}

// Nothing of the request before may stay: HTTPGET takes back NOBODY and POST.
void HttpClient::Session::SetMethodAndBody(const HttpRequest& request) {
  curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
  const bool custom = request.method != "GET" && request.method != "HEAD";
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, custom ? request.method.c_str() : nullptr);
  if (request.method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
  } else if (SendsBody(request.method)) {
    // The body is sent from where it lies; an empty one still announces its length.
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_UPLOAD_BUFFERSIZE,
                     request.body.size() < kLargeBodyBytes ? kSendBufferBytes : kLargeSendBufferBytes);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
  }
}

CURLcode HttpClient::Session::Perform(const CallContext& context) {
  // Removal closes the connection of a transfer that is not finished.
  struct Attached {
    CURLM* multi;
    CURL* easy;
    ~Attached() { curl_multi_remove_handle(multi, easy); }
  };
  if (curl_multi_add_handle(multi_, easy_) != CURLM_OK) return CURLE_FAILED_INIT;
  Attached attached{multi_, easy_};
  std::stop_callback wake(context.stop, [multi = multi_] { curl_multi_wakeup(multi); });
  constexpr int kPollMs = 1000;  // libcurl shortens it to its own next timer
  for (int running = 1;;) {
    if (curl_multi_perform(multi_, &running) != CURLM_OK) return CURLE_FAILED_INIT;
    if (running == 0) break;
    if (context.stop.stop_requested()) return CURLE_ABORTED_BY_CALLBACK;
    if (curl_multi_poll(multi_, nullptr, 0, kPollMs, nullptr) != CURLM_OK) return CURLE_FAILED_INIT;
  }
  int left = 0;
  CURLMsg* message = curl_multi_info_read(multi_, &left);
  return message == nullptr ? CURLE_FAILED_INIT : message->data.result;
}

Result<HttpResponse> HttpClient::Session::Send(const HttpRequest& request, const CallContext& context) {
  if (multi_ == nullptr || easy_ == nullptr)
    return Internal("libcurl gave no handle: out of memory or of files");
  SetTimeouts(request, context);
  SetMethodAndBody(request);
  curl_easy_setopt(easy_, CURLOPT_URL, request.url.c_str());
  ListPtr headers = HeaderLines(request);
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers.get());

  HttpExchange exchange(request, context);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, &exchange);
  SendGuard guard{.may_repeat = !SendsBody(request.method) && request.method != "DELETE"};
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, &guard);

  error_[0] = '\0';
  CURLcode code = Perform(context);
  if (guard.stopped) {
    code = CURLE_GOT_NOTHING;  // why libcurl wanted to send it again
    error_[0] = '\0';
  }
  if (!exchange.failure().ok()) return exchange.failure();
  if (code != CURLE_OK && !exchange.enough_of_a_refusal()) {
    return HttpTransportError(code, error_, request.url, context);
  }
  MBK_TRY(exchange.Finish());
  return exchange.TakeResponse();
}

struct HttpClient::State {
  HttpClientOptions options;
  std::mutex mutex;
  std::vector<std::unique_ptr<Session>> idle;  // a stack: the warmest connection is taken first
};

// Gives its session back when the call ends.
class HttpClient::Lease {
 public:
  explicit Lease(HttpClient& client) : client_(client), session_(client.Take()) {}
  ~Lease() { client_.GiveBack(std::move(session_)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Session* operator->() { return session_.get(); }

 private:
  HttpClient& client_;
  std::unique_ptr<Session> session_;
};

HttpClient::HttpClient(HttpClientOptions options) : state_(std::make_unique<State>()) {
  InitOnce();
  state_->options = std::move(options);
}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Session> HttpClient::Take() {
  {
    std::lock_guard lock(state_->mutex);
    if (!state_->idle.empty()) {
      std::unique_ptr<Session> session = std::move(state_->idle.back());
      state_->idle.pop_back();
      return session;
    }
  }
  return std::make_unique<Session>(state_->options);
}

void HttpClient::GiveBack(std::unique_ptr<Session> session) {
  std::lock_guard lock(state_->mutex);
  if (state_->idle.size() < kMaxIdleSessions) state_->idle.push_back(std::move(session));
}

Result<HttpResponse> HttpClient::Send(const HttpRequest& request, const CallContext& context) {
  MBK_TRY(context.Check());
  MBK_TRY(CheckRequest(request));
  Lease session(*this);
  return session->Send(request, context);
}

}  // namespace mbk
