#include "tests/simulator/token_endpoint.h"

#include "src/base/base64.h"
#include "src/base/random.h"
#include "src/base/text.h"
#include "tests/simulator/certificates.h"
#include "tests/simulator/openssl_handles.h"
#include "tests/support/catch.h"
#include "tests/unit/simulator/small_tenant.h"

#include <openssl/rsa.h>

namespace {

using simulator::Json;
using simulator::kBackupClientId;

constexpr const char* kScope = "https%3A%2F%2Fgraph.microsoft.com%2F.default";

// What an assertion is made of; each test breaks one part.
struct AssertionPlan {
  std::string algorithm = "PS256";
  std::string thumbprint_name = "x5t#S256";
  std::string thumbprint;
  Json claims;
};

std::string sign(const AssertionPlan& plan, const std::string& key_pem) {
  const Json header = {
      {"alg", plan.algorithm}, {"typ", "JWT"}, {plan.thumbprint_name, plan.thumbprint}};
  const std::string signed_text = base::base64url_encode(base::as_bytes(header.dump())) + "." +
                                  base::base64url_encode(base::as_bytes(plan.claims.dump()));
  const simulator::Bio bio = simulator::memory_bio(key_pem);
  const simulator::Key key{PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr)};
  const simulator::DigestContext context{EVP_MD_CTX_new()};
  EVP_PKEY_CTX* key_context = nullptr;
  REQUIRE(EVP_DigestSignInit(context.get(), &key_context, EVP_sha256(), nullptr, key.get()) == 1);
  if (plan.algorithm == "PS256") {
    REQUIRE(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1);
    REQUIRE(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, 32) == 1);
  }
  std::string signature(512, '\0');
  std::size_t size = signature.size();
  REQUIRE(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                         reinterpret_cast<const unsigned char*>(signed_text.data()),
                         signed_text.size()) == 1);
  signature.resize(size);
  return signed_text + "." + base::base64url_encode(base::as_bytes(signature));
}

// A tenant whose backup application has a certificate, and that certificate's key.
struct Enrolled {
  test::SmallTenant tenant;
  simulator::KeyAndCertificate pair = simulator::make_client_certificate("coffer-backup");
  simulator::RegisteredCertificate registered =
      simulator::registered_certificate(pair.certificate_pem);
  std::string tenant_id = tenant.tenant().world()->tenant_id;

  Enrolled() {
    tenant.tenant().world()->applications.at(kBackupClientId).certificates.push_back(registered);
  }

  AssertionPlan plan() {
    const std::int64_t now = base::to_milliseconds(tenant.clock().now()) / 1000;
    return {
        "PS256",
        "x5t#S256",
        registered.sha256_thumbprint,
        {{"aud", base::text("https://login.microsoftonline.com/", tenant_id, "/oauth2/v2.0/token")},
         {"iss", kBackupClientId},
         {"sub", kBackupClientId},
         {"jti", base::new_uuid()},
         {"nbf", now},
         {"iat", now},
         {"exp", now + 300}}};
  }

  test::Answer sign_in(const std::string& assertion) {
    return tenant.login(
        tenant_id,
        base::text("grant_type=client_credentials&client_id=", kBackupClientId, "&scope=", kScope,
                   "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3A"
                   "jwt-bearer&client_assertion=",
                   assertion));
  }
};

int first_code(const test::Answer& answer) { return answer.json()["error_codes"][0].get<int>(); }

}  // namespace

