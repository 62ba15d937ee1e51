#include <thread>

#include <catch2/catch.hpp>

#include "bad_peer.hpp"
#include "daemon_run.hpp"
#include "honest_peer.hpp"
#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::test;
using namespace std::chrono_literals;
using rlpx::DisconnectReason;

namespace {

constexpr Byte kBadKey = 0x21;
constexpr Byte kHonestKey = 0x31;
/// In this time stop() must have ended run().
constexpr Duration kStopLimit = 5s;

/// What becomes of a peer of ours.
struct Fate {
    enum class Kind { kKept, kDropped, kClosed };

    Kind kind = Kind::kKept;
    std::optional<DisconnectReason> goodbye{};
};

const Fate kKept{};
/// The connection is closed without a word: what came over it cannot be trusted.
const Fate kClosed{Fate::Kind::kClosed};
Fate dropped(DisconnectReason reason) {
    return {Fate::Kind::kDropped, reason};
}

struct Case {
    const char* what;
    Manner manner;
    Fate fate;
};

/// A daemon whose only peer at first is a bad one; once that has shown its manner, an honest one
/// comes to it.
class Scene {
  public:
    Scene(const World& world, const Case& given)
        : world_(world),
          given_(given),
          bad_(world, given.manner, kBadKey),
          daemon_(run_config(world, folder_.path(), {bad_.enode()})) {}

    void admit_honest() {
        INFO(given_.what);
        REQUIRE(await([&] { return bad_.record().shown > 0; }));
        honest_.emplace(world_, kHonestKey, std::vector<Enode>{daemon_.enode()});
    }
    /// The sync is whole, and the bad peer had its fate.
    void finish() {
        INFO(given_.what);
        CHECK(daemon_.await_complete());
        const bool stays = given_.fate.kind == Fate::Kind::kKept;
        if (!stays) CHECK(await([&] { return bad_.record().ended > 0; }));
        const BadPeer::Record record = bad_.record();
        CAPTURE(record.asked, record.served, record.shown);
        CHECK(record.goodbye == given_.fate.goodbye);
        if (stays) {
            CHECK(record.connections == 1);
            CHECK(record.ended == 0);
            CHECK(daemon_.is_peer(bad_.enode().id));
        }
        CHECK(daemon_.stop() < kStopLimit);
        const StoreReport report = examine(folder_.path(), world_.state().root);
        CHECK(report.is_whole(world_.state()));
        CHECK(report.counters.items_committed() == world_.state().size());
    }

  private:
    const World& world_;
    const Case given_;
    const TempDir folder_;
    BadPeer bad_;
    DaemonRun daemon_;
    std::optional<HonestPeer> honest_;
};

}  // namespace

TEST_CASE("sockets: a peer with bad manners does not keep a sync from its end", "[sockets]") {
    const World world;
    const auto given = GENERATE_REF(values<Case>({
        {"answers in part", Manner::kPartial, kKept},
        {"answers that hold nothing", Manner::kEmpty, kKept},
        {"empty strings for what it has", Manner::kPlaceholders, kKept},
        {"each blob twice", Manner::kDuplicates, kKept},
        {"node data nobody asked for", Manner::kUnrequested, kKept},
        {"a flood of junk", Manner::kJunk, dropped(DisconnectReason::kSubprotocolError)},
        {"a bit flipped", Manner::kBadMac, kClosed},
        {"no snappy stream", Manner::kBadSnappy, kClosed},
        {"a message over the limit", Manner::kOversized, kClosed},
        {"no RLP", Manner::kMalformed, dropped(DisconnectReason::kSubprotocolError)},
        {"a message of another version", Manner::kUnknownCode,
         dropped(DisconnectReason::kBreachOfProtocol)},
        {"headers that do not link", Manner::kUnlinkedHeaders,
         dropped(DisconnectReason::kSubprotocolError)},
        {"another genesis", Manner::kOtherGenesis, dropped(DisconnectReason::kSubprotocolError)},
    }));
    Scene scene{world, given};
    scene.admit_honest();
    scene.finish();
}

TEST_CASE("sockets: a peer that closes in the middle of a message does no harm", "[sockets]") {
    const World world;
    const TempDir folder;
    BadPeer bad{world, Manner::kCutInFrame, kBadKey};
    DaemonRun daemon{run_config(world, folder.path(), {bad.enode()})};
    // It is dialed again, and does it again.
    REQUIRE(await([&] { return bad.record().shown > 1; }));
    CHECK(bad.record().connections > 1);
    CHECK(bad.record().ended == 0);
    const HonestPeer honest{world, kHonestKey, {daemon.enode()}};
    CHECK(daemon.await_complete());
    CHECK(daemon.stop() < kStopLimit);
    CHECK(examine(folder.path(), world.state().root).is_whole(world.state()));
}

