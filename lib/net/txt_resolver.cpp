#include <utility>

#include <ares.h>

#include <net/cares_loop.hpp>
#include <net/dns.hpp>
#include <net/joined_texts.hpp>

namespace fastsync::net {
namespace {

constexpr int kClassInternet = 1;
constexpr int kTypeTxt = 16;

struct Answer {
    bool done = false;
    int status = ARES_ECANCELLED;
    std::vector<std::string> texts;
};

std::vector<std::string> texts_of(const ares_txt_ext* first) {
    JoinedTexts out;
    for (const ares_txt_ext* part = first; part != nullptr; part = part->next) {
        const auto which =
            part->record_start != 0 ? JoinedTexts::Part::kFirst : JoinedTexts::Part::kFurther;
        if (!out.add({reinterpret_cast<const char*>(part->txt), part->length}, which)) break;
    }
    return out.take();
}

void on_answer(void* context, int status, int, unsigned char* bytes, int size) {
    auto& answer = *static_cast<Answer*>(context);
    answer.done = true;
    answer.status = status;
    if (status != ARES_SUCCESS) return;
    ares_txt_ext* texts = nullptr;
    answer.status = ares_parse_txt_reply_ext(bytes, size, &texts);
    if (answer.status == ARES_SUCCESS) answer.texts = texts_of(texts);
    if (texts != nullptr) ares_free_data(texts);
}

Error error_of(int status, const std::string& name) {
    if (status == ARES_ENOTFOUND || status == ARES_ENODATA)
        return {Errc::kNotFound, "no TXT record at " + name};
    return {Errc::kConnect, "cannot resolve " + name + ": " + ares_strerror(status)};
}

class CaresTxtResolver final : public TxtResolver {
  public:
    CaresTxtResolver(async::Executor executor, async::Clock& clock, std::string servers)
        : loop_(std::move(executor), clock), servers_(std::move(servers)) {}

    [[nodiscard]] async::Task<Result<std::vector<std::string>>> resolve_txt(
        std::string name, TimePoint deadline) override {
        // Before the channel: the library still tells it when the channel goes.
        Answer answer;
        CaresChannel channel;
        FASTSYNC_CO_CHECK(channel.open(servers_));
        if (!loop_.is_closed())
            ares_query(channel.get(), name.c_str(), kClassInternet, kTypeTxt, on_answer, &answer);
        while (!answer.done && !loop_.is_closed() && loop_.now() < deadline)
            co_await loop_.turn(channel.get(), deadline);
        if (loop_.is_closed()) co_return Error{Errc::kClosed, "the resolver was closed"};
        if (!answer.done) co_return Error{Errc::kTimeout, "no answer in time for " + name};
        if (answer.status != ARES_SUCCESS) co_return error_of(answer.status, name);
        co_return std::move(answer.texts);
    }

    void close() noexcept override { loop_.close(); }

  private:
    CaresLoop loop_;
    std::string servers_;
};

}  // namespace

Result<std::unique_ptr<TxtResolver>> make_txt_resolver(async::Executor executor,
                                                       async::Clock& clock, std::string servers) {
    CaresChannel probe;
    FASTSYNC_CHECK(probe.open(servers));
    return std::unique_ptr<TxtResolver>{
        std::make_unique<CaresTxtResolver>(std::move(executor), clock, std::move(servers))};
}

}  // namespace fastsync::net
