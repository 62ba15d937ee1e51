#include <atomic>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <async/task_scope.hpp>
#include <daemon/loop_thread.hpp>
#include <daemon/reload.hpp>
#include <daemon/service_watch.hpp>

#include "support/shared_files.hpp"

using namespace fastsync;
using namespace fastsync::daemon;
using namespace std::chrono_literals;
using Messages = std::vector<std::string>;

namespace {

struct FakeManager final : ServiceManager {
    void tell(const std::string& message) override {
        const std::lock_guard lock{mutex};
        messages.push_back(message);
    }
    std::optional<Duration> patience() const override { return waits; }
    Messages told() {
        const std::lock_guard lock{mutex};
        return messages;
    }
    std::size_t count(const std::string& message) {
        const std::lock_guard lock{mutex};
        return static_cast<std::size_t>(std::count(messages.begin(), messages.end(), message));
    }

    std::mutex mutex;
    Messages messages;
    std::optional<Duration> waits;
};

/// An environment variable with a value until the end of the scope.
class Variable {
  public:
    Variable(const char* name, const std::string& value) : name_(name) {
        ::setenv(name, value.c_str(), 1);
    }
    ~Variable() { ::unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    const char* name_;
};

/// The socket that systemd listens on.
class ManagerSocket {
  public:
    explicit ManagerSocket(const std::string& path) : file_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        REQUIRE(path.size() < sizeof(address.sun_path));
        path.copy(address.sun_path, path.size());
        const void* const any = &address;
        REQUIRE(::bind(file_, static_cast<const sockaddr*>(any), sizeof(address)) == 0);
    }
    ~ManagerSocket() { ::close(file_); }
    ManagerSocket(const ManagerSocket&) = delete;
    ManagerSocket& operator=(const ManagerSocket&) = delete;

    /// The next message; empty when there is none.
    std::string read() const {
        std::string message(4096, '\0');
        const auto size = ::recv(file_, message.data(), message.size(), MSG_DONTWAIT);
        message.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return message;
    }

  private:
    int file_;
};

/// A watch on a thread of its own, over one thread that can be held up.
class Watched {
  public:
    Watched(FakeManager& manager, std::function<bool()> serves) : link_(&manager) {
        thread_ = std::thread{[this, serves = std::move(serves)] {
            boost::asio::io_context context;
            const auto clock = async::make_system_clock(context.get_executor());
            ServiceWatch watch{{link_,
                                *clock,
                                {held_.executor()},
                                [] { return "words"; },
                                serves,
                                slow_.executor()}};
            async::Gate enough{context.get_executor()};
            boost::asio::post(context, [&] { enough_ = &enough; });
            async::TaskScope scope{context.get_executor()};
            scope.spawn(watch.run(enough));
            context_ = &context;
            context.run();
        }};
    }
    ~Watched() {
        while (context_ == nullptr)
            std::this_thread::yield();
        boost::asio::post(*context_.load(), [this] { enough_.load()->open(); });
        thread_.join();
    }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    LoopThread& held() { return held_; }

  private:
    ServiceLink link_;
    LoopThread held_{"held"};
    LoopThread slow_{"slow"};
    std::atomic<boost::asio::io_context*> context_{nullptr};
    std::atomic<async::Gate*> enough_{nullptr};
    std::thread thread_;
};

EffectiveConfig with(std::vector<std::string> more) {
    more.insert(more.begin(), {"--data-dir=/d", "--network=xdc"});
    return *read_run_config(more, {});
}

bool reached(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!condition() && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(1ms);
    return condition();
}

}  // namespace

TEST_CASE("ServiceManager: there is none unless the environment names one", "[daemon]") {
    ::unsetenv("NOTIFY_SOCKET");
    CHECK(find_service_manager() == nullptr);
    const Variable empty{"NOTIFY_SOCKET", ""};
    CHECK(find_service_manager() == nullptr);
}

TEST_CASE("ServiceManager: messages arrive at a real socket, and its patience is read",
          "[daemon]") {
    const test::TempDir folder;
    const std::string path = (folder.path() / "notify").string();
    const ManagerSocket socket{path};
    const Variable name{"NOTIFY_SOCKET", path};
    const auto manager = find_service_manager();
    REQUIRE(manager);
    CHECK_FALSE(manager->patience());
    manager->tell("READY=1");
    manager->tell("STATUS=syncing 1.00 %");
    CHECK(socket.read() == "READY=1");
    CHECK(socket.read() == "STATUS=syncing 1.00 %");
    CHECK(socket.read().empty());
    const Variable watchdog{"WATCHDOG_USEC", "3000000"};
    CHECK(manager->patience() == Duration{3s});
    const Variable of_another{"WATCHDOG_PID", "1"};
    CHECK_FALSE(manager->patience());
}

TEST_CASE("ServiceManager: one that is gone is no harm", "[daemon]") {
    const test::TempDir folder;
    const Variable name{"NOTIFY_SOCKET", (folder.path() / "nobody").string()};
    find_service_manager()->tell("READY=1");
}

