#include <devnet/exported_blocks.hpp>
#include <devnet/file_reader.hpp>
#include <rlp/decode.hpp>

namespace fastsync::devnet {
namespace {

Result<chain::BlockHeader> take_header(ByteView& blocks) {
    FASTSYNC_TRY(ByteView block, rlp::take_list(blocks));
    FASTSYNC_TRY(const rlp::Item header, rlp::take(block));
    return chain::decode_header(header.raw);
}

Result<void> take_block(ByteView& blocks, HeaderChain& headers) {
    FASTSYNC_TRY(chain::BlockHeader header, take_header(blocks));
    if (header.hash == headers.genesis().hash) return {};
    return headers.append(std::move(header));
}

}  // namespace

Result<void> append_exported(const std::filesystem::path& path, chain::BlockNumber until,
                             HeaderChain& headers) {
    FASTSYNC_TRY(FileReader file, FileReader::open(path));
    FASTSYNC_TRY(const Bytes bytes, file.read_rest(kMaxExportFile));
    ByteView rest = bytes;
    while (!rest.empty() && headers.head().number < until) {
        const std::uint64_t offset = bytes.size() - rest.size();
        const auto taken = take_block(rest, headers);
        if (!taken) return file.wrong(offset, taken.error().detail);
    }
    return {};
}

}  // namespace fastsync::devnet