TEST_CASE("sockets: peers that keep us waiting are dropped in the end, what comes late is taken",
          "[sockets]") {
    // Each of these takes a time-out of 6 s or more, so they wait side by side.
    const World world;
    const TempDir folder;
    BadPeer late{world, Manner::kLate, kBadKey};
    DaemonRun alone{run_config(world, folder.path(), {late.enode()})};
    const Case cases[] = {
        {"no answers for node data", Manner::kSilent, dropped(DisconnectReason::kUselessPeer)},
        {"no answers at all", Manner::kMute, dropped(DisconnectReason::kUselessPeer)},
        {"junk in the place of answers", Manner::kFewJunk, dropped(DisconnectReason::kUselessPeer)},
        {"answers after the deadline", Manner::kLate, kKept},
    };
    std::vector<std::unique_ptr<Scene>> scenes;
    for (const Case& given : cases)
        scenes.push_back(std::make_unique<Scene>(world, given));
    for (const auto& scene : scenes)
        scene->admit_honest();

    // The root comes in time. What is asked for next comes 7 s later, a second after its deadline.
    const auto delivered = [&] {
        const auto row = alone.peer(late.enode().id);
        return row ? row->delivered : 0;
    };
    REQUIRE(await([&] { return delivered() == 1; }));
    CHECK(await([&] { return delivered() > 1; }));
    CHECK(late.record().connections == 1);
    CHECK(alone.status()->progress.unexpected == 0);
    CHECK(alone.stop() < kStopLimit);

    for (const auto& scene : scenes)
        scene->finish();
}

TEST_CASE("sockets: without an honest peer the sync says what it waits for, and stops at once",
          "[sockets]") {
    const World world;
    struct Waiting {
        const char* what;
        Manner manner;
        std::string sentence;
        status::Phase phase;
    };
    const auto given = GENERATE_REF(values<Waiting>({
        {"a peer without the state", Manner::kEmpty,
         "1 peers connected, none serves root " + to_hex0x(world.state().root),
         status::Phase::kChoosingPivot},
        {"a peer of another chain", Manner::kOtherGenesis, "no peer is connected",
         status::Phase::kFindingPeers},
        {"a peer that closes", Manner::kCutInFrame, "no peer is connected",
         status::Phase::kSyncing},
        {"a peer that is silent", Manner::kSilent, "", status::Phase::kSyncing},
    }));
    INFO(given.what);
    const TempDir folder;
    BadPeer bad{world, given.manner, kBadKey};
    DaemonRun daemon{run_config(world, folder.path(), {bad.enode()})};
    REQUIRE(await([&] { return bad.record().shown > 0; }));
    CHECK(daemon.await_waiting_for(given.sentence));
    CHECK(daemon.stop() < kStopLimit);
    CHECK(examine(folder.path(), world.state().root).verified.items == 0);
}

TEST_CASE("sockets: without any peer a daemon waits, and stops at once", "[sockets]") {
    const World world;
    const TempDir folder;
    DaemonRun daemon{run_config(world, folder.path())};
    CHECK(daemon.await_waiting_for("no peer is connected"));
    CHECK(daemon.await_phase(status::Phase::kFindingPeers));
    CHECK(daemon.stop() < kStopLimit);
}

TEST_CASE("sockets: all of them at once, and one honest peer", "[sockets]") {
    const World world;
    const TempDir folder;
    std::vector<std::unique_ptr<BadPeer>> crowd;
    std::vector<Enode> enodes;
    Byte key = kBadKey;
    for (const Manner manner :
         {Manner::kPartial, Manner::kEmpty, Manner::kPlaceholders, Manner::kDuplicates,
          Manner::kUnrequested, Manner::kJunk, Manner::kCutInFrame, Manner::kBadMac,
          Manner::kBadSnappy, Manner::kOversized, Manner::kMalformed, Manner::kUnknownCode,
          Manner::kUnlinkedHeaders, Manner::kOtherGenesis}) {
        crowd.push_back(std::make_unique<BadPeer>(world, manner, key++));
        enodes.push_back(crowd.back()->enode());
    }
    const HonestPeer honest{world, key};
    enodes.push_back(honest.enode());
    DaemonRun daemon{run_config(world, folder.path(), std::move(enodes))};
    CHECK(daemon.await_complete());
    CHECK(daemon.is_peer(honest.enode().id));
    CHECK(daemon.stop() < kStopLimit);
    CHECK(examine(folder.path(), world.state().root).is_whole(world.state()));
}
