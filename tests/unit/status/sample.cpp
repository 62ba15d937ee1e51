#include "sample.hpp"

namespace fastsync::test {
namespace {

Hash256 filled(Byte value) {
    Hash256 hash;
    hash.data.fill(value);
    return hash;
}

}  // namespace

status::StatusSnapshot full_snapshot() {
    status::StatusSnapshot s;
    s.version = "1.2.3";
    s.network = {"xdc", 50, filled(0x11)};
    s.phase = status::Phase::kSyncing;
    s.waiting_for = "a peer that serves the state";
    s.phase_since = std::chrono::sys_days{std::chrono::year{2026} / 2 / 3} + std::chrono::hours{4} +
                    std::chrono::minutes{5} + std::chrono::seconds{6};
    s.uptime_s = 7;
    s.head = status::HeadStatus{264, filled(0x22)};
    s.pivot = status::PivotStatus{200, filled(0x33), filled(0x44), 2};
    s.completed = status::CompletedStatus{100, filled(0x55), filled(0x66)};
    s.progress = {0.25, 2,  status::EstimateStatus{42, 0.125, 0.5, 5, 11},
                  8,    9,  10,
                  11,   12, 13,
                  14,   15, 16,
                  17,   3,  18.5,
                  19.5};
    s.key_space.assign(256, 42);
    s.key_space[255] = 100;
    s.peers = {20, 21, 22};
    s.dials = {23, 24, 25, 26, {{"timeout", 27}, {"too many peers", 28}}};
    s.discovery = status::DiscoveryStatus{
        29, 30, 31, 32, 33, 34, 35, 36, 37, {{"node.example.org", "cannot resolve it"}}};
    s.process = status::ProcessStatus{38.5, 39, 40, 41};
    s.report.peers = {
        {"enode://aa@127.0.0.1:30303", "Geth/v1.8.27", 63, status::Direction::kOutbound, 22.5, 23.5,
         24, 25, 26, 27, 28, 29.5},
        {"enode://bb@127.0.0.1:30304", "XDC/v1.4.4", 62, status::Direction::kInbound, 1.5, 2.5, 3,
         4, 5, 6, 7, 0},
    };
    s.report.static_peers = {
        {"enode://aa@127.0.0.1:30303", true, 2, 0, ""},
        {"enode://cc@127.0.0.1:30305", false, 9, 8, "connect: refused"},
    };
    s.report.bans = {{"dd", "is on another chain", 1800}};
    return s;
}

}  // namespace fastsync::test
