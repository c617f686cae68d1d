// A library's own suffix for literals; the last is wrong.
#pragma once
namespace mk {
constexpr auto VMCS_GUEST_RSP{0x681C_umx};
constexpr auto VMCS_GUEST_RIP{0x681E_umx};
constexpr auto VMCS_HOST_RSP{0x6C14_umx};
constexpr auto VMCS_HOST_RIP{0x6C18_umx};
}
