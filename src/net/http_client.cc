#include "net/http_client.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <mutex>
#include <optional>
#include <utility>

#include "base/log.h"
#include "net/http_error.h"
#include "net/http_exchange.h"
#include "net/trust.h"

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

// Whom to trust, where no setting says so. Read when the first request needs it: many stores are asked
// without TLS, and a directory of certificates takes a while.
class Trust {
 public:
  explicit Trust(const ReadVariable& variable) : variable_(variable) {}

  // Empty: the system's CAs.
  Result<std::string_view> Pem() {
    std::call_once(read_, [&] { pem_ = TrustOfEnvironment(variable_); });
    if (!pem_.ok()) return pem_.status();
    return *pem_ ? std::string_view(**pem_) : std::string_view();
  }

 private:
  const ReadVariable& variable_;
  std::once_flag read_;
  Result<std::optional<std::string>> pem_ = std::optional<std::string>();
};

// Says that a server is silent, at most once a minute however many requests wait for it.
class SilenceNotice {
 public:
  void Say(std::string_view where, std::string_view proxy, Milliseconds silent, const std::string& settings) {
    constexpr std::chrono::minutes kLeastApart{1};
    {
      std::lock_guard lock(mutex_);
      const auto now = Deadline::Clock::now();
      if (last_said_ != Deadline::Clock::time_point() && now - last_said_ < kLeastApart) return;
      last_said_ = now;
    }
    log::Warn("{} has said nothing for {:.0f} s; it is still waited for{}{}{}", where,
              std::chrono::duration<double>(silent).count(), proxy.empty() ? "" : ", by way of ", proxy,
              settings.empty() ? "" : fmt::format(" (settings: {})", settings));
  }

 private:
  std::mutex mutex_;
  Deadline::Clock::time_point last_said_;
};

}  // namespace

Status NamingProxy(const HttpResponse& response, Status refusal) {
  if (response.by_proxy.empty() || refusal.ok()) return refusal;
  return {refusal.code(),
          fmt::format("{} (the answer came by way of {})", refusal.message(), response.by_proxy)};
}

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
  Session(const HttpClientOptions& options, Trust& trust, SilenceNotice& silence);
  ~Session() {
    if (easy_ != nullptr) curl_easy_cleanup(easy_);
    if (multi_ != nullptr) curl_multi_cleanup(multi_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Result<HttpResponse> Send(const HttpRequest& request, const CallContext& context);

 private:
  class Watch;

  void SetClientOptions();
  Status SetTrust();
  void SetRoute(const std::string& url);
  void SetTimeouts(const HttpRequest& request, const CallContext& context);
  void SetMethodAndBody(const HttpRequest& request);
  CURLcode Perform(const HttpRequest& request, const HttpExchange& exchange, const CallContext& context);

  const HttpClientOptions& options_;  // of the client, which outlives its sessions
  Trust& trust_;
  SilenceNotice& silence_;
  CURLM* multi_;
  CURL* easy_;
  std::string origin_;  // that route_ leads to
  ProxyRoute route_;
  bool trusts_ = false;  // it is settled whom
  ListPtr resolve_;
  ListPtr connect_to_;
  char error_[CURL_ERROR_SIZE] = {};
};

HttpClient::Session::Session(const HttpClientOptions& options, Trust& trust, SilenceNotice& silence)
    : options_(options),
      trust_(trust),
      silence_(silence),
      multi_(curl_multi_init()),
      easy_(curl_easy_init()) {
  if (multi_ != nullptr && easy_ != nullptr) SetClientOptions();
}

void HttpClient::Session::SetClientOptions() {
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);  // keys may hold "/../", and the signature covers them
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // a proxy's "200" is not the answer
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, kReceiveBufferBytes);
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, options_.user_agent.c_str());
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(easy_, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &HttpExchange::OnHeaderLine);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &HttpExchange::OnBody);
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &SendGuard::OnSend);
  // Which proxy, if any, is ours to say (SetRoute): libcurl's own reading differs.
  curl_easy_setopt(easy_, CURLOPT_PROXY, "");
  curl_easy_setopt(easy_, CURLOPT_NOPROXY, "");
  const TlsFiles& tls = options_.tls;
  if (!tls.ca.empty()) {
    curl_easy_setopt(easy_, CURLOPT_CAINFO, tls.ca.c_str());
    curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);  // this CA alone, not the system's besides
  }
  if (!tls.client_cert.empty()) curl_easy_setopt(easy_, CURLOPT_SSLCERT, tls.client_cert.c_str());
  if (!tls.client_key.empty()) curl_easy_setopt(easy_, CURLOPT_SSLKEY, tls.client_key.c_str());
  for (const std::string& line : options_.resolve) Append(resolve_, line);
  if (resolve_) curl_easy_setopt(easy_, CURLOPT_RESOLVE, resolve_.get());
  for (const std::string& line : options_.connect_to) Append(connect_to_, line);
  if (connect_to_) curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_.get());
}

