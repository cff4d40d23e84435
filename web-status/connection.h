// What one client's connection goes through: wait, read, have it answered, write, and again.
#pragma once

#include "src/base/clock.h"
#include "web-status/channel.h"
#include "web-status/connection_book.h"
#include "web-status/event_hub.h"
#include "web-status/http_message.h"
#include "web-status/http_server.h"
#include "web-status/http_settings.h"
#include "web-status/request_head.h"
#include "web-status/worker_pool.h"

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace web {

class Connection;

// What all connections of a server share. Of the network's thread, but for the constant parts and
// the workers.
struct ConnectionsState {
  const HttpLimits limits;
  const bool is_tls;
  const HttpServer::Handler handler;
  const HttpServer::Refuse refuse;
  const base::Clock& clock;
  // From any thread: runs on the network's.
  const std::function<void(std::function<void()>)> on_network;
  const std::function<void()> on_last_left;

  ConnectionBook book{limits};
  ByteBudget bodies{limits.bodies_bytes};
  ByteBudget answers{limits.answers_bytes};
  std::unordered_map<ConnectionBook::Id, Connection*> open{};
  std::size_t streams = 0;
  bool stopping = false;

  // Requests that no worker has yet, first come first served. Workers get new ones only when their
  // answers have been taken over: these would pile up else, whatever the budget says.
  std::deque<std::shared_ptr<Connection>> waiting{};
  std::size_t with_workers = 0;

  WorkerPool pool{limits.workers};
};

// Held by the operations that are under way (hence shared): whichever ends last lets it go.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // The book of `state`, which outlives it, has admitted `id`.
  Connection(ConnectionsState& state, ConnectionBook::Id id, std::unique_ptr<Channel> channel,
             std::string peer);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  // May be called again.
  void close();

  // Nothing is lost if it is closed now.
  [[nodiscard]] bool is_idle() const { return is_idle_; }
  [[nodiscard]] bool is_stream() const { return is_stream_; }
  // Of streams only.
  [[nodiscard]] bool is_still_allowed() const;
  void deliver(const EventText& event);

 private:
  template <typename Step>
  Channel::Done then(Step step);

  // Whoever has kept the server waiting longest has to go until there is room. False if it does not
  // suffice.
  bool make_room(ByteBudget& budget, std::size_t bytes, ConnectionBook::Wait wait);
  void wait_for_request();
  void read_head();
  void look_at_head();
  void read_body(RequestHead head);
  void dispatch();
  static void give_to_workers(ConnectionsState& state);
  void give_to_worker();
  void refuse(const Refusal& refusal);
  void answer(Response response);
  void write_own_text(std::string_view text);
  void write_text(std::string_view text);
  void pull();
  void write_chunk(std::string piece, bool is_last);
  void begin_stream();
  void ignore_stream();
  void send_events();
  void finish();
  void linger(std::size_t left_bytes);

  ConnectionsState& state_;
  const ConnectionBook::Id id_;
  const std::unique_ptr<Channel> channel_;
  const std::string peer_;
  bool is_closed_ = false, is_idle_ = true, is_stream_ = false;

  std::string received_;  // and not used yet
  std::size_t seen_bytes_ = 0;
  Request request_;
  bool keep_alive_ = false;
  ByteBudget::Share body_share_, answer_share_;
  Response response_;
  std::string head_;
  EventBacklog backlog_{state_.limits.event_backlog_bytes};
  bool is_sending_ = false;
  std::array<char, 256> ignored_{};
};

}  // namespace web
