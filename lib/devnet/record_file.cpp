#include <array>

#include <crypto/keccak.hpp>
#include <devnet/file_reader.hpp>
#include <devnet/record_file.hpp>

namespace fastsync::devnet {
namespace {

/// Records hashed together.
constexpr std::size_t kBatch = 64;

struct Record {
    std::uint64_t offset = 0;
    Hash256 hash;
    Bytes bytes;
};

/// False at the end of the file.
Result<bool> read_record(FileReader& file, Record& record) {
    record.offset = file.offset();
    FASTSYNC_TRY(const bool any, file.read(record.hash.data));
    if (!any) return false;
    std::array<Byte, 4> length{};
    FASTSYNC_TRY(const bool has_length, file.read(length));
    if (!has_length) return file.wrong(file.offset(), "the file ends too early");
    std::uint32_t size = 0;
    for (const Byte b : length)
        size = (size << 8U) | b;
    if (size > kMaxItemSize) {
        return file.wrong(record.offset, "an item of " + std::to_string(size) + " bytes");
    }
    record.bytes.resize(size);
    FASTSYNC_TRY(const bool whole, file.read(record.bytes));
    if (!whole) return file.wrong(file.offset(), "the file ends too early");
    return true;
}

Result<void> add_checked(const FileReader& file, std::span<const Record> records,
                         ItemStore& items) {
    std::array<ByteView, kBatch> messages;
    std::array<Hash256, kBatch> hashes;
    for (std::size_t i = 0; i < records.size(); ++i)
        messages[i] = records[i].bytes;
    crypto::keccak256_batch(std::span{messages}.first(records.size()),
                            std::span{hashes}.first(records.size()));
    for (std::size_t i = 0; i < records.size(); ++i) {
        const Record& record = records[i];
        if (hashes[i] != record.hash) {
            return file.wrong(record.offset, "the item's hash is " + to_hex0x(hashes[i]) +
                                                 ", not " + to_hex0x(record.hash));
        }
        items.add(record.hash, record.bytes);
    }
    return {};
}

}  // namespace

Result<void> load_records(const std::filesystem::path& path, ItemStore& items) {
    FASTSYNC_TRY(FileReader file, FileReader::open(path));
    std::array<Record, kBatch> batch;
    while (true) {
        std::size_t count = 0;
        while (count < kBatch) {
            FASTSYNC_TRY(const bool any, read_record(file, batch[count]));
            if (!any) break;
            ++count;
        }
        FASTSYNC_CHECK(add_checked(file, std::span{batch}.first(count), items));
        if (count < kBatch) return {};
    }
}

}  // namespace fastsync::devnet
