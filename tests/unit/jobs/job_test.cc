#include "src/jobs/job.h"

#include "src/base/error.h"
#include "src/jobs/told.h"
#include "tests/support/catch.h"

#include <string>
#include <utility>

namespace {

using base::from_milliseconds;

jobs::Job restore() {
  jobs::Job job;
  job.id = "01abc";
  job.order.words = {"hold", "add", "ann@contoso.com", "--reason", "case 7"};
  job.order.command = "hold add";
  job.order.title = "Hold on ann";
  job.order.by = {"coffer", "ann", "host", "4711"};
  job.order.by_name = "local";
  job.order.reason = "case 7";
  job.order.directory = "/home/ann";
  job.order.occurrence = from_milliseconds(1'775'000'000'001);
  job.state = jobs::JobState::ended;
  job.end = jobs::JobEnd::partial;
  job.exit_status = 3;
  job.queued = from_milliseconds(1'775'000'000'000);
  job.started = from_milliseconds(1'775'000'001'000);
  job.ended = from_milliseconds(1'775'000'003'500);
  job.attempts = 2;
  job.broken_off = 1;
  job.problems = 3;
  job.summary = jobs::Record{{"type", "summary"}, {"items", jobs::Record{{"failed", 1}}}};
  job.error = jobs::Record{{"type", "error"}, {"kind", "denied"}};
  return job;
}

}  // namespace

TEST_CASE("a job is told as the API's page has it", "[jobs]") {
  CHECK(jobs::to_json(jobs::job_record(restore())) ==
        R"({"type":"job","id":"01abc","command":"hold add",)"
        R"("arguments":["ann@contoso.com","--reason","case 7"],"title":"Hold on ann",)"
        R"("state":"ended","status":"partial","exit_status":3,"by":"local","reason":"case 7",)"
        R"("policy":null,"mailbox":null,"queued":"2026-03-31T23:33:20Z",)"
        R"("started":"2026-03-31T23:33:21Z","ended":"2026-03-31T23:33:23.500Z","seconds":2.5,)"
        R"("progress":null,"summary":{"type":"summary","items":{"failed":1}},)"
        R"("error":{"type":"error","kind":"denied"},"problems":3})");
}

TEST_CASE("a job comes back from its file as it was", "[jobs]") {
  jobs::Job job = restore();
  CHECK(jobs::encode_job(jobs::decode_job(jobs::encode_job(job))) == jobs::encode_job(job));
  CHECK(jobs::decode_job(jobs::encode_job(job)).order.occurrence == job.order.occurrence);
  job.state = jobs::JobState::queued;
  job.end.reset();
  job.exit_status.reset();
  job.started.reset();
  job.ended.reset();
  job.summary.reset();
  const jobs::Job read = jobs::decode_job(jobs::encode_job(job));
  CHECK(read.state == jobs::JobState::queued);
  CHECK_FALSE(read.end);
  CHECK_FALSE(read.exit_status);
  CHECK_FALSE(read.started);
  CHECK_FALSE(read.summary);
  CHECK(read.order.words == job.order.words);
}

TEST_CASE("a job's file that is cut or contradicts itself is corrupt", "[jobs]") {
  base::Bytes bytes = jobs::encode_job(restore());
  bytes.resize(bytes.size() / 2);
  CHECK_THROWS_AS(jobs::decode_job(bytes), base::Error);
  jobs::Job job = restore();
  job.state = jobs::JobState::running;
  CHECK_THROWS_AS(jobs::decode_job(jobs::encode_job(job)), base::Error);
}

TEST_CASE("what may be long of a job is cut short, and what is missing counted", "[jobs]") {
  jobs::Job job = restore();
  jobs::Value::List snapshots;
  for (int i = 0; i < 4000; ++i) snapshots.push_back(jobs::Record{{"id", std::to_string(i)}});
  job.summary->set("snapshots", std::move(snapshots));
  job.error->set("message", std::string(100'000, 'x'));
  job.order.words.assign(5000, "--item=0123456789");
  const jobs::Job ended = jobs::shortened(job);
  CHECK(jobs::encode_job(ended).size() < 8000);
  const std::string told = jobs::to_json(*ended.summary);
  CHECK_THAT(told, test::contains_text(R"("snapshots":[{"id":"0"},{"id":"1"},)"));
  CHECK_THAT(told, test::contains_text(R"("left_out":{"snapshots":39)"));
  CHECK_THAT(ended.order.words.back(), test::contains_text(" more)"));

  job.state = jobs::JobState::queued;
  CHECK(jobs::shortened(job).order.words == job.order.words);
}

TEST_CASE("what a job told comes back from its bytes", "[jobs]") {
  using Kind = jobs::Told::Kind;
  const jobs::Record record{{"type", "item"}};
  const jobs::Told told =
      GENERATE_COPY(values<jobs::Told>({{Kind::record, record, ""},
                                        {Kind::line, {}, "a line"},
                                        {Kind::remark, {}, ""},
                                        {Kind::error, record, "coffer: error: \xff"}}));
  const jobs::Told read = jobs::decode_told(jobs::encode_told(told));
  CHECK(read.kind == told.kind);
  CHECK(read.text == told.text);
  CHECK(read.record.has_value() == told.record.has_value());
  CHECK_THROWS_AS(jobs::decode_told(base::as_bytes("garbage")), base::Error);
  CHECK_THROWS_AS(jobs::decode_told(jobs::encode_told({Kind::record, {}, ""})), base::Error);
}
