#include <catch2/catch.hpp>

#include <status/http_routes.hpp>
#include <status/json.hpp>
#include <status/metrics.hpp>

#include "sample.hpp"

using namespace fastsync;
using namespace fastsync::status;
using fastsync::test::full_snapshot;

namespace {

struct Fixture {
    Fixture() { board.publish(std::make_shared<StatusSnapshot>(full_snapshot())); }

    HttpAnswer get(std::string_view target, std::string_view host = "127.0.0.1:8645",
                   HostNames names = {}) const {
        return answer({"GET", target, host}, names, board);
    }

    StatusBoard board;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "HTTP routes: the pages", "[status]") {
    CHECK(get("/status").status == 200);
    CHECK(get("/status").body == to_json(full_snapshot()));
    CHECK(get("/peers").body == peers_to_json(full_snapshot().report));
    CHECK(get("/healthz").status == 200);
    CHECK(get("/status?pretty").status == 200);
    CHECK(get("http://127.0.0.1:8645/status").status == 200);
}

TEST_CASE_METHOD(Fixture, "HTTP routes: health follows the phase", "[status]") {
    StatusSnapshot failed = full_snapshot();
    failed.phase = Phase::kFailed;
    board.publish(std::make_shared<StatusSnapshot>(failed));
    CHECK(get("/healthz").status == 503);
    CHECK(get("/status").status == 200);
    const StatusBoard empty;
    CHECK(answer({"GET", "/status", ""}, {}, empty).status == 503);
    CHECK(answer({"GET", "/healthz", ""}, {}, empty).status == 503);
}

TEST_CASE_METHOD(Fixture, "HTTP routes: ready is who holds a complete state", "[status]") {
    for (const Phase phase :
         {Phase::kStarting, Phase::kFindingPeers, Phase::kChoosingPivot, Phase::kSyncing,
          Phase::kStopping, Phase::kFailed, Phase::kCompacting, Phase::kComplete}) {
        StatusSnapshot now = full_snapshot();
        now.phase = phase;
        board.publish(std::make_shared<StatusSnapshot>(now));
        CAPTURE(to_string(phase));
        const bool ends = phase == Phase::kFailed || phase == Phase::kStopping;
        CHECK(get("/readyz").status == (ends ? 503U : 200U));
        CHECK(get("/livez").status == (phase == Phase::kFailed ? 503U : 200U));
        now.completed.reset();
        board.publish(std::make_shared<StatusSnapshot>(now));
        CHECK(get("/readyz").status == 503);
    }
    StatusSnapshot syncing = full_snapshot();
    syncing.completed.reset();
    board.publish(std::make_shared<StatusSnapshot>(syncing));
    CHECK(get("/readyz").body ==
          R"({"error":"no state is complete: syncing, 25.00 %, waiting: a peer that serves the )"
          R"(state"})");
}

TEST_CASE_METHOD(Fixture, "HTTP routes: metrics are plain text", "[status]") {
    const HttpAnswer got = get("/metrics");
    CHECK(got.status == 200);
    CHECK(got.type == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(got.body == to_metrics(full_snapshot()));
    CHECK(get("/status").type == "application/json");
}

TEST_CASE_METHOD(Fixture, "HTTP routes: the page may run and load what it holds, and nothing else",
                 "[status]") {
    const HttpAnswer page = get("/");
    CHECK(page.status == 200);
    CHECK(page.type == "text/html; charset=utf-8");
    const auto count = [&](std::string_view text) {
        std::size_t found = 0;
        for (std::size_t at = 0; (at = page.body.find(text, at)) != std::string::npos; ++at)
            ++found;
        return found;
    };
    const std::size_t from = page.body.find("nonce=\"") + 7;
    const std::string nonce = page.body.substr(from, page.body.find('"', from) - from);
    CHECK(nonce.size() == 16);
    CHECK(page.policy.find("default-src 'none'; script-src 'nonce-" + nonce + "';") == 0);
    CHECK(page.policy.find("unsafe") == std::string_view::npos);
    CHECK(count("<script") == 1);
    CHECK(count("<style") == 1);
    CHECK(count("nonce=\"" + nonce + "\"") == 2);
    CHECK(count("{{nonce}}") == 0);
    // Nothing from elsewhere, no way from a text to an element, no style that the policy forbids.
    for (const char* none : {"src=", "http://", "https://", "innerHTML", "outerHTML",
                             "insertAdjacent", "document.write", "eval(", " style=", " onclick"}) {
        CAPTURE(none);
        CHECK(count(none) == (std::string_view{none} == "http://" ? 1 : 0));  // the name of SVG
    }
    CHECK(page.body.ends_with("</html>\n"));
}

TEST_CASE_METHOD(Fixture, "HTTP routes: another path is 404", "[status]") {
    for (const char* path : {"/index.html", "/status/", "/Status", "/status/../peers", "//status",
                             "status", "*", "/%73tatus", "http://127.0.0.1/x"}) {
        CAPTURE(path);
        CHECK(get(path).status == 404);
    }
}

TEST_CASE_METHOD(Fixture, "HTTP routes: another method is 405 and says which are allowed",
                 "[status]") {
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "get", "BREW"}) {
        CAPTURE(method);
        const HttpAnswer got = answer({method, "/status", "localhost"}, {}, board);
        CHECK(got.status == 405);
        CHECK(got.allow == "GET, HEAD");
    }
    CHECK(answer({"POST", "/nothing", "localhost"}, {}, board).status == 404);
}

TEST_CASE_METHOD(Fixture, "HTTP routes: the target may be 1024 bytes and no more", "[status]") {
    const std::string longest = "/status?" + std::string(kMaxTargetSize - 8, 'x');
    CHECK(get(longest).status == 200);
    CHECK(get(longest + "x").status == 414);
}

TEST_CASE_METHOD(Fixture, "HTTP routes: a foreign Host name is 421 unless the operator named it",
                 "[status]") {
    CHECK(get("/status", "evil.example").status == 421);
    const std::vector<std::string> names{"node.example", "other.example"};
    CHECK(get("/status", "evil.example", names).status == 421);
    CHECK(get("/status", "node.example", names).status == 200);
    CHECK(get("/status", "Other.Example:8645", names).status == 200);
    CHECK(get("/status", "x.node.example", names).status == 421);
    CHECK(get("http://evil.example/status").status == 421);
    CHECK(get("http://localhost/status", "evil.example").status == 200);
}

TEST_CASE("HTTP routes: IP addresses and localhost are ours, nothing else is", "[status]") {
    for (const char* host : {"localhost", "LocalHost:8645", "127.0.0.1", "127.0.0.1:80",
                             "192.168.1.2:8645", "[::1]", "[::1]:8645", "[2001:db8::1]:1"}) {
        CAPTURE(host);
        CHECK(is_our_host(host, {}));
    }
    for (const char* host :
         {"", "localhost.evil.example", "evil.example", "127.0.0.1.evil.example", "localhost:80x",
          "localhost:123456", "[::1", "[::1]x", "[::1]:80x", "[127.0.0.1]", "[localhost]", "::1",
          "[]", "[", "127.0.0.1:80:80", "2130706433x"}) {
        CAPTURE(host);
        CHECK_FALSE(is_our_host(host, {}));
    }
}

TEST_CASE("HTTP routes: a zero byte does not end a Host", "[status]") {
    using namespace std::string_view_literals;
    CHECK_FALSE(is_our_host("127.0.0.1\0.evil.example"sv, {}));
    CHECK_FALSE(is_our_host("localhost\0"sv, {}));
    CHECK_FALSE(is_our_host("[::1\0.]"sv, {}));
}
