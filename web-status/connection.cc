#include "web-status/connection.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <variant>

namespace web {

namespace {

constexpr std::size_t kReadBytes = 2048;
constexpr std::size_t kSliceBytes = 64 * 1024;
// Not counted: all connections together may have as many, and nobody is denied them.
constexpr std::size_t kSmallAnswerBytes = 8 * 1024;
constexpr base::Duration kLingering = std::chrono::seconds{2};
constexpr std::size_t kLingeringBytes = 256 * 1024;

Response answer_of(const ConnectionsState& state, const Request& request) {
  try {
    return state.handler(request);
  } catch (...) {
    base::log(base::LogLevel::error, "answering a request: ", base::current_error().what());
    return state.refuse(500, "this request could not be answered");
  }
}

}  // namespace

Connection::Connection(ConnectionsState& state, ConnectionBook::Id id,
                       std::unique_ptr<Channel> channel, std::string peer)
    : state_(state), id_(id), channel_(std::move(channel)), peer_(std::move(peer)) {
  state_.open.emplace(id_, this);
}

Connection::~Connection() { close(); }

void Connection::start() {
  state_.book.begin_waiting(id_, ConnectionBook::Wait::head);
  channel_->allow(state_.limits.header);
  channel_->begin(then([this](std::size_t) { wait_for_request(); }));
}

void Connection::close() {
  if (std::exchange(is_closed_, true)) return;
  if (is_stream_) --state_.streams;
  state_.book.leave(id_);
  state_.open.erase(id_);
  body_share_ = {};
  answer_share_ = {};
  channel_->close();
  if (state_.open.empty()) state_.on_last_left();
}

// Goes on with `step` unless the operation failed; keeps the connection until then.
template <typename Step>
Channel::Done Connection::then(Step step) {
  return [self = shared_from_this(), step](bool went_well, std::size_t bytes) {
    if (!went_well || self->is_closed_) return self->close();
    step(bytes);
  };
}

bool Connection::make_room(ByteBudget& budget, std::size_t bytes, ConnectionBook::Wait wait) {
  while (!budget.has(bytes)) {
    const auto slowest = state_.book.longest_waiting(wait);
    if (!slowest || *slowest == id_) return false;
    state_.open.at(*slowest)->close();
  }
  return true;
}

void Connection::wait_for_request() {
  if (state_.stopping) return close();
  is_idle_ = true;
  seen_bytes_ = 0;
  request_ = {};
  response_ = {};
  state_.book.begin_waiting(id_, ConnectionBook::Wait::head);
  channel_->allow(received_.empty() ? state_.limits.idle : state_.limits.header);
  received_.empty() ? read_head() : look_at_head();
}

void Connection::read_head() {
  const std::size_t had = received_.size();
  received_.resize(had + std::min(kReadBytes, state_.limits.header_bytes - had));
  channel_->read_some(std::span{received_}.subspan(had), then([this, had](std::size_t bytes) {
                        received_.resize(had + bytes);
                        if (had == 0) channel_->allow(state_.limits.header);
                        look_at_head();
                      }));
}

void Connection::look_at_head() {
  const HeadEnd end = find_head_end(received_, seen_bytes_);
  if (end.is_broken) return refuse({400, "a line does not end as it should"});
  if (end.size_bytes == 0) {
    seen_bytes_ = received_.size();
    if (received_.size() < state_.limits.header_bytes) return read_head();
    return refuse({431, "the headers are too long"});
  }
  auto head = parse_head(std::string_view{received_}.substr(0, end.size_bytes), state_.limits);
  received_.erase(0, end.size_bytes);
  if (const auto* refusal = std::get_if<Refusal>(&head)) return refuse(*refusal);
  read_body(std::move(std::get<RequestHead>(head)));
}

void Connection::read_body(RequestHead head) {
  is_idle_ = false;
  keep_alive_ = head.keep_alive;
  request_.method = std::move(head.method);
  request_.target = std::move(head.target);
  request_.headers = std::move(head.headers);
  request_.peer = peer_;
  request_.is_tls = state_.is_tls;
  const std::size_t size = head.body_bytes;
  const std::size_t here = std::min(size, received_.size());
  request_.body = received_.substr(0, here);
  received_.erase(0, here);
  if (here == size) return dispatch();
  if (!make_room(state_.bodies, size, ConnectionBook::Wait::body)) {
    return refuse({503, "too much is being sent to this server: try again"});
  }
  body_share_ = state_.bodies.take(size);
  request_.body.resize(size);
  state_.book.begin_waiting(id_, ConnectionBook::Wait::body);
  channel_->allow(state_.limits.body);
  channel_->read_all(std::span{request_.body}.subspan(here),
                     then([this](std::size_t) { dispatch(); }));
}

void Connection::dispatch() {
  state_.book.end_waiting(id_);
  received_.shrink_to_fit();
  if (state_.waiting.size() >= state_.limits.waiting_requests) {
    return refuse({503, "too many requests wait to be answered: try again"});
  }
  state_.waiting.push_back(shared_from_this());
  give_to_workers(state_);
}

void Connection::give_to_workers(ConnectionsState& state) {
  // Each worker finds the next request while the network's thread takes over its answer.
  const std::size_t most = 2 * state.limits.workers;
  while (state.with_workers < most && !state.waiting.empty()) {
    const std::shared_ptr<Connection> next = std::move(state.waiting.front());
    state.waiting.pop_front();
    ++state.with_workers;
    next->give_to_worker();
  }
}

void Connection::give_to_worker() {
  state_.pool.run([self = shared_from_this()]() mutable {
    ConnectionsState& state = self->state_;
    Response response = answer_of(state, self->request_);
    // The connection goes along: it must not end on this thread.
    state.on_network([self = std::move(self), response = std::move(response)]() mutable {
      --self->state_.with_workers;
      give_to_workers(self->state_);
      self->answer(std::move(response));
    });
  });
}

void Connection::refuse(const Refusal& refusal) {
  keep_alive_ = false;
  answer(state_.refuse(refusal.status, refusal.message));
}

void Connection::answer(Response response) {
  if (is_closed_) return;
  state_.book.end_waiting(id_);
  is_idle_ = false;
  request_.body = {};
  body_share_ = {};
  const bool asks_for_stream = std::holds_alternative<EventStream>(response.body);
  if (asks_for_stream && state_.streams >= state_.limits.event_streams) {
    return refuse({503, "too many listen for events: try again later"});
  }
  response_ = std::move(response);
  keep_alive_ = keep_alive_ && !state_.stopping && !asks_for_stream;
  const bool is_chunked = std::holds_alternative<TextSource>(response_.body);
  head_ = format_head(response_, {keep_alive_, is_chunked}, state_.clock.now());
  const bool has_body =
      request_.method != "HEAD" && response_.status != 204 && response_.status != 304;
  if (auto* text = std::get_if<std::string>(&response_.body); text != nullptr && has_body) {
    return write_own_text(*text);
  }
  if (!has_body) return write_text({});
  if (auto* fixed = std::get_if<StaticText>(&response_.body)) return write_text(fixed->text);
  if (asks_for_stream) return begin_stream();
  channel_->allow(state_.limits.write);
  channel_->write({head_}, then([this](std::size_t) { pull(); }));
}

void Connection::write_own_text(std::string_view text) {
  if (text.size() > kSmallAnswerBytes) {
    if (!make_room(state_.answers, text.size(), ConnectionBook::Wait::reading)) {
      return refuse({503, "too many answers wait for slow readers: try again"});
    }
    answer_share_ = state_.answers.take(text.size());
    state_.book.begin_waiting(id_, ConnectionBook::Wait::reading);
  }
  write_text(text);
}

// What is left of the head goes with the first slice.
void Connection::write_text(std::string_view text) {
  const std::string_view rest = text.substr(std::min(kSliceBytes, text.size()));
  channel_->allow(state_.limits.write);
  channel_->write({head_, text.substr(0, kSliceBytes)}, then([this, rest](std::size_t) {
                    head_.clear();
                    rest.empty() ? finish() : write_text(rest);
                  }));
}

void Connection::pull() {
  state_.book.end_waiting(id_);
  state_.pool.run([self = shared_from_this()]() mutable {
    std::optional<std::string> piece;
    bool is_broken = false;
    try {
      do {
        piece = std::get<TextSource>(self->response_.body)();
      } while (piece && piece->empty());  // an empty chunk would end the body
    } catch (...) {
      base::log(base::LogLevel::error, "sending a report: ", base::current_error().what());
      is_broken = true;
    }
    ConnectionsState& state = self->state_;
    state.on_network([self = std::move(self), piece = std::move(piece), is_broken]() {
      // A body without its last chunk tells the client that it is not whole.
      if (is_broken || self->is_closed_) return self->close();
      self->write_chunk(piece.value_or(""), !piece);
    });
  });
}

void Connection::write_chunk(std::string piece, bool is_last) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string size;
  for (std::size_t left = piece.size(); left > 0; left /= 16) size += kDigits[left % 16];
  std::ranges::reverse(size);
  head_ = is_last ? "0\r\n\r\n" : base::text(size, "\r\n", piece, "\r\n");
  // More than there is room for cannot be: the pieces come from a few workers.
  answer_share_ = {};
  make_room(state_.answers, head_.size(), ConnectionBook::Wait::reading);
  answer_share_ = state_.answers.take(head_.size());
  state_.book.begin_waiting(id_, ConnectionBook::Wait::reading);
  channel_->allow(state_.limits.write);
  channel_->write({head_}, then([this, is_last](std::size_t) { is_last ? finish() : pull(); }));
}

