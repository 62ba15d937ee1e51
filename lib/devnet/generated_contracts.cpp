#include <algorithm>
#include <bit>
#include <optional>

#include <crypto/keccak.hpp>
#include <devnet/generated_contracts.hpp>
#include <devnet/hashed_keys.hpp>
#include <devnet/seeded.hpp>
#include <rlp/encode.hpp>
#include <trie/builder.hpp>
#include <trie/constants.hpp>

namespace fastsync::devnet {
namespace {

/// Slots for each contract on the average, before some of them get another's storage or none.
constexpr std::uint64_t kMeanSlots = 32;
/// Storage that is copied with a change has at most so many slots: there shall be one giant.
constexpr std::uint64_t kMaxVariedSlots = 4096;
/// The first slots of a contract are its plain variables 0, 1, ...; the rest are of mappings.
constexpr std::uint64_t kPlainSlots = 4;
/// No contract's own slots reach this far.
constexpr std::uint64_t kExtraSlot = 0xffff'ffff;
constexpr Byte kCodeStart[] = {0x60, 0x80, 0x60, 0x40, 0x52};
constexpr std::uint64_t kSmallestCode = 64;
constexpr std::uint64_t kLargestCode = 24'576;  // EIP-170

/// A storage: slots 0 ... count - 1 of contract `origin`, and maybe one more of contract `extra`.
struct StoragePlan {
    std::uint64_t origin = 0;
    std::uint64_t count = 0;
    std::optional<std::uint64_t> extra;
};

struct Slot {
    Hash256 position;
    Bytes value;  ///< as the trie holds it
};

Bytes slot_value(Seeded& random) {
    std::array<Byte, 32> word{};
    const std::span<Byte> all{word};
    switch (random.below(4)) {
        case 0:
            random.fill(all);  // a hash
            break;
        case 1:
            random.fill(all.last(Address::kSize));
            break;
        default:
            random.fill(all.last(1 + random.below(3)));  // a counter, a flag
    }
    if (word.back() == 0) word.back() = 1;
    const auto* const first =
        std::find_if(word.begin(), word.end(), [](const Byte b) { return b != 0; });
    return rlp::encode_string({first, word.end()});
}

Slot make_slot(std::uint64_t seed, std::uint64_t contract, std::uint64_t index) {
    Seeded random{seed, Seeded::Purpose::kSlot, (contract << 32U) | index};
    Slot slot;
    if (index < kPlainSlots) {
        slot.position.data.back() = static_cast<Byte>(index);
    } else {
        slot.position = random.draw<Hash256>();
    }
    slot.value = slot_value(random);
    return slot;
}

/// The sum of 1 / j for j = 1 ... count, in units of 2^-32.
std::uint64_t harmonic(std::uint64_t count) {
    std::uint64_t sum = 0;
    for (std::uint64_t j = 1; j <= count; ++j)
        sum += (std::uint64_t{1} << 32U) / j;
    return sum;
}

class ContractMaker {
  public:
    ContractMaker(std::uint64_t seed, std::uint64_t count, bool giant, ItemStore& items)
        : seed_(seed), count_(count), giant_(giant), items_(items), harmonic_(harmonic(count)) {}

    std::vector<GeneratedContract> make() {
        plans_.reserve(count_);
        made_.reserve(count_);
        codes_.resize(std::max<std::uint64_t>(1, count_ / 2));
        for (std::uint64_t c = 0; c < count_; ++c) {
            const Hash256 root = make_storage(c);
            made_.push_back({root, choose_code(c)});
        }
        return std::move(made_);
    }

  private:
    /// Zipf's law: the n-th contract has a share of 1 / n, give or take a half.
    std::uint64_t own_slots(std::uint64_t contract, Seeded& random) const {
        const std::uint64_t all = kMeanSlots * count_;
        if (giant_ && contract == 0) return all / 2;
        const std::uint64_t even = (all << 32U) / (harmonic_ * (contract + 1));
        return std::max<std::uint64_t>(1, even * (512 + random.below(1024)) / 1024);
    }

    Hash256 make_storage(std::uint64_t contract) {
        Seeded random{seed_, Seeded::Purpose::kStorage, contract};
        const std::uint64_t slots = own_slots(contract, random);
        const std::uint64_t choice = random.below(16);
        const std::uint64_t other = random.below(std::max<std::uint64_t>(1, contract));
        StoragePlan plan{contract, slots, {}};
        if (contract != 0 && choice < 2) {
            plan.count = 0;
        } else if (contract != 0 && choice < 5) {
            plans_.push_back(plans_[other]);
            return made_[other].storage_root;
        } else if (contract != 0 && choice < 6 && plans_[other].count <= kMaxVariedSlots) {
            plan = plans_[other];
            plan.extra = contract;
        }
        plans_.push_back(plan);
        return build_storage(plan);
    }

    Hash256 build_storage(const StoragePlan& plan) {
        std::vector<Hash256> positions;
        std::vector<Bytes> values;
        const auto add = [&](Slot slot) {
            positions.push_back(slot.position);
            values.push_back(std::move(slot.value));
        };
        for (std::uint64_t i = 0; i < plan.count; ++i)
            add(make_slot(seed_, plan.origin, i));
        if (plan.extra) add(make_slot(seed_, *plan.extra, kExtraSlot));
        trie::SortedTrieBuilder builder(
            [this](const Hash256& hash, ByteView rlp) { items_.add(hash, rlp); });
        for (const auto& [key, index] : hash_and_sort(positions)) {
            const auto added = builder.add(key, values[index]);
            FASTSYNC_ASSERT(added.has_value());
        }
        return builder.finish();
    }

    /// Few codes have many users.
    Hash256 choose_code(std::uint64_t contract) {
        Seeded random{seed_, Seeded::Purpose::kCodeChoice, contract};
        const std::uint64_t index = random.below(random.below(codes_.size()) + 1);
        auto& code = codes_[index];
        if (!code) code = make_code(index);
        return *code;
    }

    /// Sizes are heavy-tailed: each doubling is half as likely.
    Hash256 make_code(std::uint64_t index) {
        Seeded random{seed_, Seeded::Purpose::kCode, index};
        const auto doublings = static_cast<unsigned>(std::countl_zero(random.next() | 0xffff));
        const std::uint64_t least = kSmallestCode << doublings;
        Bytes code(std::min(kLargestCode, least + random.below(least)));
        random.fill(code);
        std::copy(std::begin(kCodeStart), std::end(kCodeStart), code.begin());
        const Hash256 hash = crypto::keccak256(code);
        items_.add(hash, code);
        return hash;
    }

    std::uint64_t seed_;
    std::uint64_t count_;
    bool giant_;
    ItemStore& items_;
    std::uint64_t harmonic_;
    std::vector<StoragePlan> plans_;
    std::vector<GeneratedContract> made_;
    std::vector<std::optional<Hash256>> codes_;
};

}  // namespace

std::vector<GeneratedContract> generate_contracts(std::uint64_t seed, std::uint64_t count,
                                                  bool giant, ItemStore& items) {
    return ContractMaker{seed, count, giant, items}.make();
}

}  // namespace fastsync::devnet
