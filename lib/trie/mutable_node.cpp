#include <trie/mutable_node.hpp>

namespace fastsync::trie {

namespace {

using OwnedNode = std::unique_ptr<MutableNode>;

Result<OwnedNode> own(ByteView rlp);

Result<Link> own(const ChildRef& child) {
    switch (child.kind) {
        case ChildRef::Kind::kEmpty:
            return Link{};
        case ChildRef::Kind::kHash:
            return Link{child.hash()};
        case ChildRef::Kind::kInline:
            break;
    }
    FASTSYNC_TRY(OwnedNode node, own(child.bytes));
    return Link{std::move(node)};
}

Result<OwnedNode> own(const LeafView& leaf) {
    return std::make_unique<MutableNode>(
        MutableNode{MutableLeaf{leaf.path, to_bytes(leaf.value)}, std::nullopt});
}

Result<OwnedNode> own(const ExtensionView& extension) {
    FASTSYNC_TRY(Link child, own(extension.child));
    return std::make_unique<MutableNode>(
        MutableNode{MutableExtension{extension.path, std::move(child)}, std::nullopt});
}

Result<OwnedNode> own(const BranchView& view) {
    MutableBranch branch;
    for (std::size_t i = 0; i < branch.children.size(); ++i) {
        FASTSYNC_TRY(branch.children[i], own(view.children[i]));
    }
    branch.value = to_bytes(view.value);
    return std::make_unique<MutableNode>(MutableNode{std::move(branch), std::nullopt});
}

/// Recursion is bounded by the 31 bytes of an inlined node.
Result<OwnedNode> own(ByteView rlp) {
    FASTSYNC_TRY(const NodeView view, decode_node(rlp));
    return std::visit([](const auto& kind) { return own(kind); }, view);
}

}  // namespace

std::size_t MutableBranch::entries() const noexcept {
    std::size_t count = value.empty() ? 0 : 1;
    for (const Link& child : children)
        count += is_empty(child) ? 0U : 1U;
    return count;
}

Link make_leaf(const NibblePath& path, ByteView value) {
    if (value.empty()) return {};
    return make_link(MutableLeaf{path, to_bytes(value)});
}

Link make_extension(const NibblePath& path, Link child) {
    if (path.empty()) return child;
    return make_link(MutableExtension{path, std::move(child)});
}

Result<OwnedNode> read_node(const Hash256& hash, ByteView rlp) {
    Result<OwnedNode> node = own(rlp);
    if (!node) {
        return Error{Errc::kBadState, "trie node " + to_hex0x(hash) + ": " + node.error().detail};
    }
    (*node)->origin = hash;
    return node;
}

}  // namespace fastsync::trie