TEST_CASE("ServiceLink: ready and stopping once, the status when it changed", "[daemon]") {
    FakeManager manager;
    ServiceLink link{&manager};
    link.reloading();  // not yet ready: nobody waits for that
    link.reloaded();
    link.status("a");
    link.status("a");
    link.ready();
    link.ready();
    link.status("b");
    CHECK(manager.told() == Messages{"STATUS=a", "READY=1", "STATUS=b"});
    manager.messages.clear();
    link.reloading();
    link.reloaded();
    REQUIRE(manager.told().size() == 2);
    CHECK(manager.messages[0].starts_with("RELOADING=1\nMONOTONIC_USEC="));
    CHECK(manager.messages[1] == "READY=1");
    manager.messages.clear();
    link.stopping();
    link.stopping();
    link.reloading();
    link.reloaded();
    link.ready();
    CHECK(manager.told() == Messages{"STOPPING=1"});
    ServiceLink{nullptr}.stopping();
}

TEST_CASE("ServiceLink: a status can be no message of its own, and has 240 bytes at most",
          "[daemon]") {
    FakeManager manager;
    ServiceLink link{&manager};
    link.status("peer says \"x\nMAINPID=1\r\x1b[2J\xff\"");
    CHECK(manager.told() == Messages{"STATUS=peer says \"x MAINPID=1  [2J \""});
    manager.messages.clear();
    link.status(std::string(kMaxServiceStatus, 'a'));
    link.status(std::string(kMaxServiceStatus + 1, 'a'));
    CHECK(manager.told() == Messages{"STATUS=" + std::string(kMaxServiceStatus, 'a')});
}

TEST_CASE("ServiceWatch: ready as soon as it is served and not before", "[daemon]") {
    FakeManager manager;
    manager.waits = 20ms;
    std::atomic<bool> serves{false};
    const Watched watched{manager, [&] { return serves.load(); }};
    REQUIRE(reached([&] { return manager.count("WATCHDOG=1") > 3; }));
    CHECK(manager.count("READY=1") == 0);
    CHECK(manager.count("STATUS=words") == 1);
    serves = true;
    CHECK(reached([&] { return manager.count("READY=1") == 1; }));
}

TEST_CASE("ServiceWatch: a thread that hangs is no sign of life", "[daemon]") {
    FakeManager manager;
    manager.waits = 20ms;
    std::atomic<bool> hangs{false};
    std::atomic<bool> release{false};
    Watched watched{manager, [] { return true; }};
    REQUIRE(reached([&] { return manager.count("WATCHDOG=1") > 3; }));
    boost::asio::post(watched.held().executor(), [&] {
        hangs = true;
        while (!release)
            std::this_thread::yield();
    });
    REQUIRE(reached([&] { return hangs.load(); }));
    // One that was under way may still be told.
    std::this_thread::sleep_for(50ms);
    const std::size_t before = manager.count("WATCHDOG=1");
    std::this_thread::sleep_for(200ms);
    CHECK(manager.count("WATCHDOG=1") == before);
    release = true;
    CHECK(reached([&] { return manager.count("WATCHDOG=1") > before + 3; }));
}

TEST_CASE("ServiceWatch: who waits for no sign of life gets none", "[daemon]") {
    FakeManager manager;
    const Watched watched{manager, [] { return true; }};
    REQUIRE(reached([&] { return manager.count("STATUS=words") == 1; }));
    CHECK(manager.told() == Messages{"READY=1", "STATUS=words"});
}

TEST_CASE("Reloader: log levels hold at once, the rest is named, what is wrong changes nothing",
          "[daemon]") {
    FakeManager manager;
    ServiceLink link{&manager};
    link.ready();
    Result<EffectiveConfig> next = with({"--log-level=debug", "--max-peers=3"});
    Reloader reloader{with({"--log-level=off"}), [&] { return next; }, link};
    log::set_levels(log::Level::kOff);
    reloader.reload();
    CHECK(log::enabled(log::Level::kDebug, "eth"));
    next = Error{Errc::kConfig, "wrong"};
    reloader.reload();
    CHECK(log::enabled(log::Level::kDebug, "eth"));
    next = with({"--log-level=off,sync=warn"});
    reloader.reload();
    CHECK_FALSE(log::enabled(log::Level::kError, "eth"));
    CHECK(log::enabled(log::Level::kWarn, "sync"));
    next = with({"--log-level=off"});
    reloader.reload();
    CHECK_FALSE(log::enabled(log::Level::kError, "sync"));
    CHECK(manager.count("READY=1") == 5);
}

TEST_CASE("Reloader: whoever is attached is told of peers that changed, and of nothing else",
          "[daemon]") {
    const std::string a =
        "enode://"
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da"
        "4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8@10.0.0.1:1";
    FakeManager manager;
    ServiceLink link{&manager};
    std::vector<std::pair<std::size_t, std::size_t>> told;
    Result<EffectiveConfig> next = with({"--static-peer=" + a});
    Reloader reloader{with({}), [&] { return next; }, link};
    reloader.reload();  // nobody is there to be told
    reloader.attach([&](const auto& known, const auto& trusted) {
        told.emplace_back(known.size(), trusted.size());
    });
    reloader.reload();
    reloader.reload();  // no change
    next = Error{Errc::kConfig, "wrong"};
    reloader.reload();
    next = with({"--trusted-peer=" + a, "--max-peers=3"});
    reloader.reload();
    using Told = std::vector<std::pair<std::size_t, std::size_t>>;
    CHECK(told == Told{{1, 0}, {0, 1}});
    reloader.attach(nullptr);
    next = with({});
    reloader.reload();
    CHECK(told.size() == 2);
}
