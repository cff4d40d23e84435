// Policies without sockets: throttle, sessions, who is connected, what waits to be sent.
#include "src/base/text.h"
#include "tests/support/catch.h"
#include "tests/support/virtual_clock.h"
#include "web-status/connection_book.h"
#include "web-status/event_hub.h"
#include "web-status/login_throttle.h"
#include "web-status/network_address.h"
#include "web-status/sessions.h"

#include <chrono>
#include <string>

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_CASE("wrong passwords make the next try wait, longer and longer", "[web][throttle]") {
  web::LoginThrottle throttle;
  base::Duration now{seconds{1000}};
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(throttle.wait_for("anna", "10.0.0.1", now));
    throttle.failed("anna", "10.0.0.1", now);
  }
  CHECK(throttle.wait_for("anna", "10.0.0.1", now) == seconds{1});
  CHECK(throttle.wait_for("anna", "10.0.0.2", now) == seconds{1});
  CHECK_FALSE(throttle.wait_for("bert", "10.0.0.1", now));
  now += seconds{1};
  CHECK_FALSE(throttle.wait_for("anna", "10.0.0.1", now));
  for (int i = 0; i < 20; ++i) throttle.failed("anna", "10.0.0.1", now);
  CHECK(throttle.wait_for("anna", "10.0.0.2", now) == minutes{1});
  CHECK(throttle.wait_for("bert", "10.0.0.1", now) == minutes{15});
  CHECK_FALSE(throttle.wait_for("anna", "10.0.0.1", now + hours{1}));
}

TEST_CASE("nobody can lock an account out from where its owner works", "[web][throttle]") {
  web::LoginThrottle throttle;
  const base::Duration now{seconds{1000}};
  throttle.succeeded("anna", "10.0.0.1", now);
  for (int i = 0; i < 50; ++i) throttle.failed("anna", "10.0.0.2", now);
  CHECK(throttle.wait_for("anna", "10.0.0.3", now));
  CHECK_FALSE(throttle.wait_for("anna", "10.0.0.1", now));
  // Guessing from there is counted all the same.
  for (int i = 0; i < 6; ++i) throttle.failed("anna", "10.0.0.1", now);
  CHECK(throttle.wait_for("anna", "10.0.0.1", now));
}

TEST_CASE("the throttle's table is bounded, and all addresses of a network are one",
          "[web][throttle]") {
  web::LoginThrottle throttle;
  const base::Duration now{seconds{1000}};
  for (int i = 0; i < 12; ++i) {
    throttle.failed(base::text("name", i), base::text("2001:db8:0:1::", i + 1), now);
  }
  CHECK(throttle.wait_for("other", "2001:db8:0:1:ffff::1", now));
  CHECK_FALSE(throttle.wait_for("other", "2001:db8:0:2::1", now));
  for (std::size_t i = 0; i < web::LoginThrottle::kMostEntries + 50; ++i) {
    throttle.failed(base::text("flood", i), "10.0.0.9", now + seconds{1});
  }
  CHECK(throttle.entries() == web::LoginThrottle::kMostEntries);
}

TEST_CASE("sessions end when idle, when old, and when there are too many", "[web][session]") {
  test::VirtualClock clock;
  web::Sessions sessions{clock, {minutes{30}, hours{12}, 2}};
  const auto opened = sessions.open("anna", {});
  CHECK(opened.id.size() == 43);
  CHECK(opened.session.csrf_token != opened.id);
  for (int i = 0; i < 35; ++i) {  // 35 * 20 min: almost 12 h
    clock.advance(minutes{20});
    CHECK(sessions.peek(opened.id));
    CHECK(sessions.use(opened.id)->account == "anna");
  }
  clock.advance(minutes{20});
  CHECK_FALSE(sessions.peek(opened.id));
  CHECK_FALSE(sessions.use(opened.id));

  const auto idle = sessions.open("anna", {});
  clock.advance(minutes{29});
  CHECK(sessions.peek(idle.id));  // and is no use
  clock.advance(minutes{1});
  CHECK_FALSE(sessions.use(idle.id));

  const auto first = sessions.open("a", {});
  clock.advance(seconds{1});
  const auto second = sessions.open("b", {});
  clock.advance(seconds{1});
  CHECK(sessions.use(first.id));
  const auto third = sessions.open("c", {});
  CHECK(sessions.use(first.id));
  CHECK_FALSE(sessions.use(second.id));
  sessions.close(third.id);
  CHECK_FALSE(sessions.use(third.id));
  CHECK_FALSE(sessions.use("no such id"));
}

