#include <cstdint>
namespace vmcs {
namespace guest { constexpr uint32_t cr0 = 0x6800, cr3 = 0x6802, rip = 0x681e, rsp = 0x681c; }
namespace host  { constexpr uint32_t cr0 = 0x6c00, cr3 = 0x6c02, rip = 0x6c16, rsp = 0x6c14; }
enum class dummy { x };
constexpr uint32_t GUEST_CR0 = guest::cr0;
constexpr uint32_t GUEST_CR3 = guest::cr3;
constexpr uint32_t GUEST_RIP = guest::rip;
constexpr uint32_t GUEST_RSP = guest::rsp;
constexpr uint32_t HOST_CR0 = host::cr0;
constexpr uint32_t HOST_CR3 = host::cr3;
constexpr uint32_t HOST_RIP = host::rip;
constexpr uint32_t HOST_RSP = host::rsp;
}
