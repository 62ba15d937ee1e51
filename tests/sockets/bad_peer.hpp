#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include <async/task_scope.hpp>
#include <daemon/loop_thread.hpp>
#include <eth/version.hpp>
#include <net/byte_stream.hpp>
#include <rlpx/opening.hpp>

#include "world.hpp"

namespace fastsync::test {

/// What is wrong with a peer. But for that it serves the world's headers and state.
enum class Manner {
    kNone,
    kPartial,          ///< at most 3 blobs an answer
    kEmpty,            ///< node data without blobs
    kPlaceholders,     ///< an empty string in the place of each blob
    kDuplicates,       ///< each blob twice
    kUnrequested,      ///< before each answer a NodeData that nobody asked for
    kJunk,             ///< a thousand blobs of other hashes, in the place of each answer
    kFewJunk,          ///< as many blobs of other hashes as were asked for
    kSilent,           ///< does not answer for node data
    kMute,             ///< answers nothing at all after Status
    kLate,             ///< answers for more than 2 items come 7 s late
    kStopsHalfway,     ///< silent once it has served half of the state
    kCutInFrame,       ///< closes in the middle of its first answer
    kBadMac,           ///< its first answer has a flipped bit
    kBadSnappy,        ///< its first answer is no snappy stream
    kOversized,        ///< its first answer says to be of 16 MiB
    kMalformed,        ///< its first answer is no RLP
    kUnknownCode,      ///< answers with a message of another version
    kUnlinkedHeaders,  ///< its headers do not name each other as parents, and no state
    kOtherGenesis,     ///< its Status names another genesis
    kOtherForks,       ///< its Status names other forks; from eth/64 on
    kFalseHead,        ///< the best head of all in its Status, which it does not hold, and no state
    kForgedChain,      ///< the best chain of all in its headers, which link, and no state
    kBomb,             ///< one blob of 9 MiB in the place of each answer, well compressed
    kGarbage,          ///< no frames after Status
    kTrickle,          ///< a message after Status that never ends, a byte at a time
    kFlood,            ///< requests without end
    kChatter,          ///< small messages without end that ask nothing
    kComesAndGoes,     ///< closes after Status, every second time before the handshake
};

/// A peer that listens on a real socket and writes its messages by hand, with a thread of its own.
class BadPeer {
  public:
    /// How it goes about it.
    struct Ways {
        std::uint32_t eth_version = 63;
        std::optional<Enode> visits;  ///< it connects to this node again and again, and does not
                                      ///< listen
    };
    /// Between the end of a visit and the next one.
    static constexpr Duration kVisitPause = std::chrono::milliseconds{100};

    struct Record {
        std::size_t visits = 0;       ///< begun; for one that visits
        std::size_t connections = 0;  ///< that came to Status
        std::size_t shown = 0;        ///< how often it showed its manner
        std::size_t asked = 0;        ///< hashes it was asked for
        std::size_t served = 0;       ///< items it gave in answer
        std::size_t ended = 0;        ///< connections that the other side ended ...
        std::optional<rlpx::DisconnectReason> goodbye;  ///< ... and what it said, the first time
    };

    BadPeer(const World& world, Manner manner, Byte key) : BadPeer(world, manner, key, {}) {}
    BadPeer(const World& world, Manner manner, Byte key, Ways ways);
    BadPeer(const BadPeer&) = delete;
    BadPeer& operator=(const BadPeer&) = delete;
    ~BadPeer();

    [[nodiscard]] const Enode& enode() const noexcept { return enode_; }
    [[nodiscard]] Manner manner() const noexcept { return manner_; }
    [[nodiscard]] Record record() const;

  private:
    class Conversation;

    [[nodiscard]] async::Task<void> accept_all();
    [[nodiscard]] async::Task<void> visit_again_and_again();
    [[nodiscard]] async::Task<void> visit();
    [[nodiscard]] async::Task<void> receive(std::unique_ptr<net::ByteStream> stream);
    [[nodiscard]] async::Task<void> converse(Result<rlpx::Channel> channel);
    template <class Change>
    void note(Change change) {
        const std::lock_guard lock{mutex_};
        change(record_);
    }

    const World& world_;
    const Manner manner_;
    const Ways ways_;
    daemon::LoopThread loop_{"t-bad"};
    std::unique_ptr<async::Clock> clock_;
    rlpx::LocalNode local_;
    std::unique_ptr<net::Listener> listener_;  ///< null: it visits ...
    std::unique_ptr<net::Dialer> dialer_;      ///< ... by this
    Enode enode_;
    async::Gate stopping_;
    std::set<net::ByteStream*> streams_;
    async::TaskScope scope_;
    mutable std::mutex mutex_;
    Record record_;
};

}  // namespace fastsync::test
