// The simulated tenant: one state machine for all three hosts, used in process on virtual time and
// behind sockets.
#pragma once

#include "src/base/synchronized.h"
#include "tests/simulator/message.h"
#include "tests/simulator/tenant_plan.h"
#include "tests/simulator/world.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace simulator {

// Thread-safe. Outlives all exchanges and responses.
//
// Two times are told apart. The clients' time is what callers pass in: assertions and Retry-After
// go by it. The tenant's time runs ahead of it by what advance() has added: items, tokens, sessions
// and limits live in it.
class Tenant {
 public:
  Tenant(const TenantPlan& plan, Instant now);

  // A request whose body is still to come. Whatever it asks for, an answer comes of it.
  std::unique_ptr<Exchange> begin(RequestHead head, Instant now);
  // A whole request at once.
  Response handle(RequestHead head, std::string_view body, Instant now);

  // For administration and tests; nothing is answered while the access lives.
  base::Synchronized<World>::Access world() { return world_.lock(); }
  // Of streams, since the start or the last reset.
  [[nodiscard]] std::uint64_t exported_bytes() const { return exported_bytes_; }
  void reset_statistics();

 private:
  class BufferedExchange;
  class ImportExchange;
  class FolderImportExchange;
  class TakenPlace;
  struct Admission;

  Response answer(const RequestHead& head, const std::string& body, Instant now);
  // Lets a request to Graph in, or throws Refusal. Its operation is told even then, once known.
  void admit(World& world, const RequestHead& head, std::uint64_t upload_bytes, Instant now,
             Admission& admission);
  Response serve(World& world, const RequestHead& head, const std::string& body,
                 const Admission& admission, Instant now,
                 const std::optional<std::vector<Recipe>>* folder_stream = nullptr);
  // Throws Refusal(429).
  std::unique_ptr<Place> take_place(World& world, const std::string& application,
                                    const std::string& mailbox, std::uint64_t upload_bytes,
                                    Instant now);

  base::Synchronized<World> world_;
  std::atomic<std::uint64_t> exported_bytes_ = 0;
};

}  // namespace simulator