TEST_CASE("a secret gives a token, or the login service's own reason", "[simulator]") {
  test::SmallTenant small;
  const std::string tenant = small.tenant().world()->tenant_id;
  small.tenant().world()->applications.at(kBackupClientId).expired_secrets = {"old"};
  struct Row {
    const char* name;
    std::string tenant, client, scope, secret;
    int status, code;
  };
  const std::string good = kScope;
  const auto row = GENERATE_COPY(values<Row>({
      {"right", tenant, kBackupClientId, good, "backup-secret", 200, 0},
      {"domain", "contoso.com", kBackupClientId, good, "backup-secret", 200, 0},
      {"wrong secret", tenant, kBackupClientId, good, "guess", 401, 7000215},
      {"expired secret", tenant, kBackupClientId, good, "old", 401, 7000222},
      {"no secret", tenant, kBackupClientId, good, "", 401, 7000218},
      {"unknown app", tenant, "nobody", good, "x", 400, 700016},
      {"unknown tenant", "fabrikam.com", kBackupClientId, good, "x", 400, 90002},
      {"no tenant", "nonsense", kBackupClientId, good, "x", 400, 900023},
      {"common", "common", kBackupClientId, good, "x", 400, 9001023},
      {"plain scope", tenant, kBackupClientId, "Mail.Read", "x", 400, 70011},
      {"other cloud", tenant, kBackupClientId, "https%3A%2F%2Fgraph.microsoft.us%2F.default", "x",
       400, 500011},
  }));
  CAPTURE(row.name);
  const test::Answer answer =
      small.login(row.tenant, base::text("grant_type=client_credentials&client_id=", row.client,
                                         "&scope=", row.scope, "&client_secret=", row.secret));
  CHECK(answer.status == row.status);
  if (row.code != 0) {
    CHECK(first_code(answer) == row.code);
  } else {
    CHECK(answer.json()["expires_in"] == 3599);
  }
}

TEST_CASE("certificates sign in with PS256 and RS256", "[simulator]") {
  Enrolled enrolled;
  AssertionPlan plan = enrolled.plan();
  if (GENERATE(true, false)) {
    plan.algorithm = "RS256";
    plan.thumbprint_name = "x5t";
    plan.thumbprint = enrolled.registered.sha1_thumbprint;
  }
  const test::Answer answer = enrolled.sign_in(sign(plan, enrolled.pair.key_pem));
  REQUIRE(answer.status == 200);
  enrolled.tenant.set_token(answer.json()["access_token"].get<std::string>());
  CHECK(enrolled.tenant.get("/users").status == 200);
}

TEST_CASE("assertions with one fault are refused", "[simulator]") {
  Enrolled enrolled;
  AssertionPlan plan = enrolled.plan();
  const std::int64_t now = plan.claims["iat"].get<std::int64_t>();

  SECTION("audience") {
    plan.claims["aud"] = "https://login.microsoftonline.com/other/oauth2/v2.0/token";
    CHECK(first_code(enrolled.sign_in(sign(plan, enrolled.pair.key_pem))) == 700023);
  }
  SECTION("subject") {
    plan.claims["sub"] = "somebody";
    CHECK(first_code(enrolled.sign_in(sign(plan, enrolled.pair.key_pem))) == 700021);
  }
  SECTION("expired") {
    plan.claims["nbf"] = now - 1200;
    plan.claims["exp"] = now - 600;
    CHECK(first_code(enrolled.sign_in(sign(plan, enrolled.pair.key_pem))) == 700024);
  }
  SECTION("not valid yet") {
    plan.claims["nbf"] = now + 1200;
    plan.claims["exp"] = now + 1500;
    CHECK(first_code(enrolled.sign_in(sign(plan, enrolled.pair.key_pem))) == 700024);
  }
  SECTION("another key") {
    const auto other = simulator::make_client_certificate("other");
    CHECK(first_code(enrolled.sign_in(sign(plan, other.key_pem))) == 700027);
  }
  SECTION("an unregistered certificate") {
    const auto other = simulator::make_client_certificate("other");
    plan.thumbprint = simulator::registered_certificate(other.certificate_pem).sha256_thumbprint;
    CHECK(first_code(enrolled.sign_in(sign(plan, other.key_pem))) == 700027);
  }
  SECTION("replayed") {
    const std::string assertion = sign(plan, enrolled.pair.key_pem);
    CHECK(enrolled.sign_in(assertion).status == 200);
    CHECK(first_code(enrolled.sign_in(assertion)) == 50012);
  }
  SECTION("no identifier") {
    plan.claims["jti"] = "";
    CHECK(first_code(enrolled.sign_in(sign(plan, enrolled.pair.key_pem))) == 50012);
  }
  SECTION("not a token") { CHECK(first_code(enrolled.sign_in("a.b")) == 50027); }
}

