#include <algorithm>

#include <sync/pivot.hpp>

namespace fastsync::sync {

Result<void> check_linked(std::span<const chain::BlockHeader> headers) {
    for (std::size_t i = 1; i < headers.size(); ++i) {
        if (!chain::links(headers[i - 1], headers[i])) {
            return Error{Errc::kMalformed, "header " + std::to_string(headers[i].number) +
                                               " does not name the one before it as its parent"};
        }
    }
    return {};
}

namespace {

bool is_what_was_pinned(const PivotPin& pin, const Pivot& chosen) {
    if (const auto* root = std::get_if<PinnedRoot>(&pin)) return chosen.state_root == root->root;
    const chain::BlockHeader* const header = chosen.header();
    if (header == nullptr) return false;
    if (const auto* hash = std::get_if<PinnedHash>(&pin)) return header->hash == hash->hash;
    return header->number == std::get<PinnedNumber>(pin).number;
}

}  // namespace

bool goes_back(const std::optional<Pivot>& before, const Pivot& chosen) noexcept {
    const bool both = before && before->header() != nullptr && chosen.header() != nullptr;
    return both && chosen.header()->number < before->header()->number;
}

std::string check_move(const PivotPin& pin, const std::optional<Pivot>& before, PivotBefore fate,
                       const Pivot& chosen) {
    if (chosen.header() != nullptr && chosen.header()->state_root != chosen.state_root)
        return "a pivot whose header has another state root";
    if (is_pinned(pin))
        return is_what_was_pinned(pin, chosen) ? std::string{} : "the pinned pivot moved";
    if (fate == PivotBefore::kGivenUp || !goes_back(before, chosen)) return {};
    const Hash256& old = before->header()->hash;
    const bool same_chain = std::any_of(chosen.headers.begin(), chosen.headers.end(),
                                        [&old](const auto& header) { return header.hash == old; });
    return same_chain ? "the pivot moved back on its own chain" : std::string{};
}

}  // namespace fastsync::sync
