#include "daemon_run.hpp"

#include <catch2/catch.hpp>

#include <status/http_client.hpp>
#include <status/json.hpp>

namespace fastsync::test {

using namespace std::chrono_literals;

bool await(const std::function<bool()>& condition, Duration patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(10ms);
    }
    return true;
}

DaemonRun::DaemonRun(daemon::RunConfig config) {
    auto opened = daemon::Daemon::open(std::move(config));
    INFO((opened ? std::string{} : opened.error().message()));
    REQUIRE(opened);
    daemon_ = *std::move(opened);
    thread_ = std::thread{[this] { outcome_ = daemon_->run(); }};
}

DaemonRun::~DaemonRun() {
    if (!thread_.joinable()) return;
    daemon_->stop();
    thread_.join();
}

Enode DaemonRun::enode() const {
    const auto parsed = parse_enode(daemon_->enode());
    REQUIRE(parsed);
    return *parsed;
}

std::optional<status::StatusSnapshot> DaemonRun::status() const {
    const auto reply = status::http_get({"127.0.0.1", daemon_->http_port()}, "/status", 5s);
    if (!reply || reply->status != 200) return std::nullopt;
    const auto read = status::status_from_json(reply->body);
    REQUIRE(read);
    return *read;
}

status::PeersReport DaemonRun::peers() const {
    const auto reply = status::http_get({"127.0.0.1", daemon_->http_port()}, "/peers", 5s);
    REQUIRE(reply);
    if (reply->status != 200) return {};  // before its first report
    const auto report = status::peers_from_json(reply->body);
    REQUIRE(report);
    return *report;
}

std::map<NodeId, std::string> DaemonRun::bans() const {
    std::map<NodeId, std::string> reasons;
    for (const status::BanRow& row : peers().bans) {
        const auto id = fixed_from_hex<NodeId>(row.node);
        REQUIRE(id);
        CHECK(row.left_s > 0);
        reasons[*id] = row.reason;
    }
    return reasons;
}

std::optional<status::PeerRow> DaemonRun::peer(const NodeId& id) const {
    const status::PeersReport report = peers();
    for (const status::PeerRow& row : report.peers) {
        const auto enode = parse_enode(row.enode);
        if (enode && enode->id == id) return row;
    }
    return std::nullopt;
}

bool DaemonRun::await_phase(status::Phase phase, Duration patience) const {
    return await(
        [&] {
            const auto now = status();
            return now && now->phase == phase;
        },
        patience);
}

bool DaemonRun::await_waiting_for(const std::string& words) const {
    return await([&] {
        const auto now = status();
        return now && now->waiting_for.find(words) != std::string::npos;
    });
}

Duration DaemonRun::stop() {
    const auto begin = std::chrono::steady_clock::now();
    daemon_->stop();
    thread_.join();
    const Duration took = std::chrono::steady_clock::now() - begin;
    REQUIRE(outcome_);
    INFO((*outcome_ ? std::string{} : outcome_->error().message()));
    CHECK(*outcome_);
    daemon_.reset();
    return took;
}

}  // namespace fastsync::test
