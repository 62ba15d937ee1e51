#include <trie/node.hpp>

namespace fastsync::trie {

namespace {

constexpr std::size_t kBranchItems = 17;
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

    /// False when there is no canonical item; problem() says why.
    [[nodiscard]] bool take(Item& item) noexcept {  // in place: 17 of them, no copies
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
    [[nodiscard]] bool fail(const char* why) noexcept {
        problem_ = why;
        return false;
    }

    const Byte* at_;
    const Byte* end_;
    const char* problem_ = nullptr;
};

using Items = std::array<Item, kBranchItems>;

/// Null when `item` is a reference of one of the three forms, else what is wrong.
const char* child_of(const Item& item, ChildRef& child) noexcept {
    if (!item.list) {
        if (item.payload.empty()) return nullptr;
        if (item.payload.size() != kHashSize) return "child reference that is not a hash";
        child = {ChildRef::Kind::kHash, item.payload};
        return nullptr;
    }
    if (item.raw.size() > kMaxInlineSize) return "inlined node of 32 bytes or more";
    child = {ChildRef::Kind::kInline, item.raw};
    return nullptr;
}

Result<NodeView> branch_of(const Items& items) {
    BranchView branch;
    std::size_t entries = 0;
    for (std::size_t i = 0; i < branch.children.size(); ++i) {
        if (const char* problem = child_of(items[i], branch.children[i])) return malformed(problem);
        entries += branch.children[i].kind != ChildRef::Kind::kEmpty ? 1U : 0U;
    }
    const Item& value = items.back();
    if (value.list) return malformed("branch value that is a list");
    branch.value = value.payload;
    entries += branch.value.empty() ? 0U : 1U;
    if (entries < 2) return malformed("branch of fewer than two entries");
    return branch;
}

Result<NodeView> short_node_of(const Items& items) {
    if (items[0].list) return malformed("node path that is a list");
    FASTSYNC_TRY(const HexPrefix prefix, decode_hex_prefix(items[0].payload));
    if (prefix.leaf) {
        if (items[1].list) return malformed("leaf value that is a list");
        if (items[1].payload.empty()) return malformed("leaf without a value");
        return LeafView{prefix.path, items[1].payload};
    }
    if (prefix.path.empty()) return malformed("extension with an empty path");
    ExtensionView extension{prefix.path, {}};
    if (const char* problem = child_of(items[1], extension.child)) return malformed(problem);
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
    Items items;
    std::size_t count = 0;
    while (!inner.at_end()) {
        if (count == kBranchItems) return malformed("node of more than 17 items");
        if (!inner.take(items[count++])) return malformed(inner.problem());
    }
    if (count == kBranchItems) return branch_of(items);
    if (count == 2) return short_node_of(items);
    return malformed("node of neither 2 nor 17 items");
}

}  // namespace fastsync::trie
