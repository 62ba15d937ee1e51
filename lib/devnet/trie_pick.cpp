#include <devnet/trie_pick.hpp>
#include <trie/constants.hpp>
#include <trie/node.hpp>

namespace fastsync::devnet {
namespace {

using trie::ChildRef;
using trie::NibblePath;

/// One way down a trie.
class Descent {
  public:
    Descent(const trie::NodeSource& source, const Hash256& near)
        : source_(source), near_(NibblePath::of(near)) {}

    Result<PickedEntry> from(const Hash256& root) {
        FASTSYNC_TRY(ByteView rlp, node_of(root));
        while (true) {
            FASTSYNC_TRY(const trie::NodeView node, trie::decode_node(rlp));
            if (const auto* const leaf = std::get_if<trie::LeafView>(&node)) {
                FASTSYNC_CHECK(path_.push(leaf->path));
                if (path_.size() != trie::kMaxNibbles) return too_short();
                return PickedEntry{path_.key(), to_bytes(leaf->value)};
            }
            FASTSYNC_TRY(const ChildRef child, step(node));
            rlp = child.bytes;
            if (child.kind == ChildRef::Kind::kHash) {
                FASTSYNC_TRY(rlp, node_of(child.hash()));
            }
        }
    }

  private:
    static Error too_short() { return {Errc::kMalformed, "a key that is no hash"}; }

    Result<ByteView> node_of(const Hash256& hash) const {
        const auto rlp = source_(hash);
        if (!rlp) return Error{Errc::kNotFound, "no trie node " + to_hex0x(hash)};
        return *rlp;
    }

    Result<ChildRef> step(const trie::NodeView& node) {
        if (const auto* const extension = std::get_if<trie::ExtensionView>(&node)) {
            FASTSYNC_CHECK(path_.push(extension->path));
            return extension->child;
        }
        const auto& branch = std::get<trie::BranchView>(node);
        if (path_.size() == trie::kMaxNibbles) return too_short();
        const std::size_t wanted = near_[path_.size()];
        for (std::size_t i = 0; i < branch.children.size(); ++i) {
            const std::size_t nibble = (wanted + i) % branch.children.size();
            if (branch.children[nibble].kind == ChildRef::Kind::kEmpty) continue;
            FASTSYNC_CHECK(path_.push(static_cast<Byte>(nibble)));
            return branch.children[nibble];
        }
        return too_short();
    }

    const trie::NodeSource& source_;
    NibblePath near_;
    NibblePath path_;
};

}  // namespace

Result<std::optional<PickedEntry>> pick_entry(const Hash256& root, const trie::NodeSource& source,
                                              const Hash256& near) {
    if (root == trie::kEmptyRoot) return std::optional<PickedEntry>{};
    auto picked = Descent{source, near}.from(root);
    if (picked) return std::optional{*std::move(picked)};
    if (picked.error().code == Errc::kNotFound) return picked.error();
    return Error{Errc::kBadState, "below " + to_hex0x(root) + ": " + picked.error().detail};
}

}  // namespace fastsync::devnet
