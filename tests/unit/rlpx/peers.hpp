#pragma once

#include <memory>
#include <utility>

#include <async/task_scope.hpp>
#include <rlpx/connection.hpp>
#include <rlpx/opening.hpp>

#include "support/memory_stream.hpp"
#include "support/simulation.hpp"
#include "support/test_nodes.hpp"

namespace fastsync::test {

[[nodiscard]] Bytes numbered(std::size_t size);

/// Two connections that speak with each other over a memory stream, on virtual time.
struct Peers {
    std::unique_ptr<rlpx::Connection> dialer;
    std::unique_ptr<rlpx::Connection> listener;
    MemoryStream* dialer_end = nullptr;  ///< owned by `dialer`
    MemoryStream* listener_end = nullptr;
};
[[nodiscard]] async::Task<void> connect(Simulation& sim, Peers& peers);

/// The other end of a connection of ours, whose frames a test writes by hand.
struct ByHand {
    std::unique_ptr<rlpx::Connection> connection;
    std::unique_ptr<MemoryStream> stream;
    std::optional<rlpx::Channel> channel;
    std::uint64_t p2p_version = rlpx::kSnappyVersion;
    rlpx::BufferPool* buffers = nullptr;  ///< of our connection

    [[nodiscard]] rlpx::Compression compression() const {
        return p2p_version >= rlpx::kSnappyVersion ? rlpx::Compression::kSnappy
                                                   : rlpx::Compression::kNone;
    }
    /// Seals and writes; false when the stream is closed.
    [[nodiscard]] async::Task<bool> send(std::uint32_t code, Bytes payload,
                                         rlpx::Compression compression);
    /// The next frame's code and decompressed payload; nothing when the stream ends.
    [[nodiscard]] async::Task<std::optional<std::pair<std::uint64_t, Bytes>>> receive();
};
/// Our side has dialed; the other has said Hello with hand.p2p_version.
[[nodiscard]] async::Task<void> connect_by_hand(Simulation& sim, ByHand& hand);

/// Runs the connection and notes why it ended.
[[nodiscard]] async::Task<void> run_and_note(rlpx::Connection& connection,
                                             std::optional<Error>& ended);
/// Receives until the connection ends and notes all.
struct Received {
    std::vector<rlpx::Message> messages;
    std::optional<Error> ended;
};
[[nodiscard]] async::Task<void> receive_all(rlpx::Connection& connection, Received& out);

/// A connection with its run() and receive() in a scope.
struct Alive {
    Alive(Simulation& sim, rlpx::Connection& c) : connection(c), scope(sim.executor()) {
        scope.spawn(run_and_note(c, ran));
        scope.spawn(receive_all(c, received));
    }
    rlpx::Connection& connection;
    std::optional<Error> ran;
    Received received;
    async::TaskScope scope;
};

inline async::Task<void> sleep(Simulation& sim, Duration duration) {
    (void)co_await sim.sleep_until(sim.now() + duration, nullptr);
}

}  // namespace fastsync::test
