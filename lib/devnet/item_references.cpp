#include <devnet/item_references.hpp>
#include <trie/account.hpp>
#include <trie/constants.hpp>
#include <trie/node.hpp>

namespace fastsync::devnet {
namespace {

/// Inlined nodes are decoded by recursion, which their size bounds.
class Collector {
  public:
    Collector(ItemUse use, std::vector<ItemReference>& out) : use_(use), out_(out) {}

    Result<void> node(ByteView rlp) {
        FASTSYNC_TRY(const trie::NodeView view, trie::decode_node(rlp));
        return std::visit([&](const auto& kind) { return inside(kind); }, view);
    }

  private:
    Result<void> inside(const trie::BranchView& branch) {
        for (const trie::ChildRef& below : branch.children)
            FASTSYNC_CHECK(child(below));
        return branch.value.empty() ? Result<void>{} : value(branch.value);
    }
    Result<void> inside(const trie::ExtensionView& extension) { return child(extension.child); }
    Result<void> inside(const trie::LeafView& leaf) { return value(leaf.value); }

    Result<void> child(const trie::ChildRef& below) {
        if (below.kind == trie::ChildRef::Kind::kInline) return node(below.bytes);
        if (below.kind == trie::ChildRef::Kind::kHash) out_.push_back({below.hash(), use_});
        return {};
    }
    Result<void> value(ByteView rlp) {
        if (use_ == ItemUse::kStorageNode) return {};
        FASTSYNC_TRY(const trie::Account account, trie::decode_account(rlp));
        if (account.storage_root != trie::kEmptyRoot)
            out_.push_back({account.storage_root, ItemUse::kStorageNode});
        if (account.code_hash != trie::kEmptyCodeHash)
            out_.push_back({account.code_hash, ItemUse::kCode});
        return {};
    }

    ItemUse use_;
    std::vector<ItemReference>& out_;
};

}  // namespace

Result<void> append_references(ItemUse use, ByteView item, std::vector<ItemReference>& out) {
    if (use == ItemUse::kCode) return {};
    const auto collected = Collector{use, out}.node(item);
    if (!collected) return Error{Errc::kBadState, collected.error().detail};
    return {};
}

}  // namespace fastsync::devnet
