#include <pthread.h>

#include <daemon/loop_thread.hpp>

namespace fastsync::daemon {

LoopThread::LoopThread(const char* name)
    : thread_([this, name] {
          (void)pthread_setname_np(pthread_self(), name);
          context_.run();
      }) {}

void LoopThread::finish() {
    work_.reset();
    if (thread_.joinable()) thread_.join();
}

}  // namespace fastsync::daemon