TEST_CASE("a peer may have so many connections, this machine all of them", "[web][http]") {
  using Admission = web::ConnectionBook::Admission;
  web::HttpLimits limits;
  limits.connections = 4;
  limits.connections_per_peer = 2;
  web::ConnectionBook book{limits};
  CHECK(book.admit(1, "10.0.0.1") == Admission::admitted);
  CHECK(book.admit(2, "10.0.0.1") == Admission::admitted);
  CHECK(book.admit(3, "10.0.0.1") == Admission::peer_has_enough);
  book.leave(1);
  book.leave(1);
  CHECK(book.admit(4, "10.0.0.1") == Admission::admitted);
  CHECK(book.admit(5, "127.0.0.1") == Admission::admitted);
  CHECK(book.admit(6, "127.0.0.1") == Admission::admitted);
  CHECK(book.admit(7, "127.0.0.1") == Admission::full);
  CHECK(book.size() == 4);
}

TEST_CASE("who has waited longest makes room first", "[web][http]") {
  web::ConnectionBook book{web::HttpLimits{}};
  for (const web::ConnectionBook::Id id : {1U, 2U, 3U}) {
    CHECK(book.admit(id, "127.0.0.1") == web::ConnectionBook::Admission::admitted);
  }
  using Wait = web::ConnectionBook::Wait;
  CHECK_FALSE(book.first_to_go());
  book.begin_waiting(2, Wait::head);
  book.begin_waiting(1, Wait::head);
  book.begin_waiting(3, Wait::head);
  CHECK(book.longest_waiting(Wait::head) == 2U);
  book.begin_waiting(2, Wait::reading);
  CHECK(book.longest_waiting(Wait::head) == 1U);
  CHECK(book.longest_waiting(Wait::reading) == 2U);
  CHECK(book.first_to_go() == 1U);
  book.begin_waiting(1, Wait::body);
  book.leave(3);
  CHECK_FALSE(book.longest_waiting(Wait::head));
  CHECK(book.first_to_go() == 1U);
  book.end_waiting(1);
  CHECK(book.first_to_go() == 2U);
}

TEST_CASE("a budget gives out what it has, and takes it back", "[web][http]") {
  web::ByteBudget budget{100};
  CHECK(budget.has(100));
  CHECK_FALSE(budget.has(101));
  {
    web::ByteBudget::Share share = budget.take(60);
    CHECK(budget.has(40));
    CHECK_FALSE(budget.has(41));
    const web::ByteBudget::Share moved = std::move(share);
    CHECK(budget.taken_bytes() == 60);
    const web::ByteBudget::Share more = budget.take(200);
    CHECK_FALSE(budget.has(0));
    share = budget.take(1);
    share = {};
    CHECK(budget.taken_bytes() == 260);
  }
  CHECK(budget.taken_bytes() == 0);
}

TEST_CASE("events wait within their bounds", "[web][events]") {
  int woken = 0;
  web::EventHub hub{64, [&] { ++woken; }};
  hub.publish("job", "{}");
  hub.publish("job", "{}");
  CHECK(woken == 1);
  auto taken = hub.take();
  REQUIRE(taken.events.size() == 2);
  CHECK(*taken.events[0] == "event: job\ndata: {}\n\n");
  CHECK_FALSE(taken.lost_some);
  for (int i = 0; i < 10; ++i) hub.publish("job", "{}");
  taken = hub.take();
  CHECK(taken.events.size() == 3);
  CHECK(taken.lost_some);
  CHECK(hub.take().events.empty());
  CHECK_THROWS_AS(hub.publish("job", "{\n}"), std::logic_error);

  web::EventBacklog backlog{50};
  const auto event = std::make_shared<const std::string>(20, 'x');
  CHECK(backlog.push(event));
  CHECK(backlog.push(event));
  CHECK_FALSE(backlog.push(event));
  CHECK(backlog.front().size() == 2);
  backlog.drop(2);
  CHECK(backlog.empty());
  CHECK(backlog.push(event));
}

TEST_CASE("addresses have one spelling", "[web][http]") {
  CHECK(web::normalized_address("::FFFF:10.0.0.1") == "10.0.0.1");
  CHECK(web::normalized_address("0:0::1") == "::1");
  CHECK_FALSE(web::normalized_address("localhost"));
  CHECK_FALSE(web::normalized_address("10.1"));
  CHECK(web::is_loopback("127.1.2.3"));
  CHECK(web::is_loopback("::1"));
  CHECK_FALSE(web::is_loopback("128.0.0.1"));
  CHECK(web::peer_group("10.0.0.1") == "10.0.0.1");
  CHECK(web::peer_group("2001:db8::5:0:0:1") == "2001:db8::/64");
}
