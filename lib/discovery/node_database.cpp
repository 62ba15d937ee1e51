#include <cerrno>
#include <charconv>
#include <cstring>
#include <tuple>

#include <fcntl.h>
#include <unistd.h>

#include <discovery/node_database.hpp>

namespace fastsync::discovery {
namespace {

constexpr std::string_view kHeader = "fastsyncd-nodes 1";
constexpr mode_t kMode = 0600;

Error storage_error(std::string_view what, const std::filesystem::path& file) {
    return {Errc::kStorage, std::string{what} + " " + file.string() + ": " + std::strerror(errno)};
}

/// An open file; closed at the end of the scope.
class File {
  public:
    File(const std::filesystem::path& path, int flags) : fd_(::open(path.c_str(), flags, kMode)) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int fd() const noexcept { return fd_; }

  private:
    int fd_;
};

/// Everything in it, or nothing with errno set; EFBIG over kMaxDatabaseFile.
std::optional<std::string> read_all(const File& file) {
    std::string out(kMaxDatabaseFile + 1, '\0');
    std::size_t size = 0;
    while (size < out.size()) {
        const ssize_t got = ::read(file.fd(), out.data() + size, out.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > kMaxDatabaseFile) {
        errno = EFBIG;
        return std::nullopt;
    }
    out.resize(size);
    return out;
}

bool write_all(const File& file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t put = ::write(file.fd(), text.data(), text.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(put));
    }
    return ::fsync(file.fd()) == 0;
}

/// Cuts off what is before the next `separator`.
std::string_view take_until(std::string_view& text, char separator) {
    const std::size_t at = text.find(separator);
    const std::string_view out = text.substr(0, at);
    text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
    return out;
}

template <class Number>
std::optional<Number> take_number(std::string_view& text) {
    const std::string_view digits = take_until(text, ' ');
    Number value{};
    const char* end = digits.data() + digits.size();
    const auto [stopped, failed] = std::from_chars(digits.data(), end, value);
    if (digits.empty() || failed != std::errc{} || stopped != end) return std::nullopt;
    return value;
}

/// "<enode URL> <seen> <failures> <served>"
std::optional<KnownNode> parse_line(std::string_view line) {
    const auto enode = parse_enode(take_until(line, ' '));
    const auto seen = take_number<UnixTime>(line);
    const auto failures = take_number<std::uint32_t>(line);
    const auto served = take_number<std::uint64_t>(line);
    if (!enode || !seen || !failures || !served || !line.empty()) return std::nullopt;
    const auto address = IpAddress::parse(enode->host);
    if (!address || enode->udp_port == 0) return std::nullopt;
    return KnownNode{make_node(enode->id, {*address, enode->udp_port}, enode->tcp_port), *seen,
                     *failures, *served};
}

std::string to_line(const KnownNode& known) {
    const Enode enode{known.node.id, to_string(known.node.udp.address), known.node.tcp,
                      known.node.udp.port};
    return to_string(enode) + " " + std::to_string(known.seen) + " " +
           std::to_string(known.failures) + " " + std::to_string(known.served) + "\n";
}

/// The more useful one first.
bool is_better(const KnownNode& a, const KnownNode& b) {
    const auto rank = [](const KnownNode& k) {
        return std::tuple{k.failures == 0 ? 1 : 0, k.served, k.seen};
    };
    return rank(a) > rank(b);
}

}  // namespace

Result<NodeDatabase> NodeDatabase::load(std::filesystem::path file) {
    NodeDatabase out{std::move(file)};
    const File in{out.file_, O_RDONLY | O_CLOEXEC};
    if (!in.is_open()) {
        if (errno == ENOENT) return out;
        return storage_error("cannot open", out.file_);
    }
    const auto text = read_all(in);
    if (!text) return storage_error("cannot read", out.file_);
    out.read(*text);
    return out;
}

void NodeDatabase::read(std::string_view text) {
    const bool is_ours = take_until(text, '\n') == kHeader;
    while (!text.empty()) {
        const auto known = parse_line(take_until(text, '\n'));
        if (is_ours && known)
            put(*known);
        else
            ++unreadable_;
    }
}

Result<void> NodeDatabase::save() const {
    std::string text{kHeader};
    text += '\n';
    for (const KnownNode* known : in_order())
        text += to_line(*known);
    std::filesystem::path fresh = file_;
    fresh += ".new";
    {
        const File out{fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC};
        if (!out.is_open()) return storage_error("cannot create", fresh);
        if (!write_all(out, text)) return storage_error("cannot write", fresh);
    }
    if (::rename(fresh.c_str(), file_.c_str()) != 0) return storage_error("cannot replace", file_);
    const auto folder = file_.has_parent_path() ? file_.parent_path() : std::filesystem::path{"."};
    const File directory{folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC};
    if (!directory.is_open() || ::fsync(directory.fd()) != 0)
        return storage_error("cannot sync", folder);
    return {};
}

void NodeDatabase::put(const KnownNode& known) {
    if (const auto before = nodes_.find(known.node.id); before != nodes_.end()) erase(before);
    const IpAddress address = known.node.udp.address;
    if (known.served == 0) {
        if (!subnets_.has_room(address)) return;
        subnets_.add(address);
    }
    nodes_.emplace(known.node.id, known);
    if (nodes_.size() <= kMaxKnownNodes) return;
    erase(std::max_element(nodes_.begin(), nodes_.end(), [](const auto& a, const auto& b) {
        return is_better(a.second, b.second);
    }));
}

void NodeDatabase::erase(Nodes::iterator node) {
    if (node->second.served == 0) subnets_.remove(node->second.node.udp.address);
    nodes_.erase(node);
}

void NodeDatabase::seen(const Node& node, UnixTime now) {
    KnownNode known{node, now, 0, 0};
    if (const auto before = nodes_.find(node.id); before != nodes_.end())
        known.served = before->second.served;
    put(known);
}

void NodeDatabase::served(const NodeId& id, std::uint64_t items) {
    const auto before = nodes_.find(id);
    if (before == nodes_.end() || items == 0) return;
    KnownNode known = before->second;
    known.served += items;
    put(known);
}

void NodeDatabase::failed(const NodeId& id) {
    const auto known = nodes_.find(id);
    if (known == nodes_.end()) return;
    if (++known->second.failures >= kMaxNodeFailures) erase(known);
}

std::vector<const KnownNode*> NodeDatabase::in_order() const {
    std::vector<const KnownNode*> out;
    out.reserve(nodes_.size());
    for (const auto& [id, known] : nodes_)
        out.push_back(&known);
    std::sort(out.begin(), out.end(),
              [](const KnownNode* a, const KnownNode* b) { return is_better(*a, *b); });
    return out;
}

std::vector<Node> NodeDatabase::best(std::size_t max, UnixTime now) const {
    std::vector<Node> out;
    for (const KnownNode* known : in_order()) {
        if (out.size() >= max) break;
        if (known->seen + kForgetAfter > now) out.push_back(known->node);
    }
    return out;
}

std::optional<KnownNode> NodeDatabase::find(const NodeId& id) const {
    const auto known = nodes_.find(id);
    if (known == nodes_.end()) return std::nullopt;
    return known->second;
}

}  // namespace fastsync::discovery