bool Connection::is_still_allowed() const {
  const auto& stream = std::get<EventStream>(response_.body);
  return !stream.still_allowed || stream.still_allowed();
}

// The head goes like an event: whoever has got it misses none that is published from then on.
void Connection::begin_stream() {
  is_stream_ = true;
  ++state_.streams;
  request_ = {};
  channel_->allow(std::nullopt);
  ignore_stream();
  deliver(std::make_shared<const std::string>(std::exchange(head_, {})));
}

// A client has nothing to say here, but only a read tells that it has gone.
void Connection::ignore_stream() {
  channel_->read_some(ignored_, then([this](std::size_t) { ignore_stream(); }));
}

void Connection::deliver(const EventText& event) {
  if (is_closed_) return;
  if (!backlog_.push(event)) return close();
  send_events();
}

void Connection::send_events() {
  if (is_sending_ || backlog_.empty()) return;
  is_sending_ = true;
  const std::vector<EventText> events = backlog_.front();
  std::vector<std::string_view> pieces;
  for (const EventText& event : events) pieces.emplace_back(*event);
  channel_->allow(state_.limits.write);
  channel_->write(pieces, then([this, events](std::size_t) {
                    backlog_.drop(events.size());
                    is_sending_ = false;
                    send_events();
                  }));
}

void Connection::finish() {
  answer_share_ = {};
  head_ = {};
  if (keep_alive_) return wait_for_request();
  response_ = {};
  received_ = {};
  // Closing while unread bytes are there would reset the connection, and the answer would be lost.
  channel_->end_writing();
  is_idle_ = true;
  state_.book.begin_waiting(id_, ConnectionBook::Wait::head);
  channel_->allow(kLingering);
  linger(kLingeringBytes);
}

void Connection::linger(std::size_t left_bytes) {
  if (left_bytes == 0) return close();
  channel_->ignore_some(ignored_, then([this, left_bytes](std::size_t bytes) {
                          linger(left_bytes - std::min(left_bytes, bytes));
                        }));
}

}  // namespace web
