// Encodings put together by a function, of the words for their parts; one is wrong.
enum class access { FULL, HIGH };
enum class type { CONTROL, INFORMATION, GUEST, HOST };
enum class width { WORD, QWORD, DWORD, NATURAL };

#define VMCS_FIELD(A, I, T, W) encoding::from(access::A, I, type::T, width::W).storage

namespace vmcs {
constexpr unsigned kVpid = VMCS_FIELD(FULL, 0, CONTROL, WORD);
constexpr unsigned kGuestPhysicalAddress = VMCS_FIELD(FULL, 0, INFORMATION, QWORD);
constexpr unsigned kGuestPhysicalAddressHigh = VMCS_FIELD(FULL, 0, INFORMATION, QWORD);
constexpr unsigned kExitReason = VMCS_FIELD(FULL, 1, INFORMATION, DWORD);
constexpr unsigned kGuestRip = encode(15, type::guest_state, width::natural);
constexpr unsigned kHostRip = VMCS_FIELD(FULL, 11, HOST, NATURAL);
}
