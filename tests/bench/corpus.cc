#include "tests/bench/corpus.h"

#include "src/base/file.h"
#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fcntl.h>
#include <numbers>
#include <string_view>
#include <vector>

namespace bench {
namespace {

constexpr std::uint64_t kBytesPerMailbox = 9'000'000;  // what makes 250 mailboxes of 2.2 GB
constexpr std::size_t kVocabulary = 4096;
constexpr std::uint64_t kLargestAttachmentBytes = 40'000'000;

// What a number is drawn for, so that two uses of one message never share their numbers.
enum Purpose : std::uint64_t {
  kShape = 1,
  kBody,
  kCopy,
  kAttachmentShape,
  kAttachmentBytes,
  kWords,
  kNextDay
};

// SplitMix64.
class Random {
 public:
  // Each part goes through the mixer: states that differ by a multiple of the step would give one
  // sequence, shifted.
  Random(std::uint64_t seed, Purpose purpose, std::uint64_t number) : state_(seed) {
    state_ = next() ^ purpose;
    state_ = next() ^ number;
    state_ = next();
  }
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return unit() < probability; }
  double log_normal(double median, double sigma) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - unit()));
    return median * std::exp(sigma * radius * std::cos(2.0 * std::numbers::pi * unit()));
  }

 private:
  std::uint64_t state_;
};

struct Attachment {
  enum class Kind : std::uint8_t { archive, table, document } kind = Kind::archive;
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
};

struct Message {
  std::uint64_t number = 0;
  std::uint64_t sender = 0;
  std::uint64_t body_bytes = 0;
  std::vector<std::uint64_t> thread;  // quoted, the newest first
  std::vector<Attachment> attachments;
  std::vector<std::uint64_t> mailboxes;
};

// Words of a language that nobody speaks; the first ones are short and frequent, as everywhere.
std::vector<std::string> make_words(std::uint64_t seed) {
  static constexpr std::array<std::string_view, 24> kSyllables{
      "ta", "ri", "ne", "so", "mu",  "lan", "der", "ver", "kon",  "ti",   "al",  "es",
      "be", "ge", "in", "or", "pre", "sta", "un",  "ung", "heit", "ment", "kel", "zu"};
  Random random{seed, kWords, 0};
  std::vector<std::string> words;
  for (std::size_t i = 0; i < kVocabulary; ++i) {
    std::string word;
    for (std::size_t n = 1 + (i > 60 ? 1 : 0) + random.below(2 + i / 1500); n > 0; --n) {
      word += kSyllables.at(random.below(kSyllables.size()));
    }
    words.push_back(word);
  }
  return words;
}

class Corpus {
 public:
  explicit Corpus(const CorpusShape& shape)
      : seed_(shape.seed),
        mailboxes_(std::max<std::uint64_t>(4, shape.bytes / kBytesPerMailbox)),
        words_(make_words(shape.seed)) {}

  [[nodiscard]] std::uint64_t mailboxes() const { return mailboxes_; }

