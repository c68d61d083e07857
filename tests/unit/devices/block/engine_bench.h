// SPDX-License-Identifier: Apache-2.0
// EngineBench: an engine on a file of its own, and operations with memory of their own.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <fcntl.h>

#include "base/loop/io_loop.h"
#include "devices/block/direct_io.h"
#include "devices/block/thread_engine.h"
#include "devices/block/uring_engine.h"
#include "tests/unit/devices/block/engine_cases.h"
#include "tests/unit/devices/block/temporary_file.h"

namespace siskin::engine_test {

inline constexpr std::uint64_t kFileSize = 256 * 1024;

class Operation final : public BlockOperation {
public:
    void complete(int error_number) override {
        error = error_number;
        ++completions;
    }

    std::vector<char> data;
    std::vector<iovec> buffers;
    int error = -1;
    unsigned completions = 0;
};

struct Bench {
    explicit Bench(EngineKind kind, int flags = O_RDWR, std::uint64_t size = kFileSize)
        : path(size) {
        access.file = *open_file(path.path(), flags);
        access.readable_end = size;
        UringUnavailable unavailable;
        engine = kind == EngineKind::Uring ? *UringEngine::create(access, 64, unavailable)
                                           : *ThreadEngine::create(access);
        REQUIRE(engine != nullptr);
        REQUIRE(engine->attach(loop).has_value());
    }
    ~Bench() { engine->detach(loop); }
    // Attached anew with direct I/O; false where the file system has none.
    bool use_direct(EngineKind kind) {
        if (::fcntl(access.file.get(), F_SETFL, O_RDWR | O_DIRECT) != 0) {
            return false;
        }
        const auto alignment = find_direct_alignment(access.file, path.path());
        if (!alignment) {
            return false;
        }
        access.direct = *alignment;
        engine->detach(loop);
        UringUnavailable unavailable;
        engine = kind == EngineKind::Uring ? *UringEngine::create(access, 64, unavailable)
                                           : *ThreadEngine::create(access);
        REQUIRE(engine->attach(loop).has_value());
        return true;
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    // The data is cut into pieces of this size.
    std::span<iovec> pieces(Operation& operation, std::size_t size, std::size_t piece) {
        operation.data.resize(size);
        operation.buffers.clear();
        for (std::size_t at = 0; at < size; at += piece) {
            operation.buffers.push_back(
                iovec{operation.data.data() + at, std::min(piece, size - at)});
        }
        return operation.buffers;
    }
    void submit_all(const std::vector<Operation*>& operations) {
        // As a queue does: from a source of the loop, before the end of its turn.
        class Submitter final : public IoSource {
        public:
            void on_ready() override {
                [[maybe_unused]] const auto count = event.take();
                for (Operation* const operation : *list) {
                    engine->submit(*operation);
                }
            }
            EventFd event = *EventFd::create();
            BlockEngine* engine = nullptr;
            const std::vector<Operation*>* list = nullptr;
        };
        Submitter submitter;
        submitter.engine = engine.get();
        submitter.list = &operations;
        REQUIRE(loop.add(submitter.event.get(), submitter).has_value());
        submitter.event.signal();
        for (const Operation* const operation : operations) {
            while (operation->completions == 0) {
                loop.run_one_turn();
            }
        }
        loop.remove(submitter.event.get(), submitter);
    }
    void run(Operation& operation) { submit_all({&operation}); }

    TemporaryFile path;
    FileAccess access;
    IoLoop loop = *IoLoop::create();
    std::unique_ptr<BlockEngine> engine;
};

}  // namespace siskin::engine_test
