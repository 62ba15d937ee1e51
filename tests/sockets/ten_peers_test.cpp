// One daemon under siege: every stranger that comes to it misbehaves in a way of its own, again and
// again, before the one honest peer comes and while it serves.
#include <fstream>
#include <map>
#include <sstream>

#include <catch2/catch.hpp>

#include <crypto/keccak.hpp>
#include <eth/peer_policy.hpp>
#include <storage/rocks_store.hpp>

#include "bad_peer.hpp"
#include "daemon_run.hpp"
#include "honest_peer.hpp"
#include "support/sanitized.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::test;
using namespace std::chrono_literals;
using eth::Fault;

namespace {

/// By how much the process, the bad peers and their messages included, may grow at its peak.
constexpr std::size_t kMostGrowth = 256U * 1024 * 1024;

constexpr bool kMemoryIsOurs = !test::kSanitized;

/// A line of /proc/self/status, in bytes.
std::size_t memory(const std::string& what) {
    std::ifstream in("/proc/self/status");
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string name;
        std::size_t kib = 0;
        if (words >> name >> kib && name == what + ":") return kib * 1024;
    }
    return 0;
}

/// Forgets the peak so far. False where the system does not let us.
bool forget_peak() {
    std::ofstream out("/proc/self/clear_refs");
    out << "5\n" << std::flush;
    return out.good();
}

struct Guest {
    const char* what;
    Manner manner;
    std::optional<Fault> banned_for;  ///< nothing: it harms itself alone, or may yet be of use
    std::uint32_t eth_version = 63;
};

const Guest kGuests[] = {
    {"another genesis", Manner::kOtherGenesis, Fault::kWrongChain},
    {"garbage after the handshake", Manner::kGarbage, Fault::kBrokenProtocol},
    {"a false MAC", Manner::kBadMac, Fault::kBrokenProtocol, 65},
    {"a message over the limit", Manner::kOversized, Fault::kBrokenProtocol},
    {"a message that unpacks to much", Manner::kBomb, Fault::kUnrequestedItems, 66},
    {"headers that do not link", Manner::kUnlinkedHeaders, Fault::kForgedHeaders},
    {"a flood of requests", Manner::kFlood, Fault::kFlood, 66},
    {"an endless stream of small messages", Manner::kChatter, Fault::kFlood, 66},
    {"a storm of connections", Manner::kComesAndGoes, Fault::kComesAndGoes},
    // It may be right, and we too old: refused, and not more.
    {"other forks over eth/64", Manner::kOtherForks, std::nullopt, 64},
    {"other forks over eth/66", Manner::kOtherForks, std::nullopt, 66},
    // Whoever is slow, or lacks what it is asked for, is no worse than many honest peers.
    {"a trickle", Manner::kTrickle, std::nullopt},
    {"empty answers for ever", Manner::kEmpty, std::nullopt},
    {"a head that it does not hold", Manner::kFalseHead, std::nullopt},
    {"a chain of its own", Manner::kForgedChain, std::nullopt, 64},
};

/// Everything in the folder is an item of the state, by its own hash.
void check_nothing_false(const std::filesystem::path& folder, const BuiltState& state) {
    const auto store = storage::RocksStore::open_existing(folder);
    REQUIRE(store);
    std::size_t items = 0;
    std::size_t wrong = 0;
    const auto look = [&](const Hash256& hash, ByteView blob) {
        ++items;
        const Bytes* const meant = state.find(hash);
        const bool same = meant != nullptr && equal(*meant, blob);
        if (!same || crypto::keccak256(blob) != hash) ++wrong;
        return storage::Visit::kContinue;
    };
    REQUIRE((*store)->for_each(storage::ItemKind::kNode, look));
    REQUIRE((*store)->for_each(storage::ItemKind::kCode, look));
    CHECK(items == state.size());
    CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("sockets: among many peers that misbehave, each in its way, one honest one is enough",
          "[sockets]") {
    const World world;
    const TempDir folder;
    const bool forgets = forget_peak();
    const std::size_t before = memory("VmRSS");
    DaemonRun daemon{run_config(world, folder.path())};
    std::vector<std::unique_ptr<BadPeer>> crowd;
    Byte key = 0x41;
    for (const Guest& guest : kGuests) {
        BadPeer::Ways ways{guest.eth_version, daemon.enode()};
        crowd.push_back(std::make_unique<BadPeer>(world, guest.manner, key++, std::move(ways)));
    }

    // They have the daemon to themselves until each has shown itself, and has had its fate.
    std::map<NodeId, std::string> reasons;
    const auto fates = [&] {
        reasons = daemon.bans();
        bool all = true;
        for (std::size_t i = 0; i < crowd.size(); ++i) {
            const bool banned = reasons.contains(crowd[i]->enode().id);
            all = all && crowd[i]->record().shown > 0;
            all = all && (banned || !kGuests[i].banned_for);
        }
        return all;
    };
    const bool met = await(fates);
    for (std::size_t i = 0; i < crowd.size(); ++i) {
        const BadPeer::Record record = crowd[i]->record();
        const auto ban = reasons.find(crowd[i]->enode().id);
        INFO(kGuests[i].what << ": " << record.visits << " visits, shown " << record.shown
                             << " times");
        CHECK(record.shown > 0);
        const auto meant = kGuests[i].banned_for;
        CHECK((ban == reasons.end() ? "no ban" : ban->second) ==
              (meant ? std::string{eth::reaction_to(*meant).words} : "no ban"));
    }
    REQUIRE(met);
    for (std::size_t i = 0; i < crowd.size(); ++i)
        if (kGuests[i].manner == Manner::kOtherForks)
            CHECK_FALSE(daemon.is_peer(crowd[i]->enode().id));
    CHECK(daemon.status()->dials.ends.contains(
        "fork id: the peer passed a fork that this version does not know"));
    CHECK(daemon.status()->progress.items_committed == 0);

    // The siege goes on: those that are banned go on knocking, the others stay.
    std::vector<std::size_t> visits;
    for (const auto& peer : crowd)
        visits.push_back(peer->record().visits);
    const HonestPeer honest{world, key, {daemon.enode()}, 20ms};
    CHECK(daemon.await_complete());
    CHECK(daemon.is_peer(honest.enode().id));
    for (std::size_t i = 0; i < crowd.size(); ++i) {
        if (!kGuests[i].banned_for) continue;
        INFO(kGuests[i].what);
        CHECK(await([&] { return crowd[i]->record().visits > visits[i] + 1; }));
        CHECK_FALSE(daemon.is_peer(crowd[i]->enode().id));
    }

    const std::size_t peak = memory("VmHWM");
    INFO("memory: " << before / 1024 << " KiB before, " << peak / 1024 << " KiB at the peak");
    if (kMemoryIsOurs && forgets) CHECK(peak - std::min(peak, before) < kMostGrowth);
    CHECK(daemon.stop() < 5s);
    const StoreReport report = examine(folder.path(), world.state().root);
    CHECK(report.is_whole(world.state()));
    CHECK(report.counters.items_committed() == world.state().size());
    check_nothing_false(folder.path(), world.state());
}