  const Message& next_message() {
    Message message;
    message.number = messages_.size();
    Random random{seed_, kShape, message.number};
    message.sender = random.below(mailboxes_ * 3);
    message.body_bytes =
        static_cast<std::uint64_t>(std::clamp(random.log_normal(3000.0, 1.1), 200.0, 400'000.0));
    choose_thread(message, random);
    choose_attachments(message, random);
    choose_mailboxes(message, random);
    messages_.push_back(std::move(message));
    return messages_.back();
  }

  // What every copy of the message shares: first the texts, then each attachment.
  [[nodiscard]] std::vector<base::Bytes> shared_parts(const Message& message) const {
    std::vector<base::Bytes> parts;
    std::string texts = body_of(message);
    for (const std::uint64_t quoted : message.thread) texts += body_of(messages_.at(quoted));
    parts.push_back(base::to_bytes(base::as_bytes(texts)));
    for (const Attachment& attachment : message.attachments) parts.push_back(bytes_of(attachment));
    return parts;
  }

  [[nodiscard]] base::Bytes copy_for(const Message& message, std::uint64_t mailbox,
                                     const std::vector<base::Bytes>& parts) const {
    Random random{seed_, kCopy, message.number * 100'003 + mailbox};
    std::string head = base::text("IPM.Note\nTo: person", mailbox, "@contoso.com\nFrom: person",
                                  message.sender, "@contoso.com\n");
    for (std::uint64_t hop = 3 + random.below(6); hop > 0; --hop) {
      head += base::text("Received: from relay", random.below(400), ".contoso.com (10.",
                         random.below(250), ".", random.below(250), ".", random.below(250),
                         ") by host", random.below(90), ".contoso.com with ESMTPS id ",
                         random.next(), "; Mon, ", random.below(28), " Nov 2026\n");
    }
    base::Bytes stream = base::to_bytes(base::as_bytes(head));
    for (const base::Bytes& part : parts) {
      // A property of this copy stands before each part.
      const std::string property = base::text("\n[", random.next(), ":", part.size(), "]\n");
      base::append(stream, base::as_bytes(property));
      base::append(stream, part);
    }
    return stream;
  }

 private:
  void choose_thread(Message& message, Random& random) const {
    if (messages_.empty() || !random.chance(0.55)) return;
    const std::uint64_t back = 1 + random.below(std::min<std::uint64_t>(60, messages_.size()));
    const Message& answered = messages_.at(messages_.size() - back);
    message.thread.push_back(answered.number);
    for (const std::uint64_t older : answered.thread) {
      if (message.thread.size() == 8) break;
      message.thread.push_back(older);
    }
  }

  void choose_attachments(Message& message, Random& random) {
    if (!random.chance(0.3)) return;
    for (std::uint64_t n = 1 + random.below(3); n > 0; --n) {
      if (!sent_.empty() && random.chance(0.35)) {
        const std::uint64_t back = 1 + random.below(std::min<std::uint64_t>(400, sent_.size()));
        message.attachments.push_back(sent_.at(sent_.size() - back));
        continue;
      }
      Attachment attachment;
      attachment.number = sent_.size();
      Random shape{seed_, kAttachmentShape, attachment.number};
      const double draw = shape.unit();
      attachment.kind = draw < 0.55   ? Attachment::Kind::archive
                        : draw < 0.75 ? Attachment::Kind::table
                                      : Attachment::Kind::document;
      attachment.bytes = static_cast<std::uint64_t>(std::clamp(
          shape.log_normal(45'000.0, 1.75), 800.0, static_cast<double>(kLargestAttachmentBytes)));
      sent_.push_back(attachment);
      message.attachments.push_back(attachment);
    }
  }

  void choose_mailboxes(Message& message, Random& random) const {
    std::uint64_t copies = 1;
    while (copies < mailboxes_ && copies < 30 && random.chance(0.45)) ++copies;
    const std::uint64_t first = random.below(mailboxes_);
    const std::uint64_t step = 1 + random.below(mailboxes_ / copies);
    for (std::uint64_t i = 0; i < copies; ++i) {
      message.mailboxes.push_back((first + i * step) % mailboxes_);
    }
  }

  void add_words(std::string& text, Random& random, std::size_t until_bytes) const {
    while (text.size() < until_bytes) {
      std::uint64_t bits = random.next();
      for (int i = 0; i < 4; ++i, bits >>= 16) {
        // The square favours the first words.
        const std::uint64_t draw = bits & 0xffff;
        text += words_.at((draw * draw >> 16) * kVocabulary >> 16);
        text += i == 3 && (bits & 3) == 0 ? ".<br>\r\n" : " ";
      }
    }
    text.resize(until_bytes);
  }

  [[nodiscard]] std::string body_of(const Message& message) const {
    std::string text = "<html><body><p class=MsoNormal style='margin:0;font-family:\"Calibri\"'>";
    Random random{seed_, kBody, message.number};
    add_words(text, random, text.size() + message.body_bytes);
    Random signature{seed_, kBody, ~message.sender};
    text += "<p>--<br>";
    add_words(text, signature, text.size() + 300);
    return text + "</body></html>";
  }

  [[nodiscard]] base::Bytes bytes_of(const Attachment& attachment) const {
    Random random{seed_, kAttachmentBytes, attachment.number};
    if (attachment.kind == Attachment::Kind::table) {
      std::string rows;
      while (rows.size() < attachment.bytes) {
        const std::uint64_t bits = random.next();
        rows += base::text(2000 + bits % 26, ";", words_.at((bits >> 8) % 300), ";",
                           (bits >> 20) % 5000, ",", (bits >> 40) % 100, ";EUR\r\n");
      }
      rows.resize(attachment.bytes);
      return base::to_bytes(base::as_bytes(rows));
    }
    base::Bytes bytes(attachment.bytes);
    std::size_t i = 0;
    for (; i + sizeof(std::uint64_t) <= bytes.size(); i += sizeof(std::uint64_t)) {
      base::store_le(bytes.data() + i, random.next());
    }
    // Documents hold pictures between stretches of text.
    if (attachment.kind == Attachment::Kind::document) {
      for (std::size_t at = 0; at + 16'384 <= bytes.size(); at += 32'768) {
        std::string text;
        add_words(text, random, 16'384);
        std::memcpy(bytes.data() + at, text.data(), text.size());
      }
    }
    return bytes;
  }

  std::uint64_t seed_;
  std::uint64_t mailboxes_;
  std::vector<std::string> words_;
  std::vector<Message> messages_;
  std::vector<Attachment> sent_;
};

}  // namespace

namespace {

// Messages until so many bytes of streams are reached.
CorpusSummary make_messages(Corpus& corpus, std::uint64_t bytes, const OnStream& on_stream) {
  CorpusSummary summary;
  summary.mailboxes = corpus.mailboxes();
  while (summary.bytes < bytes) {
    const Message& message = corpus.next_message();
    ++summary.messages;
    const std::vector<base::Bytes> parts = corpus.shared_parts(message);
    for (const std::uint64_t mailbox : message.mailboxes) {
      const base::Bytes stream = corpus.copy_for(message, mailbox, parts);
      on_stream(fmt::format("mailbox-{:04}", mailbox), fmt::format("item-{:08}", message.number),
                stream);
      ++summary.streams;
      summary.bytes += stream.size();
      summary.largest_bytes = std::max<std::uint64_t>(summary.largest_bytes, stream.size());
    }
  }
  return summary;
}

void write(const std::filesystem::path& path, const base::Bytes& stream) {
  std::filesystem::create_directories(path.parent_path());
  const base::FileHandle file = base::open_file(path, O_WRONLY | O_CREAT | O_EXCL);
  base::write_all(file, stream, path);
}

// As a mail that was read, filed or annotated: a property more at its head, another one in the
// middle.
base::Bytes changed(const base::Bytes& stream, Random& random) {
  const std::string property = base::text("\n[", random.next(), ":flag]\n");
  base::Bytes result = base::to_bytes(base::as_bytes(property));
  base::append(result, stream);
  const std::size_t middle = stream.size() / 2;
  for (std::size_t i = 0; i < std::min<std::size_t>(stream.size() - middle, 40); ++i) {
    result[property.size() + middle + i] = static_cast<std::byte>(random.below(256));
  }
  return result;
}

// Makes the second day of streams as the first ones come by.
class NextDay {
 public:
  NextDay(const CorpusShape& shape, const DayShape& day, std::filesystem::path directory)
      : day_(day), directory_(std::move(directory)), random_(shape.seed, kNextDay, 0) {}

  void keep(const std::filesystem::path& first, const std::string& mailbox, const std::string& name,
            const base::Bytes& stream) {
    const std::uint64_t fate = random_.below(1000);
    if (fate < day_.deleted_permille) {
      ++summary_.deleted_streams;
      return;
    }
    const std::filesystem::path path = directory_ / mailbox / name;
    if (fate < day_.deleted_permille + day_.changed_permille) {
      ++summary_.changed_streams;
      return add_new(path, changed(stream, random_));
    }
    std::filesystem::create_directories(path.parent_path());
    std::filesystem::create_hard_link(first, path);
    summary_.bytes += stream.size();
  }
  void add(const std::string& mailbox, const std::string& name, const base::Bytes& stream) {
    ++summary_.new_streams;
    add_new(directory_ / mailbox / name, stream);
  }
  [[nodiscard]] const DaySummary& summary() const { return summary_; }

 private:
  void add_new(const std::filesystem::path& path, const base::Bytes& stream) {
    write(path, stream);
    summary_.bytes += stream.size();
    summary_.new_bytes += stream.size();
  }

  DayShape day_;
  std::filesystem::path directory_;
  Random random_;
  DaySummary summary_;
};

}  // namespace

CorpusSummary make_corpus(const CorpusShape& shape, const OnStream& on_stream) {
  Corpus corpus{shape};
  return make_messages(corpus, shape.bytes, on_stream);
}

WrittenCorpus write_corpus(const CorpusShape& shape, const DayShape& day,
                           const std::filesystem::path& first,
                           const std::filesystem::path& second) {
  Corpus corpus{shape};
  NextDay next{shape, day, second};
  WrittenCorpus written;
  written.first = make_messages(
      corpus, shape.bytes,
      [&](const std::string& mailbox, const std::string& name, const base::Bytes& stream) {
        const std::filesystem::path path = first / mailbox / name;
        write(path, stream);
        next.keep(path, mailbox, name, stream);
      });
  make_messages(corpus, shape.bytes * day.new_permille / 1000,
                [&](const std::string& mailbox, const std::string& name,
                    const base::Bytes& stream) { next.add(mailbox, name, stream); });
  written.second = next.summary();
  return written;
}

}  // namespace bench
