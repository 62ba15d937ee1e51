#include <trie/constants.hpp>
#include <trie/node.hpp>
#include <trie/walk.hpp>

namespace fastsync::trie {

namespace {

/// Recursion is bounded: every level but the last adds a nibble to a path of at most 64.
class Walker {
  public:
    Walker(const NodeSource& source, const TrieVisitor& visitor)
        : source_(source), visitor_(visitor) {}

    Result<void> hashed(const NibblePath& path, const Hash256& hash) {
        const std::optional<ByteView> rlp = source_(hash);
        if (!rlp) return Error{Errc::kNotFound, "no trie node " + to_hex0x(hash)};
        if (visitor_.on_node) FASTSYNC_CHECK(visitor_.on_node(path, hash, *rlp));
        holder_ = hash;
        return node(path, *rlp);
    }

  private:
    /// An error of the bytes below `holder_`, the last hashed node on the way.
    [[nodiscard]] Error bad(const Error& error) const {
        return Error{Errc::kBadState, "trie node " + to_hex0x(holder_) + ": " + error.detail};
    }

    Result<void> node(const NibblePath& path, ByteView rlp) {
        const Result<NodeView> view = decode_node(rlp);
        if (!view) return bad(view.error());
        return std::visit([&](const auto& kind) { return inside(path, kind); }, *view);
    }

    Result<void> inside(const NibblePath& path, const BranchView& branch) {
        if (!branch.value.empty()) FASTSYNC_CHECK(entry(path, branch.value));
        const Hash256 holder = holder_;
        for (std::size_t i = 0; i < branch.children.size(); ++i) {
            if (branch.children[i].kind == ChildRef::Kind::kEmpty) continue;
            holder_ = holder;
            NibblePath below = path;
            if (const auto pushed = below.push(static_cast<Byte>(i)); !pushed) {
                return bad(pushed.error());
            }
            FASTSYNC_CHECK(child(below, branch.children[i]));
        }
        return {};
    }

    Result<void> inside(const NibblePath& path, const ExtensionView& extension) {
        NibblePath below = path;
        if (const auto pushed = below.push(extension.path); !pushed) return bad(pushed.error());
        return child(below, extension.child);
    }

    Result<void> inside(const NibblePath& path, const LeafView& leaf) {
        NibblePath below = path;
        if (const auto pushed = below.push(leaf.path); !pushed) return bad(pushed.error());
        return entry(below, leaf.value);
    }

    Result<void> child(const NibblePath& path, const ChildRef& reference) {
        if (reference.kind == ChildRef::Kind::kHash) return hashed(path, reference.hash());
        return node(path, reference.bytes);
    }

    Result<void> entry(const NibblePath& path, ByteView value) {
        return visitor_.on_entry ? visitor_.on_entry(path, value) : Result<void>{};
    }

    const NodeSource& source_;
    const TrieVisitor& visitor_;
    Hash256 holder_;
};

}  // namespace

Result<void> walk(const Hash256& root, const NodeSource& source, const TrieVisitor& visitor) {
    if (root == kEmptyRoot) return {};
    return Walker(source, visitor).hashed({}, root);
}

}  // namespace fastsync::trie