Status HttpClient::Session::SetTrust() {
  if (trusts_ || !options_.tls.ca.empty()) return {};
  MBK_TRY_ASSIGN(const std::string_view pem, trust_.Pem());
  trusts_ = true;
  if (pem.empty()) return {};
  // The text is the client's, and outlives this.
  curl_blob blob{.data = const_cast<char*>(pem.data()), .len = pem.size(), .flags = CURL_BLOB_NOCOPY};
  curl_easy_setopt(easy_, CURLOPT_CAINFO_BLOB, &blob);
  curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);  // these alone, not the system's besides
  return {};
}

void HttpClient::Session::SetRoute(const std::string& url) {
  const std::string_view origin = OriginOf(url);
  if (!options_.obey_proxy_variables || origin == origin_) return;
  origin_ = origin;
  const Result<ParsedUrl> parsed = ParseUrl(origin);
  route_ = parsed.ok() ? RouteTo(parsed->endpoint, options_.variable) : ProxyRoute();
  curl_easy_setopt(easy_, CURLOPT_PROXY, route_.url.c_str());
}

void HttpClient::Session::SetTimeouts(const HttpRequest& request, const CallContext& context) {
  auto stall = request.stall_timeout.count() > 0 ? request.stall_timeout : options_.stall_timeout;
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

// Notices when no byte has moved for a while.
class HttpClient::Session::Watch {
 public:
  Watch(CURL* easy, const HttpExchange& exchange) : easy_(easy), exchange_(exchange) {}

  Milliseconds Silent() {
    curl_off_t sent = 0;
    curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &sent);
    const std::int64_t moved = static_cast<std::int64_t>(sent) + exchange_.bytes_received();
    const auto now = Deadline::Clock::now();
    if (std::exchange(moved_, moved) != moved) since_ = now;
    return std::chrono::duration_cast<Milliseconds>(now - since_);
  }

 private:
  CURL* const easy_;
  const HttpExchange& exchange_;
  std::int64_t moved_ = 0;
  Deadline::Clock::time_point since_ = Deadline::Clock::now();
};

CURLcode HttpClient::Session::Perform(const HttpRequest& request, const HttpExchange& exchange,
                                      const CallContext& context) {
  // Removal closes the connection of a transfer that is not finished.
  struct Attached {
    CURLM* multi;
    CURL* easy;
    ~Attached() { curl_multi_remove_handle(multi, easy); }
  };
  if (curl_multi_add_handle(multi_, easy_) != CURLM_OK) return CURLE_FAILED_INIT;
  Attached attached{multi_, easy_};
  std::stop_callback wake(context.stop, [multi = multi_] { curl_multi_wakeup(multi); });
  // What takes the server long by its nature is given half the time that it may take.
  const Milliseconds worth_saying = request.stall_timeout.count() > 0
                                        ? Milliseconds(request.stall_timeout) / 2
                                        : options_.silence_worth_saying;
  constexpr Milliseconds kLongestPoll{1000};  // libcurl shortens it to its own next timer
  const auto poll_ms = static_cast<int>(std::min(kLongestPoll, worth_saying).count());
  Watch watch(easy_, exchange);
  for (int running = 1;;) {
    if (curl_multi_perform(multi_, &running) != CURLM_OK) return CURLE_FAILED_INIT;
    if (running == 0) break;
    if (context.stop.stop_requested()) return CURLE_ABORTED_BY_CALLBACK;
    if (const Milliseconds silent = watch.Silent(); silent >= worth_saying)
      silence_.Say(OriginOf(request.url), route_.Description(), silent, options_.settings);
    if (curl_multi_poll(multi_, nullptr, 0, poll_ms, nullptr) != CURLM_OK) return CURLE_FAILED_INIT;
  }
  int left = 0;
  CURLMsg* message = curl_multi_info_read(multi_, &left);
  return message == nullptr ? CURLE_FAILED_INIT : message->data.result;
}

Result<HttpResponse> HttpClient::Session::Send(const HttpRequest& request, const CallContext& context) {
  if (multi_ == nullptr || easy_ == nullptr)
    return Internal("libcurl gave no handle: out of memory or of files");
  if (request.url.starts_with("https:")) MBK_TRY(SetTrust());
  SetRoute(request.url);
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
  CURLcode code = Perform(request, exchange, context);
  if (guard.stopped) {
    code = CURLE_GOT_NOTHING;  // why libcurl wanted to send it again
    error_[0] = '\0';
  }
  if (!exchange.failure().ok()) return exchange.failure();
  if (code != CURLE_OK && !exchange.enough_of_a_refusal()) {
    return HttpTransportError(code, error_, request.url, route_, context);
  }
  MBK_TRY(exchange.Finish());
  HttpResponse response = exchange.TakeResponse();
  // Through a tunnel it is the server's own.
  if (!route_.direct() && request.url.starts_with("http:")) response.by_proxy = route_.Description();
  return response;
}

struct HttpClient::State {
  explicit State(HttpClientOptions given) : options(std::move(given)), trust(options.variable) {}

  const HttpClientOptions options;
  Trust trust;
  SilenceNotice silence;
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

HttpClient::HttpClient(HttpClientOptions options) : state_(std::make_unique<State>(std::move(options))) {
  InitOnce();
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
  return std::make_unique<Session>(state_->options, state_->trust, state_->silence);
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
