#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include <crypto/keccak.hpp>
#include <sync/trie_children.hpp>
#include <sync/verify.hpp>
#include <trie/constants.hpp>

namespace fastsync::sync {
namespace {

using storage::ItemKind;

// Items read and hashed at once. The walk goes depth first, so this also bounds its stack: about
// 16 children for each of a batch at each depth.
constexpr std::size_t kBatchSize = 256;

/// Tells items and the part they play apart: 120 bits of hash, then kind of item or trie, then
/// depth. In a sound state a node has one kind and one depth; one that is met in two parts has to
/// be judged in each.
using VisitKey = FixedBytes<16, struct VisitKeyTag>;

VisitKey visit_key(const ChildLink& link) {
    VisitKey key;
    std::copy_n(link.hash.data.begin(), key.data.size(), key.data.begin());
    constexpr Byte kCode = 0xff;  // no depth of a storage trie: those end at 0xc0
    const bool storage = link.path.trie == TrieKind::kStorage;
    const auto depth = static_cast<Byte>(link.path.path.size());
    const auto part = static_cast<Byte>(depth + (storage ? 0x80U : 0U));
    key.data.back() = link.kind == ItemKind::kCode ? kCode : part;
    return key;
}

class Walk {
  public:
    Walk(const Hash256& state_root, const storage::NodeReader& store) : store_{store} {
        report_.state_root = state_root;
        if (state_root == trie::kEmptyRoot) return;
        ChildLink root;
        root.hash = state_root;
        pending_.push_back(root);
    }

    [[nodiscard]] bool done() const noexcept { return pending_.empty(); }
    [[nodiscard]] const VerifyReport& report() const noexcept { return report_; }

    void step() {
        std::vector<ChildLink> nodes;
        std::vector<ChildLink> codes;
        while (!pending_.empty() && nodes.size() + codes.size() < kBatchSize) {
            const ChildLink link = pending_.back();
            pending_.pop_back();
            if (!visited_.insert(visit_key(link)).second) continue;
            (link.kind == ItemKind::kCode ? codes : nodes).push_back(link);
        }
        check(ItemKind::kCode, codes);
        check(ItemKind::kNode, nodes);
    }

  private:
    void check(ItemKind kind, const std::vector<ChildLink>& links) {
        std::vector<Hash256> keys;
        for (const ChildLink& link : links)
            keys.push_back(link.hash);
        const std::vector<Result<Bytes>> read = store_.get_many(kind, keys);
        std::vector<ByteView> blobs;
        for (const Result<Bytes>& blob : read)
            blobs.push_back(blob ? ByteView{*blob} : ByteView{});
        std::vector<Hash256> hashes(blobs.size());
        crypto::keccak256_batch(blobs, hashes);
        for (std::size_t i = 0; i < links.size(); ++i) {
            if (!read[i]) {
                unreadable(links[i], read[i].error());
            } else if (hashes[i] != links[i].hash) {
                add(report_.corrupt, links[i], "its bytes hash to " + to_hex0x(hashes[i]));
            } else if (kind == ItemKind::kCode || open(links[i], blobs[i])) {
                count(links[i], blobs[i].size());
            }
        }
    }

    void unreadable(const ChildLink& link, const Error& why) {
        if (why.code == Errc::kNotFound) return add(report_.missing, link, "not found");
        add(report_.corrupt, link, why.message());
    }

    /// Decodes a node and queues what it refers to; false when it is corrupt.
    bool open(const ChildLink& link, ByteView rlp) {
        const std::size_t before = pending_.size();
        const auto contents = read_node(rlp, link.path, 0, pending_);
        if (!contents) {
            pending_.resize(before);
            add(report_.corrupt, link, contents.error().detail);
            return false;
        }
        const bool storage = link.path.trie == TrieKind::kStorage;
        (storage ? report_.storage_slots : report_.accounts) += contents->leaves;
        return true;
    }

    void count(const ChildLink& link, std::size_t size) {
        const bool storage = link.path.trie == TrieKind::kStorage;
        if (link.kind == ItemKind::kCode) {
            ++report_.codes;
        } else if (storage) {
            ++report_.storage_trie_nodes;
            if (link.path.path.empty()) ++report_.storage_tries;
        } else {
            ++report_.account_trie_nodes;
        }
        ++report_.items;
        report_.bytes += size;
        for (std::size_t i = 0; i < Hash256::kSize; ++i)
            report_.xor_of_hashes.data[i] ^= link.hash.data[i];
    }

    static void add(BadItems& bad, const ChildLink& link, std::string reason) {
        ++bad.count;
        if (bad.named.size() == BadItems::kMaxNamed) return;
        bad.named.push_back({link.kind, link.hash, link.path, std::move(reason)});
    }

    const storage::NodeReader& store_;
    VerifyReport report_;
    std::vector<ChildLink> pending_;  // last in, first out
    boost::unordered_flat_set<VisitKey, FixedHasher<VisitKey>> visited_;
};

std::string nibbles(const trie::NibblePath& path) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < path.size(); ++i)
        out.push_back(kDigits[path[i]]);
    return out.empty() ? "root" : out;
}

}  // namespace

std::string BadItem::describe() const {
    std::string out = kind == ItemKind::kCode ? "code " : "node ";
    out += to_hex0x(hash);
    if (kind == ItemKind::kCode) {
        out += " of account " + to_hex0x(path.account);
    } else if (path.trie == TrieKind::kStorage) {
        out += " in the storage of account " + to_hex0x(path.account) + " at " + nibbles(path.path);
    } else {
        out += " in the account trie at " + nibbles(path.path);
    }
    return out + ": " + reason;
}

VerifyReport verify_state(const Hash256& state_root, const storage::NodeReader& store,
                          const VerifyProgress& progress) {
    Walk walk{state_root, store};
    bool stopped = false;
    while (!walk.done() && !stopped) {
        walk.step();
        stopped = progress && progress(walk.report()) == VerifyStep::kStop;
    }
    VerifyReport report = walk.report();
    report.interrupted = !walk.done();
    report.complete = !report.interrupted && report.missing.count == 0 && report.corrupt.count == 0;
    return report;
}

}  // namespace fastsync::sync
