#include "tests/simulation/life_transport.h"

#include "tests/simulator/json.h"

#include <utility>
#include <vector>

namespace simulation {
namespace {

// Empty for what is no export.
std::vector<std::string> exported_ids(const http::Request& request) {
  const bool of_items = request.url.ends_with("/exportItems");
  const bool of_folder = request.url.ends_with("/exportJobs");
  if (!of_items && !of_folder) return {};
  const simulator::Json body = simulator::Json::parse(request.body);
  if (of_folder) return {body.at("sourceFolder").get<std::string>()};
  return body.at("itemIds").get<std::vector<std::string>>();
}

}  // namespace

std::uint64_t fault_count(const simulator::World& world) {
  std::uint64_t count = 0;
  for (const auto& [name, times] : world.statistics.faults) count += times;
  return count;
}

void LifeTransport::at_request(std::uint64_t others, std::function<void()> act) {
  const std::lock_guard lock{mutex_};
  plan_ = Plan{others, std::move(act)};
}

void LifeTransport::forget_plans() {
  const std::lock_guard lock{mutex_};
  plan_.reset();
}

std::uint64_t LifeTransport::requests() const {
  const std::lock_guard lock{mutex_};
  return requests_;
}

std::set<std::string> LifeTransport::take_struck() {
  const std::lock_guard lock{mutex_};
  return std::exchange(struck_, {});
}

void LifeTransport::begin_request() {
  std::function<void()> act;
  {
    const std::lock_guard lock{mutex_};
    ++requests_;
    if (!plan_) return;
    if (plan_->others > 0) {
      --plan_->others;
      return;
    }
    act = std::move(plan_->act);
    plan_.reset();
  }
  act();
}

http::Transfer LifeTransport::perform(const http::Request& request, http::BodySink& sink,
                                      std::stop_token stop) {
  begin_request();
  http::Transfer dead;
  dead.failure = http::TransferFailure::cancelled;
  dead.detail = "the process is dead";
  if (is_dead_ && is_dead_()) return dead;
  const std::vector<std::string> ids = exported_ids(request);
  if (ids.empty()) return wire_.perform(request, sink, std::move(stop));
  const std::uint64_t faults = fault_count(*tenant_.world());
  // Also if the sink makes no sense of the answer, and throws.
  struct NoteStruck {
    LifeTransport& transport;
    const std::vector<std::string>& ids;
    std::uint64_t faults;
    ~NoteStruck() {
      if (fault_count(*transport.tenant_.world()) == faults) return;
      const std::lock_guard lock{transport.mutex_};
      transport.struck_.insert(ids.begin(), ids.end());
    }
  } note{*this, ids, faults};
  return wire_.perform(request, sink, std::move(stop));
}

}  // namespace simulation
