#include <algorithm>
#include <map>
#include <set>
#include <variant>

#include <common/log.hpp>
#include <crypto/keccak.hpp>
#include <sync/invariants.hpp>
#include <trie/account.hpp>
#include <trie/constants.hpp>
#include <trie/node.hpp>

namespace fastsync::sync {
namespace {

/// Items by kind and hash.
using Key = std::pair<ItemKind, Hash256>;
using Keys = std::set<Key>;

struct Load {
    std::size_t requests = 0;
    std::size_t items = 0;
};

std::string check_loads(const PeerLedger& ledger) {
    std::map<PeerId, Load> loads;
    std::size_t items = 0;
    for (const auto& [id, request] : ledger.requests()) {
        if (!ledger.connected(request.peer)) return "a request to a peer that is not there";
        if (request.tasks.size() > PeerRate::kMaxBatch) return "a request over the largest batch";
        Load& load = loads[request.peer];
        ++load.requests;
        load.items += request.tasks.size();
        items += request.tasks.size();
    }
    if (items != ledger.open_items()) return "the count of items in flight is off";
    for (const auto& [id, record] : ledger.peers()) {
        const Load load = loads[id];
        if (load.requests != record.open_requests || load.items != record.open_items)
            return "the counts of what a peer was asked for are off";
        if (load.requests > PeerRate::kMaxWindow) return "a peer over the largest window";
    }
    return {};
}

/// Walks what one node refers to.
class Closure {
  public:
    Closure(const Keys& before, const storage::NodeReader& store)
        : before_(before), store_(store) {}

    [[nodiscard]] bool covers(ByteView rlp) const {
        const auto node = trie::decode_node(rlp);
        if (!node) return false;
        if (const auto* branch = std::get_if<trie::BranchView>(&*node)) {
            return std::all_of(branch->children.begin(), branch->children.end(),
                               [this](const trie::ChildRef& child) { return covers(child); });
        }
        if (const auto* extension = std::get_if<trie::ExtensionView>(&*node))
            return covers(extension->child);
        return covers_leaf(std::get<trie::LeafView>(*node).value);
    }

  private:
    [[nodiscard]] bool covers(const trie::ChildRef& child) const {
        if (child.kind == trie::ChildRef::Kind::kInline) return covers(child.bytes);
        return child.kind == trie::ChildRef::Kind::kEmpty || has(ItemKind::kNode, child.hash());
    }
    [[nodiscard]] bool covers_leaf(ByteView value) const {
        const auto account = trie::decode_account(value);
        if (!account) return true;  // a storage word
        const bool storage = account->storage_root == trie::kEmptyRoot ||
                             has(ItemKind::kNode, account->storage_root);
        return storage && (account->code_hash == trie::kEmptyCodeHash ||
                           has(ItemKind::kCode, account->code_hash));
    }
    /// A store that fails is found out by others.
    [[nodiscard]] bool has(ItemKind kind, const Hash256& hash) const {
        if (before_.contains({kind, hash})) return true;
        const auto stored = store_.has(kind, hash);
        return !stored || *stored;
    }

    const Keys& before_;
    const storage::NodeReader& store_;
};

}  // namespace

std::string check_invariants(const StateSync& sync, const PeerLedger& ledger) {
    if (std::string wrong = sync.trie().audit(); !wrong.empty()) return wrong;
    if (std::string wrong = check_loads(ledger); !wrong.empty()) return wrong;
    if (std::string wrong = check_held(sync.held()); !wrong.empty()) return wrong;
    if (std::string wrong = sync.check_committed(); !wrong.empty()) return wrong;
    if (const std::size_t lost = sync.lost_tasks(); lost > 0)
        return std::to_string(lost) + " tasks are lost";
    return sync.check_requests();
}

std::string check_batch(const storage::NodeBatch& batch, const storage::NodeReader& store) {
    Keys before;
    const Closure closure{before, store};
    for (const auto& entry : batch.entries()) {
        const ByteView blob = batch.blob(entry);
        if (crypto::keccak256(blob) != entry.hash) return "a blob under the hash of another";
        if (entry.kind == ItemKind::kNode && !closure.covers(blob))
            return "a node before what it refers to";
        before.emplace(entry.kind, entry.hash);
    }
    return {};
}

void must_hold(const std::string& wrong) {
    if (wrong.empty()) return;
    log::error("sync", "invariant broken: {}", wrong);
    FASTSYNC_ASSERT(wrong.empty());
}

}  // namespace fastsync::sync
