#include <vector>

#include <state/ordered_walk.hpp>
#include <state/state_reader.hpp>

#include <trie/constants.hpp>
#include <trie/nibble_path.hpp>
#include <trie/node.hpp>

namespace fastsync::state {
namespace {

using storage::ItemKind;
using storage::Visit;

class OrderedWalk {
  public:
    OrderedWalk(const storage::NodeReader& store, const Hash256& start, const LeafVisitor& visit)
        : store_(store), start_(trie::NibblePath::of(start)), visit_(visit) {}

    Result<Visit> run(const Hash256& root) {
        if (root == trie::kEmptyRoot) return Visit::kContinue;
        wanted_.push_back({{}, root, {}});
        FASTSYNC_CHECK(fetch(0));
        while (!pending_.empty()) {
            const Pending next = std::move(pending_.back());
            pending_.pop_back();
            wanted_.clear();
            holder_ = next.hash;
            FASTSYNC_TRY(const Visit wish, open(next.path, next.blob, next.depth));
            if (wish == Visit::kStop) return wish;
        }
        return Visit::kContinue;
    }

  private:
    /// A node of its own that has been read.
    struct Pending {
        trie::NibblePath path;
        Hash256 hash;
        Bytes blob;
        std::size_t depth = 0;
    };

    Error bad(std::string_view what) const {
        return {Errc::kBadState, "trie node " + to_hex0x(holder_) + ": " + std::string{what}};
    }

    /// True when the subtrie at `path` ends before the start.
    bool is_before(const trie::NibblePath& path) const { return path < start_.prefix(path.size()); }

    /// Visits what is inlined here, and reads what is not. A branch whose children are of both
    /// kinds would be visited out of order: its inlined ones wait like the others.
    Result<Visit> open(const trie::NibblePath& path, ByteView rlp, std::size_t depth) {
        const auto node = trie::decode_node(rlp);
        if (!node) return bad(node.error().detail);
        if (const auto* leaf = std::get_if<trie::LeafView>(&*node)) return end(path, *leaf, depth);
        if (const auto* extension = std::get_if<trie::ExtensionView>(&*node)) {
            trie::NibblePath below = path;
            if (!below.push(extension->path)) return bad("a path of more than 64 nibbles");
            FASTSYNC_CHECK(add(below, extension->child));
        } else {
            const auto& branch = std::get<trie::BranchView>(*node);
            if (!branch.value.empty()) return bad("a value in a branch of a state trie");
            for (std::size_t i = 0; i < branch.children.size(); ++i) {
                if (branch.children[i].kind == trie::ChildRef::Kind::kEmpty) continue;
                trie::NibblePath below = path;
                if (!below.push(static_cast<Byte>(i))) return bad("a path of more than 64 nibbles");
                FASTSYNC_CHECK(add(below, branch.children[i]));
            }
        }
        FASTSYNC_CHECK(fetch(depth));
        return Visit::kContinue;
    }

    Result<Visit> end(const trie::NibblePath& path, const trie::LeafView& leaf, std::size_t depth) {
        trie::NibblePath full = path;
        if (!full.push(leaf.path) || full.size() != trie::kMaxNibbles)
            return bad("a leaf whose key is not of 32 bytes");
        if (is_before(full)) return Visit::kContinue;
        return visit_({full.key(), leaf.value, depth});
    }

    struct Wanted {
        trie::NibblePath path;
        Hash256 hash;
        Bytes inlined;  ///< the node itself, where it has no hash of its own
    };

    Result<void> add(const trie::NibblePath& path, const trie::ChildRef& child) {
        if (is_before(path)) return {};
        const bool hashed = child.kind == trie::ChildRef::Kind::kHash;
        wanted_.push_back(
            {path, hashed ? child.hash() : holder_, hashed ? Bytes{} : to_bytes(child.bytes)});
        return {};
    }

    /// Reads all that is wanted at once, and puts it on the stack, lowest key on top.
    /// @param depth  of the node that they are children of
    Result<void> fetch(std::size_t depth) {
        std::vector<Hash256> hashes;
        for (const Wanted& one : wanted_) {
            if (one.inlined.empty()) hashes.push_back(one.hash);
        }
        auto blobs = store_.get_many(ItemKind::kNode, hashes);
        std::size_t next = blobs.size();
        for (std::size_t i = wanted_.size(); i-- > 0;) {
            Wanted& one = wanted_[i];
            if (!one.inlined.empty()) {
                pending_.push_back({one.path, one.hash, std::move(one.inlined), depth});
                continue;
            }
            --next;
            FASTSYNC_TRY(Bytes blob, checked(ItemKind::kNode, one.hash, std::move(blobs[next])));
            pending_.push_back({one.path, one.hash, std::move(blob), depth + 1});
        }
        return {};
    }

    const storage::NodeReader& store_;
    trie::NibblePath start_;
    const LeafVisitor& visit_;
    std::vector<Pending> pending_;  // last in, first out
    std::vector<Wanted> wanted_;    // of the node that is open, in key order
    Hash256 holder_;                // the last node with a hash of its own
};

}  // namespace

Result<Visit> walk_leaves(const storage::NodeReader& store, const Hash256& root,
                          const Hash256& start, const LeafVisitor& visit) {
    return OrderedWalk{store, start, visit}.run(root);
}

}  // namespace fastsync::state
