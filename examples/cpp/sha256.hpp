// SHA-256 (FIPS 180-4), so that a bundle can be checked without a cryptography library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace bstkit {

class Sha256 {
 public:
  void update(const void* data, std::size_t size);

  // The digest in lower-case hexadecimal; the object is used up.
  std::string hex();

  // Its first 8 bytes as a number, most significant byte first; the object is used up.
  std::uint64_t first_64_bits();

 private:
  void finish();
  void block(const std::uint8_t* data);

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> buffer_{};
  std::size_t used_ = 0;
  std::uint64_t bytes_ = 0;
};

// The digest of a file, read in pieces; empty where it cannot be read.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace bstkit
