#include "gateway/kit_seal.hpp"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>

#include <cstdio>
#include <cstring>
#include <memory>

namespace calgate {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kLeastPassword = 20;

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(CMS_ContentInfo* cms) const { CMS_ContentInfo_free(cms); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

void put_octal(char* field, std::size_t width, unsigned long long value) {
    std::snprintf(field, width, "%0*llo", static_cast<int>(width - 1), value);
}

/// Name at 0, mode 100, owner 108 and 116, size 124, time 136, checksum 148, kind 156, magic 257.
std::string header_of(const KitFile& file, Instant at) {
    char block[kBlock] = {};
    std::snprintf(block, 100, "%s", file.name.c_str());
    put_octal(block + 100, 8, 0600);
    put_octal(block + 108, 8, 0);
    put_octal(block + 116, 8, 0);
    put_octal(block + 124, 12, file.text.size());
    put_octal(block + 136, 12, static_cast<unsigned long long>(at.time_since_epoch().count()));
    std::memset(block + 148, ' ', 8);
    block[156] = '0';
    std::memcpy(block + 257, "ustar", 6);  // With its end.
    block[263] = block[264] = '0';
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    std::snprintf(block + 148, 8, "%06o", sum);
    block[155] = ' ';
    return {block, kBlock};
}

}  // namespace

std::string tar_of(const std::vector<KitFile>& files, Instant at) {
    std::string out;
    for (const KitFile& file : files) {
        CALGATE_ASSERT(file.name.size() < 100);
        out += header_of(file, at) + file.text;
        out.resize((out.size() + kBlock - 1) / kBlock * kBlock, '\0');
    }
    return out + std::string(2 * kBlock, '\0');
}

Result<std::string> seal_with_password(const std::string& text, const std::string& password) {
    if (password.size() < kLeastPassword)
        return Error{
            ErrorCode::Rejected,
            "The kit's password is too short; make one with `openssl rand -base64 24` and keep it away from this host.",
            {}};
    const Error failed{ErrorCode::Rejected, "The kit could not be sealed by the OpenSSL library.", {}};
    const Owned<BIO> in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    const unsigned flags = CMS_PARTIAL | CMS_BINARY;
    const Owned<CMS_ContentInfo> cms(CMS_encrypt(nullptr, nullptr, EVP_aes_256_gcm(), flags));
    if (!in || !cms) return failed;
    // The library takes the password over and frees it.
    auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(password.data(), password.size()));
    if (!copy) return failed;
    if (!CMS_add0_recipient_password(
            cms.get(), -1, NID_undef, NID_undef, copy, static_cast<ossl_ssize_t>(password.size()), EVP_aes_256_cbc()
        )) {
        OPENSSL_free(copy);
        return failed;
    }
    if (CMS_final(cms.get(), in.get(), nullptr, flags) != 1) return failed;
    const Owned<BIO> out(BIO_new(BIO_s_mem()));
    if (!out || i2d_CMS_bio(out.get(), cms.get()) != 1) return failed;
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out.get(), &bytes);
    return std::string(bytes, static_cast<std::size_t>(size));
}

}  // namespace calgate
