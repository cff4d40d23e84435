#include "tests/simulator/vocabulary.h"

#include "src/base/text.h"

namespace simulator {
namespace {

constexpr std::array<std::string_view, kWordCount> kWords = {
    "the",        "of",        "and",        "to",        "in",        "a",           "is",
    "for",        "on",        "that",       "with",      "as",        "are",         "be",
    "this",       "from",      "or",         "have",      "by",        "not",         "at",
    "but",        "all",       "can",        "we",        "will",      "you",         "meeting",
    "report",     "budget",    "invoice",    "project",   "customer",  "delivery",    "schedule",
    "review",     "update",    "draft",      "contract",  "quarter",   "team",        "office",
    "plan",       "please",    "thanks",     "regards",   "attached",  "document",    "version",
    "number",     "order",     "payment",    "system",    "server",    "backup",      "mailbox",
    "folder",     "message",   "archive",    "travel",    "hotel",     "flight",      "train",
    "booking",    "agenda",    "minutes",    "action",    "item",      "owner",       "deadline",
    "risk",       "issue",     "status",     "open",      "closed",    "pending",     "approved",
    "sales",      "marketing", "finance",    "legal",     "support",   "engineering", "design",
    "product",    "release",   "test",       "build",     "feature",   "request",     "change",
    "problem",    "answer",    "question",   "today",     "tomorrow",  "monday",      "tuesday",
    "wednesday",  "thursday",  "friday",     "week",      "month",     "year",        "morning",
    "afternoon",  "evening",   "early",      "late",      "soon",      "later",       "now",
    "price",      "cost",      "value",      "total",     "amount",    "rate",        "share",
    "market",     "growth",    "forecast",   "target",    "result",    "figure",      "chart",
    "table",      "summary",   "detail",     "note",      "list",      "contact",     "address",
    "phone",      "email",     "letter",     "call",      "visit",     "reply",       "forward",
    "copy",       "print",     "scan",       "sign",      "send",      "receive",     "read",
    "write",      "close",     "start",      "stop",      "north",     "south",       "east",
    "west",       "green",     "blue",       "red",       "yellow",    "black",       "white",
    "small",      "large",     "long",       "short",     "high",      "low",         "new",
    "old",        "first",     "second",     "third",     "last",      "next",        "supplier",
    "partner",    "client",    "vendor",     "manager",   "director",  "assistant",   "colleague",
    "department", "branch",    "region",     "country",   "city",      "building",    "room",
    "floor",      "network",   "storage",    "cluster",   "license",   "upgrade",     "migration",
    "outage",     "ticket",    "incident",   "password",  "account",   "security",    "policy",
    "access",     "training",  "production", "quality",   "material",  "machine",     "factory",
    "warehouse",  "shipment",  "container",  "customs",   "transport", "energy",      "water",
    "paper",      "steel",     "plastic",    "between",   "because",   "however",     "therefore",
    "although",   "while",     "during",     "before",    "after",     "above",       "below",
    "without",    "within",    "against",    "summer",    "winter",    "spring",      "autumn",
    "birthday",   "lunch",     "coffee",     "garden",    "music",     "picture",     "window",
    "station",    "bridge",    "river",      "mountain",  "island",    "forest",      "harbour",
    "university", "research",  "laboratory", "insurance",
};

constexpr std::array<std::string_view, 24> kFirstNames = {
    "Ada",   "Bruno", "Carla", "Deniz", "Elif", "Farid", "Greta", "Hugo",
    "Irina", "Jonas", "Katja", "Liam",  "Mei",  "Nadia", "Omar",  "Paula",
    "Quinn", "Rosa",  "Sven",  "Tariq", "Ulla", "Vera",  "Wim",   "Yuki"};
constexpr std::array<std::string_view, 24> kLastNames = {
    "Albers",  "Bianchi", "Costa",    "Dubois", "Eriksen", "Fischer",  "Garcia", "Hansen",
    "Ivanova", "Jansen",  "Kowalski", "Lindt",  "Moreau",  "Nakamura", "Okafor", "Pereira",
    "Quist",   "Rossi",   "Schmidt",  "Tanaka", "Ueda",    "Vogel",    "Weber",  "Zhang"};

constexpr std::array<std::string_view, 6> kForeignEndings = {
    " – Übersicht für März", " (réponse attendue)", " 会議の議事録", " ✅🎉",
    " Отчёт за май",         " żółta łódź"};

}  // namespace

std::string_view word(std::size_t index) { return kWords[index % kWordCount]; }

Person person(std::uint64_t number) {
  const std::string_view first = kFirstNames[number % kFirstNames.size()];
  const std::string_view last = kLastNames[(number / kFirstNames.size()) % kLastNames.size()];
  const std::uint64_t round = number / (kFirstNames.size() * kLastNames.size());
  const std::string suffix = round == 0 ? "" : std::to_string(round + 1);
  return {base::text(first, " ", last, suffix.empty() ? "" : " ", suffix),
          base::text(base::to_lower(first), ".", base::to_lower(last), suffix, "@", kDomain)};
}

std::string subject_line(Random& random) {
  std::string line;
  const std::uint64_t words = 2 + random.below(6);
  for (std::uint64_t i = 0; i < words; ++i) {
    if (i > 0) line += ' ';
    line += word(random.next());
  }
  if (random.chance(0.06)) line += kForeignEndings[random.below(kForeignEndings.size())];
  return line;
}

}  // namespace simulator
