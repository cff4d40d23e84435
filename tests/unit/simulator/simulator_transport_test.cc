#include "tests/simulator/simulator_transport.h"

#include "src/base/error.h"
#include "tests/support/catch.h"
#include "tests/unit/simulator/small_tenant.h"

namespace {

using http::TransferFailure;
using simulator::Fault;

http::Request inbox_request(test::SmallTenant& small) {
  http::Request request;
  request.url = "https://graph.microsoft.com/v1.0" + small.folder_path("inbox") + "/items";
  request.headers = {{"Authorization", "Bearer " + small.token()}};
  return request;
}

}  // namespace

TEST_CASE("the tenant answers over the transport interface", "[simulator]") {
  test::SmallTenant small;
  simulator::SimulatorTransport transport{small.tenant(), small.clock()};
  http::CollectingSink sink{1'000'000};
  const http::Transfer transfer = transport.perform(inbox_request(small), sink, {});
  CHECK(transfer.arrived());
  CHECK(transfer.head.status == 200);
  CHECK(transfer.head.header("request-id"));
  CHECK(test::Json::parse(sink.text())["value"].size() == 10);
}

TEST_CASE("an unknown host is not reached", "[simulator]") {
  test::SmallTenant small;
  simulator::SimulatorTransport transport{small.tenant(), small.clock()};
  http::CollectingSink sink{1000};
  http::Request request;
  request.url = "https://example.com/";
  CHECK(transport.perform(request, sink, {}).failure == TransferFailure::not_sent);
}

TEST_CASE("faults on the wire end the transfer", "[simulator]") {
  test::SmallTenant small;
  simulator::SimulatorTransport transport{small.tenant(), small.clock()};
  http::CollectingSink sink{1'000'000};
  const auto order = [&](Fault fault) { small.tenant().world()->faults.order(fault, ""); };

  SECTION("reset before the answer") {
    order(Fault::reset);
    const http::Transfer transfer = transport.perform(inbox_request(small), sink, {});
    CHECK(transfer.failure == TransferFailure::interrupted);
    CHECK(transfer.head.status == 0);
  }
  SECTION("cut within the answer") {
    order(Fault::cut_body);
    const http::Transfer transfer = transport.perform(inbox_request(small), sink, {});
    CHECK(transfer.failure == TransferFailure::interrupted);
    CHECK(transfer.head.status == 200);
  }
  SECTION("slow: time passes on the virtual clock") {
    order(Fault::slow_first_byte);
    CHECK(transport.perform(inbox_request(small), sink, {}).arrived());
    CHECK(small.clock().slept() > base::Duration{0});
  }
  SECTION("slower than the caller waits") {
    order(Fault::slow_first_byte);
    http::Request request = inbox_request(small);
    request.idle_timeout = base::Duration{10};
    CHECK(transport.perform(request, sink, {}).failure == TransferFailure::timed_out);
  }
  // No place is left occupied.
  const std::string mailbox = small.mailbox().id();
  CHECK(small.tenant().world()->limits.in_flight(mailbox) == 0);
}
