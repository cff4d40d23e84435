#include "tests/simulator/tenant.h"

#include "src/base/random.h"
#include "src/base/text.h"
#include "tests/simulator/answers.h"
#include "tests/simulator/folder_stream.h"
#include "tests/simulator/graph.h"
#include "tests/simulator/import_host.h"
#include "tests/simulator/request_faults.h"
#include "tests/simulator/token_endpoint.h"

#include <charconv>

namespace simulator {
namespace {

constexpr std::size_t kLargestBuffered = 4 * 1024 * 1024;
constexpr std::uint64_t kLargestImport = 256ULL * 1024 * 1024;

bool uploads(std::string_view method) {
  return method == "POST" || method == "PATCH" || method == "PUT";
}

std::uint64_t content_length(const Headers& headers) {
  const std::string_view text = find_header(headers, "Content-Length").value_or("0");
  std::uint64_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

bool is_mailbox_id(std::string_view text) {
  return text.starts_with("MBX:") && text.size() == 4 + 36 + 1 + 36 && text[40] == '@';
}

// The mailbox that a path names, by its id or its user; null where it names none.
Mailbox* addressed_mailbox(World& world, const Match& match) {
  if (match.route->pattern.starts_with("M/")) {
    const std::string& id = match.captures[0];
    if (!is_mailbox_id(id)) throw Refusal{400, "ErrorInvalidIdMalformed", "Id is malformed."};
    const auto found = world.mailboxes.find(id);
    if (found == world.mailboxes.end()) {
      throw Refusal{404, "ErrorInvalidUser", "The requested user is invalid."};
    }
    const User* owner = world.owner_of(id);
    if (owner == nullptr || owner->deleted) {
      throw Refusal{404, "MailboxNotEnabledForRESTAPI",
                    "The mailbox is either inactive, soft-deleted, or is hosted on-premise."};
    }
    return &found->second;
  }
  if (match.route->directory_units > 0) return nullptr;
  const User* user = world.directory.find_user(match.captures[0]);
  return user == nullptr ? nullptr : world.find_mailbox(user->mailbox_id);
}

void check_roles(const Route& route, const AccessToken& token, const Application& application,
                 const Mailbox* mailbox) {
  const bool allowed =
      std::any_of(route.roles.begin(), route.roles.end(),
                  [&](std::string_view role) { return token.roles.contains(std::string{role}); });
  const bool in_scope = mailbox == nullptr || !application.denied_mailboxes.contains(mailbox->id());
  if (allowed && in_scope) return;
  if (route.directory_units > 0) {
    throw Refusal{403, "Authorization_RequestDenied",
                  "Insufficient privileges to complete the operation."};
  }
  throw Refusal{403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."};
}

bool is_folder_import(const RequestHead& head) {
  if (head.host != Host::graph) return false;
  try {
    return find_route(head.method, parse_target(head.target)).route->operation == kCreateImportJob;
  } catch (const Refusal&) {
    return false;
  }
}

void complete(const World& world, Response& response, const Headers& request_headers, Instant now) {
  response.headers.emplace_back("request-id", base::new_uuid());
  response.headers.emplace_back("Date", http_date(now + world.date_offset));
  if (const auto id = find_header(request_headers, "client-request-id")) {
    response.headers.emplace_back("client-request-id", std::string{*id});
  }
  // Whoever is refused for a limit is told so at the door.
  if (response.status != 429) response.fault.first_byte_delay += world.latency;
}

}  // namespace

class Tenant::TakenPlace final : public Place {
 public:
  TakenPlace(Tenant& tenant, std::string application, std::string mailbox)
      : tenant_(tenant), application_(std::move(application)), mailbox_(std::move(mailbox)) {}
  ~TakenPlace() override { tenant_.world()->limits.leave(application_, mailbox_); }
  TakenPlace(const TakenPlace&) = delete;
  TakenPlace& operator=(const TakenPlace&) = delete;

 private:
  Tenant& tenant_;
  std::string application_;
  std::string mailbox_;
};

// A request that Graph has let in.
struct Tenant::Admission {
  std::string operation;
  std::optional<AccessToken> token;
  const Application* application = nullptr;
  Target target;
  Match match;
  Mailbox* mailbox = nullptr;
  Headers extra_headers;
  std::unique_ptr<Place> place;
};

class Tenant::BufferedExchange final : public Exchange {
 public:
  BufferedExchange(Tenant& tenant, RequestHead head) : tenant_(tenant), head_(std::move(head)) {}

  void receive(std::string_view piece) override {
    if (body_.size() <= kLargestBuffered) body_ += piece;
  }

  Response finish(Instant now) override { return tenant_.answer(head_, body_, now); }

 private:
  Tenant& tenant_;
  RequestHead head_;
  std::string body_;
};

// Admitted when its head has come, so that the place and the upload budget are taken while the body
// flows.
class Tenant::ImportExchange final : public Exchange {
 public:
  ImportExchange(Tenant& tenant, RequestHead head, Instant now)
      : tenant_(tenant), head_(std::move(head)) {
    std::unique_ptr<Place> place;  // outside the lock, which giving it back needs
    auto world = tenant_.world();
    try {
      session_ = check_import_request(*world, head_, now + world->clock_offset);
      const std::uint64_t length = content_length(head_.headers);
      if (length > kLargestImport) throw Refusal{413, "RequestTooLarge", "The item is too large."};
      place = tenant_.take_place(*world, session_.client_id, session_.mailbox_id, length, now);
      place_ = std::move(place);
    } catch (const Refusal& refusal) {
      refusal_ = refusal;
    }
  }

  void receive(std::string_view piece) override {
    received_bytes_ += piece.size();
    if (!refusal_) scanner_.receive(piece);
  }

  Response finish(Instant now) override {
    ImportScanner::Document document = scanner_.finish();
    auto world = tenant_.world();
    Response response = answer(*world, document, now);
    ++world->statistics.requests[{"import_item", response.fault.reset ? 0 : response.status}];
    world->statistics.uploaded_bytes += received_bytes_;
    complete(*world, response, head_.headers, now);
    response.place = std::move(place_);
    return response;
  }

 private:
  Response answer(World& world, const ImportScanner::Document& document, Instant now) {
    constexpr std::string_view kOperation = "import_item";
    try {
      if (refusal_) throw Refusal{*refusal_};
      const RequestFaults faults{world, kOperation, session_.mailbox_id, now};
      if (world.strikes(Fault::session_expired, kOperation)) throw Refusal{401, "", ""};
      if (faults.reset()) return RequestFaults::reset_response();
      if (content_length(head_.headers) == 0 && received_bytes_ > 0) {
        world.limits.add_upload(session_.client_id, session_.mailbox_id, received_bytes_,
                                now + world.clock_offset);
      }
      Response response = import_item(world, session_, document, now + world.clock_offset);
      faults.spoil(response);
      if (world.strikes(Fault::lost_import_answer, kOperation)) response.fault.reset = true;
      return response;
    } catch (const Refusal& refusal) {
      if (refusal.code() == "InvalidImportSession") {
        return json_answer(refusal.status(), {{"Message", refusal.message()}});
      }
      return error_answer(refusal, head_.headers, now);
    }
  }

  Tenant& tenant_;
  RequestHead head_;
  ImportSession session_;
  std::optional<Refusal> refusal_;
  std::unique_ptr<Place> place_;
  ImportScanner scanner_;
  std::uint64_t received_bytes_ = 0;
};

// The same for a folder's stream, which goes to Graph itself.
class Tenant::FolderImportExchange final : public Exchange {
 public:
  FolderImportExchange(Tenant& tenant, RequestHead head, Instant now)
      : tenant_(tenant), head_(std::move(head)) {
    Admission admission;  // outside the lock, which giving its place back needs
    auto world = tenant_.world();
    ++world->request_number;
    try {
      tenant_.admit(*world, head_, content_length(head_.headers), now, admission);
    } catch (const Refusal& refusal) {
      refusal_ = refusal;
    }
    admission_ = std::move(admission);
  }

  void receive(std::string_view piece) override { stream_.receive(piece); }

  Response finish(Instant now) override {
    const std::optional<std::vector<Recipe>> recipes = stream_.finish();
    auto world = tenant_.world();
    Response response;
    try {
      if (refusal_) throw Refusal{*refusal_};
      response = tenant_.serve(*world, head_, {}, admission_, now, &recipes);
      if (world->strikes(Fault::lost_import_answer, kCreateImportJob)) response.fault.reset = true;
      if (recipes) world->statistics.imported_bytes += stream_.received_bytes();
    } catch (const Refusal& refusal) {
      response = error_answer(refusal, head_.headers, now);
    }
    ++world->statistics
          .requests[{admission_.operation, response.fault.reset ? 0 : response.status}];
    world->statistics.uploaded_bytes += stream_.received_bytes();
    complete(*world, response, head_.headers, now);
    response.place = std::move(admission_.place);
    return response;
  }

 private:
  Tenant& tenant_;
  RequestHead head_;
  Admission admission_;
  std::optional<Refusal> refusal_;
  FolderStreamVerifier stream_;
};

Tenant::Tenant(const TenantPlan& plan, Instant now) : world_(plan.seed, plan.limits) {
  build(*world_.lock(), plan, now);
}

std::unique_ptr<Exchange> Tenant::begin(RequestHead head, Instant now) {
  if (head.host == Host::import) {
    return std::make_unique<ImportExchange>(*this, std::move(head), now);
  }
  if (is_folder_import(head)) {
    return std::make_unique<FolderImportExchange>(*this, std::move(head), now);
  }
  return std::make_unique<BufferedExchange>(*this, std::move(head));
}

Response Tenant::handle(RequestHead head, std::string_view body, Instant now) {
  const std::unique_ptr<Exchange> exchange = begin(std::move(head), now);
  exchange->receive(body);
  return exchange->finish(now);
}

void Tenant::reset_statistics() {
  world_.lock()->statistics = {};
  exported_bytes_ = 0;
}

std::unique_ptr<Place> Tenant::take_place(World& world, const std::string& application,
                                          const std::string& mailbox, std::uint64_t upload_bytes,
                                          Instant now) {
  if (world.is_early(mailbox, now)) ++world.statistics.early_retries;
  const auto throttled =
      world.limits.enter(application, mailbox, upload_bytes, now + world.clock_offset);
  if (throttled) {
    world.hold(mailbox, now + throttled->retry_after, now);
    ++world.statistics.violations[throttled->message];
    throw Refusal{429,
                  "ApplicationThrottled",
                  throttled->message,
                  {{"Retry-After", retry_after_seconds(throttled->retry_after)}}};
  }
  std::uint64_t& most = world.statistics.maximum_in_flight[mailbox];
  most = std::max(most, world.limits.in_flight(mailbox));
  return std::make_unique<TakenPlace>(*this, application, mailbox);
}

Response Tenant::answer(const RequestHead& head, const std::string& body, Instant now) {
  Admission admission;  // its place is given back after the lock if something is thrown
  auto world = world_.lock();
  ++world->request_number;
  admission.operation = head.host == Host::login ? "login" : "unknown";
  Response response;
  try {
    if (body.size() > kLargestBuffered) {
      throw Refusal{413, "RequestEntityTooLarge", "The request is too large."};
    }
    if (head.host == Host::login) {
      redirect_if_struck(*world, admission.operation);
      response = answer_login(*world, head, body, now, now + world->clock_offset);
    } else {
      const std::uint64_t uploaded = uploads(head.method) ? body.size() : 0;
      world->statistics.uploaded_bytes += uploaded;
      admit(*world, head, uploaded, now, admission);
      response = serve(*world, head, body, admission, now);
      response.place = std::move(admission.place);
    }
  } catch (const Refusal& refusal) {
    response = error_answer(refusal, head.headers, now);
    if (refusal.status() == 502) response.body = "<html><body>502 Bad Gateway</body></html>";
  } catch (const Json::exception& error) {
    // A member of the wrong type, in a body or an assertion.
    response = error_answer({400, "BadRequest", error.what()}, head.headers, now);
  }
  ++world->statistics.requests[{admission.operation, response.fault.reset ? 0 : response.status}];
  complete(*world, response, head.headers, now);
  return response;
}

void Tenant::admit(World& world, const RequestHead& head, std::uint64_t upload_bytes, Instant now,
                   Admission& admission) {
  admission.token = check_access_token(world, find_header(head.headers, "Authorization"),
                                       now + world.clock_offset);
  if (!admission.token || !world.applications.contains(admission.token->client_id)) {
    throw Refusal{401, "InvalidAuthenticationToken", "Access token has expired or is not valid."};
  }
  admission.application = &world.applications.at(admission.token->client_id);
  const std::string& client_id = admission.application->client_id;
  admission.target = parse_target(head.target);
  admission.match = find_route(head.method, admission.target);
  const Route& route = *admission.match.route;
  admission.operation = std::string{route.operation};
  admission.mailbox = addressed_mailbox(world, admission.match);
  if (admission.mailbox != nullptr) {
    admission.place = take_place(world, client_id, admission.mailbox->id(), upload_bytes, now);
  }
  if (route.directory_units == 0) return;
  const std::uint64_t units = directory_cost(route, admission.target);
  if (const auto throttled = world.limits.spend_units(
          client_id, units, world.directory.user_count(), now + world.clock_offset)) {
    throw Refusal{429,
                  "TooManyRequests",
                  throttled->message,
                  {{"Retry-After", retry_after_seconds(throttled->retry_after)},
                   {"x-ms-throttle-scope", "Tenant_Application/ReadWrite/" + admission.operation}}};
  }
  admission.extra_headers = {{"x-ms-resource-unit", std::to_string(units)}};
}

Response Tenant::serve(World& world, const RequestHead& head, const std::string& body,
                       const Admission& admission, Instant now,
                       const std::optional<std::vector<Recipe>>* folder_stream) {
  Mailbox* mailbox = admission.mailbox;
  const RequestFaults faults{world, admission.operation, mailbox != nullptr ? mailbox->id() : "",
                             now};
  if (faults.reset()) return RequestFaults::reset_response();
  check_roles(*admission.match.route, *admission.token, *admission.application, mailbox);
  Call call{world,
            head,
            admission.target,
            body,
            admission.operation,
            admission.match.captures,
            admission.application,
            mailbox,
            now + world.clock_offset,
            &exported_bytes_,
            folder_stream};
  Response response = admission.match.route->handler(call);
  response.headers.insert(response.headers.end(), admission.extra_headers.begin(),
                          admission.extra_headers.end());
  faults.spoil(response);
  return response;
}

}  // namespace simulator
