#include <trie/node.hpp>

namespace fastsync::trie {

namespace {

constexpr std::size_t kHashSize = Hash256::kSize;
constexpr std::size_t kMaxInlineSize = 31;

Error malformed(const char* what) {
    return Error{Errc::kMalformed, what};
}

/// One RLP item of a node: `payload` without its header, `raw` with it.
struct Item {
    ByteView payload;
    ByteView raw;
    bool list = false;
};

/// Reads canonical RLP items. A cousin of rlp::take without Result: a branch is 17 items and this
/// runs for each node of a state, so success must cost nothing but the reading. Lengths of more
/// than two bytes do not occur below kMaxNodeSize.
class Cursor {
  public:
    explicit Cursor(ByteView in) : at_(in.data()), end_(in.data() + in.size()) {}

    [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
    [[nodiscard]] const char* problem() const noexcept { return problem_; }

    [[nodiscard]] bool fail(const char* why) noexcept {
        problem_ = why;
        return false;
    }
    /// False when there is no canonical item; problem() says why.
    [[nodiscard]] bool take(Item& item) noexcept {
        if (at_ == end_) return fail("node ends early");
        const Byte first = *at_;
        if (first < 0x80) return accept(item, 0, 1);
        const Byte base = first < 0xc0 ? 0x80 : 0xc0;
        item.list = base == 0xc0;
        const std::size_t code = static_cast<std::size_t>(first - base);
        if (code > 55) return take_long(item, code - 55);
        if (!accept(item, 1, code)) return false;
        const bool wide = !item.list && code == 1 && item.payload.front() < 0x80;
        return wide ? fail("single byte below 0x80 with a header") : true;
    }

    /// Takes the next item as a reference to a child.
    [[nodiscard]] bool take_child(ChildRef& child) noexcept {
        if (at_ == end_) return fail("node of neither 2 nor 17 items");
        if (*at_ == 0x80) {  // nothing, and a hash: what nearly all children are
            ++at_;
            return true;
        }
        if (*at_ == 0x80 + kHashSize && static_cast<std::size_t>(end_ - at_) > kHashSize) {
            child = {ChildRef::Kind::kHash, ByteView{at_ + 1, kHashSize}};
            at_ += 1 + kHashSize;
            return true;
        }
        Item item;
        return take(item) && read_child(item, child);
    }
    [[nodiscard]] bool read_child(const Item& item, ChildRef& child) noexcept {
        if (!item.list) {
            if (item.payload.empty()) return true;
            if (item.payload.size() != kHashSize) return fail("child reference that is no hash");
            child = {ChildRef::Kind::kHash, item.payload};
            return true;
        }
        if (item.raw.size() > kMaxInlineSize) return fail("inlined node of 32 bytes or more");
        child = {ChildRef::Kind::kInline, item.raw};
        return true;
    }

  private:
    [[nodiscard]] bool take_long(Item& item, std::size_t length_bytes) noexcept {
        if (length_bytes > 2) return fail("length beyond the node");
        if (static_cast<std::size_t>(end_ - at_) < 1 + length_bytes) return fail("node ends early");
        if (at_[1] == 0) return fail("length with leading zeros");
        const std::size_t length =
            length_bytes == 1 ? at_[1] : (static_cast<std::size_t>(at_[1]) << 8U) | at_[2];
        if (length <= 55) return fail("short length in long form");
        return accept(item, 1 + length_bytes, length);
    }
    [[nodiscard]] bool accept(Item& item, std::size_t header, std::size_t length) noexcept {
        if (static_cast<std::size_t>(end_ - at_) < header + length) return fail("node ends early");
        item.raw = ByteView{at_, header + length};
        item.payload = ByteView{at_ + header, length};
        at_ += header + length;
        return true;
    }
    const Byte* at_;
    const Byte* end_;
    const char* problem_ = nullptr;
};

/// Reads the rest of a branch whose first two items are taken already.
bool read_branch(const Item& first, const Item& second, Cursor& in, BranchView& branch) noexcept {
    if (!in.read_child(first, branch.children[0])) return false;
    if (!in.read_child(second, branch.children[1])) return false;
    for (std::size_t i = 2; i < branch.children.size(); ++i)
        if (!in.take_child(branch.children[i])) return false;
    if (in.at_end()) return in.fail("node of neither 2 nor 17 items");
    Item value;
    if (!in.take(value)) return false;
    if (value.list) return in.fail("branch value that is a list");
    if (!in.at_end()) return in.fail("node of more than 17 items");
    branch.value = value.payload;
    return true;
}

bool has_two_entries(const BranchView& branch) noexcept {
    std::size_t entries = branch.value.empty() ? 0 : 1;
    for (const ChildRef& child : branch.children)
        entries += child.kind != ChildRef::Kind::kEmpty ? 1U : 0U;
    return entries >= 2;
}

Result<NodeView> branch_of(const Item& first, const Item& second, Cursor& in) {
    // Read where it is returned from: a branch is too large to be copied for nothing.
    Result<NodeView> node{BranchView{}};
    auto& branch = *std::get_if<BranchView>(&*node);
    if (!read_branch(first, second, in, branch)) {
        node = malformed(in.problem());
    } else if (!has_two_entries(branch)) {
        node = malformed("branch of fewer than two entries");
    }
    return node;
}

Result<NodeView> short_node_of(const Item& path, const Item& content, Cursor& in) {
    if (path.list) return malformed("node path that is a list");
    FASTSYNC_TRY(const HexPrefix prefix, decode_hex_prefix(path.payload));
    if (prefix.leaf) {
        if (content.list) return malformed("leaf value that is a list");
        if (content.payload.empty()) return malformed("leaf without a value");
        return LeafView{prefix.path, content.payload};
    }
    if (prefix.path.empty()) return malformed("extension with an empty path");
    ExtensionView extension{prefix.path, {}};
    if (!in.read_child(content, extension.child)) return malformed(in.problem());
    if (extension.child.kind == ChildRef::Kind::kEmpty) return malformed("extension to nothing");
    return extension;
}

}  // namespace

Hash256 ChildRef::hash() const {
    FASTSYNC_ASSERT(kind == Kind::kHash && bytes.size() == kHashSize);
    Hash256 out;
    std::memcpy(out.data.data(), bytes.data(), kHashSize);
    return out;
}

Result<NodeView> decode_node(ByteView rlp) {
    if (rlp.size() > kMaxNodeSize) return Error{Errc::kTooLarge, "trie node over 1024 bytes"};
    Cursor outer(rlp);
    Item node;
    if (!outer.take(node)) return malformed(outer.problem());
    if (!node.list) return malformed("node that is not a list");
    if (!outer.at_end()) return malformed("trailing bytes after the node");

    Cursor inner(node.payload);
    Item first;
    Item second;
    if (!inner.take(first) || !inner.take(second)) return malformed(inner.problem());
    return inner.at_end() ? short_node_of(first, second, inner) : branch_of(first, second, inner);
}

}  // namespace fastsync::trie
