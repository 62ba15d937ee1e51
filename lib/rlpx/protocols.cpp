#include <algorithm>
#include <map>

#include <rlpx/protocols.hpp>

namespace fastsync::rlpx {

Protocols Protocols::match(const std::vector<Offer>& ours, const std::vector<Capability>& theirs) {
    std::map<std::string_view, const Offer*> best;  // by name, in byte order
    for (const Offer& offer : ours) {
        if (std::find(theirs.begin(), theirs.end(), offer.capability) == theirs.end()) continue;
        const Offer*& chosen = best[offer.capability.name];
        if (chosen == nullptr || chosen->capability.version < offer.capability.version)
            chosen = &offer;
    }
    Protocols out;
    std::uint64_t next = kFirstProtocolCode;
    for (const auto& [name, offer] : best) {
        out.protocols_.push_back({offer->capability, offer->message_count, next});
        next += offer->message_count;
    }
    return out;
}

const Protocols::Protocol* Protocols::find(std::string_view name) const noexcept {
    const auto found =
        std::find_if(protocols_.begin(), protocols_.end(),
                     [name](const Protocol& p) { return p.capability.name == name; });
    return found == protocols_.end() ? nullptr : &*found;
}

std::optional<Protocols::Place> Protocols::place_of(std::uint64_t wire_code) const noexcept {
    for (const Protocol& p : protocols_) {
        if (wire_code < p.first_code || wire_code - p.first_code >= p.message_count) continue;
        return Place{p.capability.name, static_cast<std::uint32_t>(wire_code - p.first_code)};
    }
    return std::nullopt;
}

}  // namespace fastsync::rlpx
