#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table_properties.h>

#include <common/u256.hpp>
#include <storage/rocks_status.hpp>
#include <storage/salvage.hpp>
#include <storage/schema.hpp>

namespace fastsync::storage {
namespace {

/// Places in the key space: the first 32 bytes of a key. No two keys share one: items' are a hash
/// behind a byte, records' are shorter.
using Place = U256;
constexpr std::size_t kPlaceBytes = 32;
const Place kLastPlace = std::numeric_limits<Place>::max();
/// Places of items are told apart by 8 bytes: hashes differ there, and fewer steps lead to them.
const Place kItemGrain = Place{1} << 192U;

Place place_of(std::string_view key) {
    Place place = 0;
    for (std::size_t i = 0; i < kPlaceBytes; ++i)
        place = (place << 8U) | (i < key.size() ? static_cast<unsigned char>(key[i]) : 0U);
    return place;
}

/// The least key of a place: without the zeros that may follow.
std::string first_key_of(Place place) {
    std::string key(kPlaceBytes, '\0');
    for (std::size_t i = kPlaceBytes; i > 0; --i, place >>= 8U)
        key[i - 1] = static_cast<char>(static_cast<unsigned char>(place & 0xffU));
    key.resize(key.find_last_not_of('\0') + 1);
    return key;
}

/// A family without a database, to name it in a table.
class NamedFamily final : public rocksdb::ColumnFamilyHandle {
  public:
    NamedFamily(std::string_view name, std::uint32_t id, const rocksdb::Comparator* order)
        : name_{name}, id_{id}, order_{order} {}
    [[nodiscard]] const std::string& GetName() const override { return name_; }
    [[nodiscard]] std::uint32_t GetID() const override { return id_; }
    rocksdb::Status GetDescriptor(rocksdb::ColumnFamilyDescriptor*) override {
        return rocksdb::Status::NotSupported();
    }
    [[nodiscard]] const rocksdb::Comparator* GetComparator() const override { return order_; }

  private:
    std::string name_;
    std::uint32_t id_;
    const rocksdb::Comparator* order_;
};

class Salvage {
  public:
    Salvage(const rocksdb::Options& options, std::filesystem::path to)
        : options_{options}, to_{std::move(to)}, reader_{options} {}

    Result<Salvaged> run(const std::filesystem::path& from) {
        // Without its footer or the root of its index nothing of a table can be found.
        from_ = from;
        const auto opened = reader_.Open(from.string());
        if (opened.IsCorruption()) return Salvaged{0, 1};
        if (!opened.ok()) return read_error(opened);
        const auto properties = reader_.GetTableProperties();
        if (properties != nullptr && properties->column_family_name == schema::kItemFamily)
            grain_ = kItemGrain;
        renew();
        entry_->SeekToFirst();
        FASTSYNC_CHECK(copy());
        while (!entry_->status().ok()) {
            if (!entry_->status().IsCorruption()) return read_error(entry_->status());
            ++done_.gaps;
            FASTSYNC_TRY(const bool more, skip_gap());
            if (!more) break;
            FASTSYNC_CHECK(copy());
        }
        if (writer_) {
            if (const auto status = writer_->Finish(); !status.ok()) return write_error(status);
        }
        return done_;
    }

  private:
    /// Copies up to the next entry that cannot be read.
    Result<void> copy() {
        for (; entry_->Valid(); entry_->Next()) {
            const rocksdb::Slice key = entry_->key();
            if (!writer_) FASTSYNC_CHECK(open_writer({key.data(), key.size()}));
            if (const auto status = writer_->Put(key, entry_->value()); !status.ok())
                return write_error(status);
            at_ = place_of({key.data(), key.size()});
            ++done_.entries;
        }
        return {};
    }

    /// Goes to the first entry behind what cannot be read; false when there is none.
    Result<bool> skip_gap() {
        Place bad = at_;
        Place good = bad;
        for (Place step = grain_; good == bad; step += std::min(step, Place{kLastPlace - step})) {
            const Place next = kLastPlace - bad > step ? bad + step : kLastPlace;
            FASTSYNC_TRY(const bool readable, seek(next));
            if (readable) {
                good = next;
            } else if (next == kLastPlace) {
                return false;
            } else {
                good = bad = next;
            }
        }
        while (good - bad > grain_) {
            const Place middle = bad + (good - bad) / 2;
            FASTSYNC_TRY(const bool readable, seek(middle));
            (readable ? good : bad) = middle;
        }
        at_ = good;
        FASTSYNC_TRY(const bool readable, seek(good));
        return readable && entry_->Valid();
    }

    void renew() { entry_.reset(reader_.NewIterator({})); }

    /// False when what follows the place is damaged.
    Result<bool> seek(Place place) {
        // One that met a bad block says so for ever.
        if (!entry_->status().ok()) renew();
        entry_->Seek(first_key_of(place));
        const auto status = entry_->status();
        if (!status.ok() && !status.IsCorruption()) return read_error(status);
        return status.ok();
    }

    /// Keys of items are of one length and kind; all others belong to the records.
    Result<void> open_writer(std::string_view key) {
        const bool item = key.size() == schema::kItemKeySize &&
                          (key[0] == schema::kCodePrefix || key[0] == schema::kNodePrefix);
        family_ = item ? std::make_unique<NamedFamily>(schema::kItemFamily, 0, options_.comparator)
                       : std::make_unique<NamedFamily>(schema::kMetaFamily, 1, options_.comparator);
        writer_ = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions{options_}, options_,
                                                           family_.get());
        if (const auto status = writer_->Open(to_.string()); !status.ok())
            return write_error(status);
        return {};
    }

    [[nodiscard]] Error read_error(const rocksdb::Status& status) const {
        return to_error(status, "cannot read the table file " + from_.string());
    }
    [[nodiscard]] Error write_error(const rocksdb::Status& status) const {
        return to_error(status, "cannot write the table file " + to_.string());
    }

    const rocksdb::Options& options_;
    std::filesystem::path from_;
    std::filesystem::path to_;
    rocksdb::SstFileReader reader_;
    std::unique_ptr<rocksdb::Iterator> entry_;
    std::unique_ptr<NamedFamily> family_;
    std::unique_ptr<rocksdb::SstFileWriter> writer_;
    Place grain_ = 1;
    Place at_ = 0;  // of the last entry that was read
    Salvaged done_;
};

}  // namespace

Result<Salvaged> salvage_table(const rocksdb::Options& options, const std::filesystem::path& from,
                               const std::filesystem::path& to) {
    return Salvage{options, to}.run(from);
}

}  // namespace fastsync::storage
