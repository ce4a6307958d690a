#include "codec/utf8.h"

#include <cstdint>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/utf8.h"

namespace mbk::codec {
namespace {

/// Bytes at the front that are ASCII, in steps of eight.
std::size_t AsciiPrefix(std::string_view text) {
  std::size_t length = 0;
  for (; length + 8 <= text.size(); length += 8) {
    std::uint64_t block;
    std::memcpy(&block, text.data() + length, 8);
    if ((block & 0x8080808080808080u) != 0) break;
  }
  return length;
}

bool IsUtf8Bytewise(std::string_view text) {
  while (!text.empty()) {
    text.remove_prefix(AsciiPrefix(text));
    if (text.empty()) break;
    const utf8::Character character = utf8::FirstCharacter(text);
    if (!character.whole) return false;
    text.remove_prefix(character.length);
  }
  return true;
}

#ifdef __x86_64__

// Thirty-two bytes at a time, by Keiser and Lemire, "Validating UTF-8 in less than one instruction per byte"
// (https://arxiv.org/abs/2010.03090): what can be wrong with a byte and the one before it is a bit in each of
// three tables of half a byte; it is wrong when all three have the bit. That a third or fourth byte of a
// character is a continuation follows from the bytes two and three before it.
enum Wrong : std::uint8_t {
  kTooShort = 1 << 0,   // a character begins or ends where a continuation belongs
  kTooLong = 1 << 1,    // a continuation behind ASCII
  kOverlong3 = 1 << 2,  // E0 80 … E0 9F
  kTooLarge = 1 << 3,   // F4 90 and beyond
  kSurrogate = 1 << 4,  // ED A0 … ED BF
  kOverlong2 = 1 << 5,  // C0, C1
  kTooLarge8 = 1 << 6,  // F5 80 … FF 8F
  kOverlong4 = 1 << 6,  // F0 80 … F0 8F
  kTwoConts = 1 << 7,   // two continuations, right only where three or four bytes are announced
};
// What the low half of the first byte has no part in.
constexpr std::uint8_t kCarry = kTooShort | kTooLong | kTwoConts;
constexpr std::uint8_t kLarge = kCarry | kTooLarge | kTooLarge8;
constexpr std::uint8_t kContinued = kTooLong | kOverlong2 | kTwoConts;

alignas(16) constexpr std::uint8_t kFirstHigh[16] = {kTooLong,
                                                     kTooLong,
                                                     kTooLong,
                                                     kTooLong,
                                                     kTooLong,
                                                     kTooLong,
                                                     kTooLong,
                                                     kTooLong,
                                                     kTwoConts,
                                                     kTwoConts,
                                                     kTwoConts,
                                                     kTwoConts,
                                                     kTooShort | kOverlong2,
                                                     kTooShort,
                                                     kTooShort | kOverlong3 | kSurrogate,
                                                     kTooShort | kTooLarge | kTooLarge8 | kOverlong4};
alignas(16) constexpr std::uint8_t kFirstLow[16] = {kCarry | kOverlong3 | kOverlong2 | kOverlong4,
                                                    kCarry | kOverlong2,
                                                    kCarry,
                                                    kCarry,
                                                    kCarry | kTooLarge,
                                                    kLarge,
                                                    kLarge,
                                                    kLarge,
                                                    kLarge,
                                                    kLarge,
                                                    kLarge,
                                                    kLarge,
                                                    kLarge,
                                                    kLarge | kSurrogate,
                                                    kLarge,
                                                    kLarge};
alignas(16) constexpr std::uint8_t kSecondHigh[16] = {kTooShort,
                                                      kTooShort,
                                                      kTooShort,
                                                      kTooShort,
                                                      kTooShort,
                                                      kTooShort,
                                                      kTooShort,
                                                      kTooShort,
                                                      kContinued | kOverlong3 | kTooLarge8 | kOverlong4,
                                                      kContinued | kOverlong3 | kTooLarge,
                                                      kContinued | kSurrogate | kTooLarge,
                                                      kContinued | kSurrogate | kTooLarge,
                                                      kTooShort,
                                                      kTooShort,
                                                      kTooShort,
                                                      kTooShort};

#define MBK_AVX2 __attribute__((target("avx2")))

constexpr std::size_t kBlock = 32;

MBK_AVX2 __m256i Look(const std::uint8_t (&table)[16], __m256i half) {
  const __m128i once = _mm_load_si128(reinterpret_cast<const __m128i*>(table));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(once), half);
}

/// Non-zero bytes where `now`, which follows `before`, is wrong.
MBK_AVX2 __m256i WrongIn(__m256i before, __m256i now) {
  const __m256i half = _mm256_set1_epi8(0x0F);
  const __m256i between = _mm256_permute2x128_si256(before, now, 0x21);  // what each half of `now` follows
  const __m256i first = _mm256_alignr_epi8(now, between, 15);
  const __m256i wrong =
      _mm256_and_si256(_mm256_and_si256(Look(kFirstHigh, _mm256_and_si256(_mm256_srli_epi16(first, 4), half)),
                                        Look(kFirstLow, _mm256_and_si256(first, half))),
                       Look(kSecondHigh, _mm256_and_si256(_mm256_srli_epi16(now, 4), half)));
  const __m256i third = _mm256_subs_epu8(_mm256_alignr_epi8(now, between, 14), _mm256_set1_epi8(0xE0 - 0x80));
  const __m256i fourth =
      _mm256_subs_epu8(_mm256_alignr_epi8(now, between, 13), _mm256_set1_epi8(0xF0 - 0x80));
  const __m256i must_continue =
      _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(static_cast<char>(0x80)));
  return _mm256_xor_si256(must_continue, wrong);
}

MBK_AVX2 bool IsUtf8InBlocks(std::string_view text) {
  __m256i before = _mm256_setzero_si256(), wrong = _mm256_setzero_si256();
  bool was_ascii = true;
  const auto take = [&](const char* block) MBK_AVX2 {
    const __m256i now = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block));
    const bool is_ascii = _mm256_movemask_epi8(now) == 0;
    if (!(is_ascii && was_ascii)) wrong = _mm256_or_si256(wrong, WrongIn(before, now));
    was_ascii = is_ascii;
    before = now;
  };
  std::size_t at = 0;
  for (; text.size() - at >= kBlock; at += kBlock) take(text.data() + at);
  // The last block ends in zeros, one at least: a character that is cut off there is too short.
  char last[kBlock] = {};
  if (at < text.size()) std::memcpy(last, text.data() + at, text.size() - at);
  take(last);
  return _mm256_testz_si256(wrong, wrong) != 0;
}

#undef MBK_AVX2

#endif

}  // namespace

bool IsUtf8(std::string_view text) {
#ifdef __x86_64__
  static const bool has_blocks = __builtin_cpu_supports("avx2") != 0;
  if (has_blocks) return IsUtf8InBlocks(text);
#endif
  return IsUtf8Bytewise(text);
}

}  // namespace mbk::codec
