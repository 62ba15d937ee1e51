#include <algorithm>

#include <daemon/config_source.hpp>

namespace fastsync::daemon {

const KnownKey* find_key(std::span<const KnownKey> keys, std::string_view key) {
    const auto at =
        std::find_if(keys.begin(), keys.end(), [&](const KnownKey& k) { return k.key == key; });
    return at == keys.end() ? nullptr : &*at;
}

Result<void> add_given(std::vector<GivenValue>& so_far, GivenValue next,
                       std::span<const KnownKey> keys) {
    const bool repeatable = find_key(keys, next.key)->kind == KnownKey::Kind::kRepeatable;
    const bool twice = std::any_of(so_far.begin(), so_far.end(),
                                   [&](const GivenValue& g) { return g.key == next.key; });
    if (twice && !repeatable) return Error{Errc::kConfig, next.origin + ": is given twice"};
    so_far.push_back(std::move(next));
    return {};
}

}  // namespace fastsync::daemon
