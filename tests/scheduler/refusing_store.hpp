#pragma once

#include "store/store.hpp"

namespace calgate::testing {

/// Another store that can be told to refuse: what was written before stands.
class RefusingStore final : public Store {
public:
    explicit RefusingStore(Store& rows) : rows_(rows) {}

    void write(const std::function<void(Writer&)>& work) override {
        if (left_ == 0) throw StoreFailure("The disk is full.");
        if (left_ > 0) --left_;
        rows_.write(work);
    }
    void read(const std::function<void(const Reader&)>& work) const override { rows_.read(work); }
    bool writable() const override { return true; }
    std::unique_ptr<Store> scratch_copy() const override { return rows_.scratch_copy(); }
    void compact() override { rows_.compact(); }
    /// @param writes Until it refuses; negative: never.
    void refuse_after(int writes) { left_ = writes; }

private:
    Store& rows_;
    int left_ = -1;
};

}  // namespace calgate::testing
