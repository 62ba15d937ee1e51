// An eth session whose peer sends any messages, in any order and at any time, while we ask it for
// nodes and headers. Each question of ours ends by its deadline, the peer is answered only what it
// asked, and the session ends when it is told to.

#include <rlp/encode.hpp>

#include "fuzz_input.hpp"
#include "unit/eth/session_rig.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::fuzz;
using namespace fastsync::eth;
using namespace fastsync::eth::test;

constexpr std::size_t kMaxSteps = 300;
constexpr Duration kPatience = std::chrono::seconds{3};

struct World {
    Rig* rig;
    Script* script;
    std::size_t asked = 0;
    std::size_t ended = 0;
    std::size_t questions = 0;  ///< of the peer, at most
};

Task<void> ask(World& world, bool nodes, Byte what) {
    Rig& rig = *world.rig;
    const TimePoint deadline = rig.sim.now() + kPatience;
    if (nodes) {
        std::vector<std::uint32_t> wanted(what % 5U);
        for (std::uint32_t i = 0; i < wanted.size(); ++i)
            wanted[i] = what % 7U + i;
        const auto answer = co_await rig.session->get_node_data(hashes_of(wanted), deadline);
        FASTSYNC_ASSERT(answer || answer.error().code != Errc::kMalformed || !rig.ended);
    } else {
        const HeaderQuery query{std::uint64_t{what}, 1 + what % 4U, what % 3U, what % 2U == 1};
        const auto answer = co_await rig.session->get_headers(query, deadline);
        if (answer) FASTSYNC_ASSERT(answer->size() <= query.amount);
    }
    FASTSYNC_ASSERT(rig.sim.now() <= deadline);
    ++world.ended;
}

/// A node data answer of blobs that we may have asked for.
Bytes some_blobs(Script& script) {
    rlp::Encoder items;
    for (std::size_t n = script.byte() % 8U; n > 0; --n)
        items.string(blob_of(script.byte() % 10U));
    return encode_node_data(items.view());
}

void deliver(World& world) {
    Rig& rig = *world.rig;
    Script& script = *world.script;
    const std::uint32_t code = script.byte() % 17U;
    ++world.questions;
    rig.wire->deliver(code, to_bytes(script.bytes()), rig.sim.now());
}

Task<void> step(World& world, async::TaskScope& scope) {
    Rig& rig = *world.rig;
    Script& script = *world.script;
    const Byte op = script.byte();
    switch (op % 6U) {
        case 0:
            deliver(world);
            break;
        case 1:
            rig.deliver(MessageCode::kNodeData, some_blobs(script), script.byte());
            break;
        case 2: {
            const auto pause = std::chrono::milliseconds{1ULL << (script.byte() % 13U)};
            (void)co_await rig.sim.sleep_until(rig.sim.now() + pause, nullptr);
            break;
        }
        case 3:
            // The peer's end closes its connection, and with it goes the wire.
            if (script.byte() == 0x7f) rig.wire->end({Errc::kClosed, "gone"});
            break;
        default:
            ++world.asked;
            scope.spawn(ask(world, op % 6U == 4, script.byte()));
    }
}

World* g_world = nullptr;

Task<void> converse(Rig& rig) {
    World& world = *g_world;
    async::TaskScope scope{rig.sim.executor()};
    for (std::size_t i = 0; i < kMaxSteps && !world.script->empty() && !rig.ended; ++i) {
        co_await step(world, scope);
        co_await rig.settle();
    }
    co_await scope.join();
    FASTSYNC_ASSERT(world.asked == world.ended);
    FASTSYNC_ASSERT(rig.session->stats().served <= world.questions);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script{data, size};
    Rig rig{63 + script.byte() % 4U};
    World world{&rig, &script};
    g_world = &world;
    rig.run(converse);
    return 0;
}