TEST_CASE("tokens end with their lifetime, and when they are revoked", "[simulator]") {
  test::SmallTenant small;
  REQUIRE(small.get("/users").status == 200);

  SECTION("lifetime") { small.clock().advance(std::chrono::seconds{3599}); }
  SECTION("tenant's time") { small.tenant().world()->clock_offset += std::chrono::hours{1}; }
  SECTION("revoked") { ++small.tenant().world()->token_generation; }
  SECTION("altered") { small.set_token(small.token() + "x"); }
  SECTION("absent") { small.set_token(""); }

  const test::Answer answer = small.get("/users");
  CHECK(answer.status == 401);
  CHECK(answer.code() == "InvalidAuthenticationToken");
}

TEST_CASE("a token carries the roles consented to when it was issued", "[simulator]") {
  test::SmallTenant small;
  const std::string session = small.mailbox_path() + "/createImportSession";
  small.use(kBackupClientId);
  const test::Answer refused = small.send("POST", session, Json{});
  CHECK(refused.status == 403);
  CHECK(refused.code() == "ErrorAccessDenied");

  small.tenant()
      .world()
      ->applications.at(kBackupClientId)
      .roles.insert("MailboxItem.ImportExport.All");
  CHECK(small.send("POST", session, Json{}).status == 403);
  small.use(kBackupClientId);
  CHECK(small.send("POST", session, Json{}).status == 200);
}

TEST_CASE("each right opens its own requests", "[simulator]") {
  test::SmallTenant small;
  struct Row {
    const char* role;
    const char* method;
    std::string target;
    Json body;
  };
  const std::string mailbox = small.mailbox_path();
  const std::string inbox = small.folder_path("inbox");
  const auto row = GENERATE_COPY(values<Row>({
      {"User.Read.All", "GET", "/users/room.berlin@contoso.com/settings/exchange", {}},
      {"GroupMember.Read.All", "GET", "/groups", {}},
      {"MailboxSettings.Read",
       "GET",
       "/users/room.berlin@contoso.com/mailboxSettings/userPurpose",
       {}},
      {"MailboxFolder.Read.All", "GET", mailbox + "/folders", {}},
      {"MailboxFolder.ReadWrite.All",
       "POST",
       mailbox + "/folders",
       {{"displayName", "New"}, {"type", "IPF.Note"}}},
      {"MailboxItem.Read.All", "GET", inbox + "/items", {}},
      {"MailboxItem.Export.All",
       "POST",
       mailbox + "/exportItems",
       {{"itemIds", Json::array({"x"})}}},
      {"MailboxItem.ImportExport.All", "POST", mailbox + "/createImportSession", {}},
  }));
  CAPTURE(row.role);
  const auto status_with = [&](const std::set<std::string>& roles) {
    small.tenant().world()->applications.at(kBackupClientId).roles = roles;
    small.use(kBackupClientId);
    return small.send(row.method, row.target, row.body).status;
  };
  CHECK(status_with({row.role}) / 100 == 2);
  std::set<std::string> others = {"User.Read.All", "GroupMember.Read.All", "MailboxSettings.Read",
                                  "MailboxFolder.Read.All", "MailboxItem.Read.All"};
  others.erase(row.role);
  CHECK(status_with(others) == 403);
}

TEST_CASE("a scoped assignment leaves mailboxes out", "[simulator]") {
  test::SmallTenant small;
  const std::string id = small.mailbox().id();
  small.tenant().world()->applications.at(simulator::kRestoreClientId).denied_mailboxes = {id};
  CHECK(small.get(small.mailbox_path() + "/folders").status == 403);
  CHECK(small.get("/users").status == 200);
}
