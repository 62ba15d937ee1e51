// A state that a liar made: nodes of any content that name each other as the input says, account
// and storage tries mixed up, shared, empty, of any depth. Its blobs are delivered in any order,
// some twice, some before they are asked for. Either the root turns out false, or everything below
// it is stored, children first.

#include <crypto/keccak.hpp>
#include <storage/memory_store.hpp>
#include <sync/trie_sync.hpp>
#include <trie/account.hpp>
#include <trie/constants.hpp>
#include <trie/node_encoding.hpp>

#include "fuzz_input.hpp"
#include "support/state_model.hpp"

namespace {

using namespace fastsync;
using namespace fastsync::fuzz;

constexpr std::size_t kMaxBlobs = 64;

/// What the liar has made so far; each blob may name the ones before it.
class Forge {
  public:
    explicit Forge(Script& script) : script_(script) {
        while (!script_.empty() && blobs_.size() < kMaxBlobs)
            add(make());
        if (blobs_.empty()) add({});
    }
    [[nodiscard]] const std::vector<Bytes>& blobs() const { return blobs_; }
    [[nodiscard]] const std::vector<Hash256>& hashes() const { return hashes_; }

  private:
    void add(Bytes blob) {
        hashes_.push_back(crypto::keccak256(blob));
        blobs_.push_back(std::move(blob));
    }
    [[nodiscard]] Bytes make() {
        switch (script_.byte() % 5U) {
            case 0:
                return trie::encode_leaf(path(), account());
            case 1:
                return trie::encode_leaf(path(), rlp_word());
            case 2: {
                const Bytes child = reference();
                const Bytes nibbles = path();
                if (child.empty() || nibbles.empty()) return {0xc0};
                return trie::encode_extension(nibbles, child);
            }
            case 3:
                return branch();
            default:
                return to_bytes(script_.bytes());
        }
    }
    [[nodiscard]] Bytes branch() {
        std::array<Bytes, 16> references;
        std::array<ByteView, 16> views;
        const std::size_t mask = script_.below(65536);
        for (std::size_t i = 0; i < views.size(); ++i) {
            if ((mask >> i & 1U) != 0) references[i] = reference();
            views[i] = references[i];
        }
        return trie::encode_branch(views, {});
    }
    /// Nibbles; lengths that a state has are likely.
    [[nodiscard]] Bytes path() {
        const std::size_t count = script_.byte() % 66U;
        const Byte fill = script_.byte();
        Bytes out(std::min<std::size_t>(count, 64), static_cast<Byte>(fill & 0x0fU));
        if (!out.empty()) out.front() = static_cast<Byte>(fill >> 4U);
        return out;
    }
    [[nodiscard]] Bytes reference() {
        if (blobs_.empty()) return {};
        const std::size_t which = script_.byte() % blobs_.size();
        if (blobs_[which].size() < trie::kMinHashedSize && !blobs_[which].empty())
            return blobs_[which];
        const auto hashed = trie::encode_hash_reference(hashes_[which]);
        return {hashed.begin(), hashed.end()};
    }
    [[nodiscard]] Hash256 some_hash(const Hash256& none) {
        const std::size_t which = script_.byte();
        return which >= hashes_.size() ? none : hashes_[which];
    }
    [[nodiscard]] Bytes account() {
        trie::Account made;
        made.nonce = script_.byte();
        made.storage_root = some_hash(trie::kEmptyRoot);
        made.code_hash = some_hash(trie::kEmptyCodeHash);
        return trie::encode_account(made);
    }
    [[nodiscard]] Bytes rlp_word() {
        const Byte word = script_.byte();
        return {static_cast<Byte>(1 + word % 0x7fU)};
    }

    Script& script_;
    std::vector<Bytes> blobs_;
    std::vector<Hash256> hashes_;
};

class Run {
  public:
    Run(const Forge& forge, ByteView order)
        : forge_(forge), order_(order), sync_(start(forge, store_)) {}

    void run() {
        while (!sync_.done()) {
            const auto tasks = sync_.missing(1 + order_.below(8));
            for (const sync::NodeTask& task : tasks)
                open_.push_back(task);
            if (open_.empty()) return;  // nobody has what is missing
            if (!deliver_one()) return;
            FASTSYNC_ASSERT(sync_.audit().empty());
        }
        FASTSYNC_ASSERT(sync_.finished() == sync::kWholeKeySpace);
        // The blob 0x80 is the root of the empty state, which needs nothing.
        const Hash256& root = forge_.hashes().back();
        FASTSYNC_ASSERT(root == trie::kEmptyRoot ||
                        store_.has(storage::ItemKind::kNode, root).value());
    }

  private:
    static sync::TrieSync start(const Forge& forge, const test::CheckingStore& store) {
        auto made = sync::TrieSync::start(forge.hashes().back(), store);
        FASTSYNC_ASSERT(made.has_value());
        return *std::move(made);
    }
    /// False when the root is false, or somebody named what is not there.
    bool deliver_one() {
        const std::size_t at = order_.below(256) % open_.size();
        const sync::NodeTask task = open_[at];
        open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(at));
        const auto& hashes = forge_.hashes();
        const auto found = std::find(hashes.begin(), hashes.end(), task.hash);
        if (found == hashes.end()) return false;
        const Bytes& blob = forge_.blobs()[static_cast<std::size_t>(found - hashes.begin())];
        // And one that may not have been asked for.
        const std::size_t other = order_.byte() % hashes.size();
        if (order_.byte() % 4U == 0 && !process(hashes[other], forge_.blobs()[other])) return false;
        return process(task.hash, blob);
    }
    bool process(const Hash256& hash, const Bytes& blob) {
        const auto taken = sync_.process(hash, blob);
        if (!taken) {
            const Errc code = taken.error().code;
            if (code == Errc::kBadState) return false;
            FASTSYNC_ASSERT(code == Errc::kUnrequested || code == Errc::kAlreadyHave);
        }
        // The store checks that children came before their parents.
        FASTSYNC_ASSERT(store_.commit(sync_.take_complete()).has_value());
        return true;
    }

    const Forge& forge_;
    Script order_;
    test::CheckingStore store_;
    sync::TrieSync sync_;
    std::vector<sync::NodeTask> open_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script{data, size};
    const ByteView order = script.take(script.byte());
    const Forge forge{script};
    Run run{forge, order};
    run.run();
    return 0;
}
