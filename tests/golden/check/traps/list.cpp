// C++: enum class, constexpr, digit separators.
namespace vmcs {
enum class Field : std::uint32_t {
  GuestRsp = 0x681c,
  GuestRip = 0x68'1e,
  HostRsp = 0x6c14u,
  HostRip = static_cast<int>(0) + 0x6c16,
};
inline constexpr std::uint16_t kGuestCr3 = 0x6802;
inline constexpr std::uint16_t kGuestCr4{0x6804};
inline constexpr std::uint16_t kHostCr3 = 0x6c02;
}
