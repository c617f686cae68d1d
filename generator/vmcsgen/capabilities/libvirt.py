"""libvirt's CPU XML: ``<cpudata>`` with ``<msr>``, and ``<cpu>`` with ``<feature>``.

Only these elements are looked at, so no XML parser (and no entity) is needed:

    <msr index='0x48b' edx='0x00000000' eax='0x00137bff'/>
    <cpuid eax_in='0x00000007' ecx_in='0x01' eax='0x...' ebx='0x...' ecx='0x...' edx='0x...'/>
    <model ...>Cooperlake</model>
    <feature policy='require' name='vmx-tsc-scaling'/>      no policy: require

Mode "custom" of ``<domainCapabilities>`` lists the models that libvirt knows, each with the
features that keep it from being used (``<blockers>``): it tells of no processor, and is left out.

The MSRs of libvirt's data are QEMU's feature words: for a control MSR EAX holds the allowed
1-settings and EDX is zero. Values with bits in EDX are taken as the MSR itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from vmcsgen.capabilities.dump import Collector, Draft, Dump, parse_hexadecimal
from vmcsgen.capabilities.qmp import WITHOUT_VMX, allowed, properties
from vmcsgen.core.spec import Spec

NAME = "libvirt CPU XML"

_TAG = re.compile(
    r"<(?P<tag>cpudata|cpu|/?mode|msr|cpuid|model|feature)\b(?P<attributes>[^<>]{0,400})>"
    r"(?P<text>[^<]{0,80})"
)
_ATTRIBUTE = re.compile(
    r"(?P<key>[a-z_]{1,20})\s{0,9}=\s{0,9}(?P<quote>['\"])(?P<value>[^'\"]{0,80})(?P=quote)"
)

_POLICIES = {"require": True, "force": True, "disable": False, "forbid": False}


def recognises(text: str) -> bool:
    """Whether the text is XML with one of libvirt's elements."""
    return text.lstrip("\ufeff \t\r\n").startswith("<") and _TAG.search(text) is not None


def read(text: str, source: str, spec: Spec) -> Dump:
    """One processor for each ``<cpudata>`` or ``<cpu>``."""
    reader = _Reader(source, spec)
    text = _without_comments(text)
    line, counted = 1, 0
    for found in _TAG.finditer(text):
        if reader.collector.full:
            break
        line, counted = line + text.count("\n", counted, found.start()), found.start()
        reader.tag(found, line)
    reader.complete()
    return reader.collector.finish(NAME)


class _Reader:
    """Takes one tag after the other."""

    def __init__(self, source: str, spec: Spec) -> None:
        self.collector = Collector(source, spec)
        self.spec = spec
        self.properties = properties(spec)
        groups = {group.msr: group for group in spec.groups if group.shift}
        true = {group.true_msr: group for group in spec.groups if group.true_msr is not None}
        self.groups = groups | true
        self.whole: list[Draft] = []
        self.custom = False

    def tag(self, found: re.Match[str], line: int) -> None:
        """Read an element, which stands on ``line``."""
        attributes = {
            each["key"]: each["value"] for each in _ATTRIBUTE.finditer(found["attributes"])
        }
        draft = self.collector.current
        match found["tag"]:
            case "cpudata" | "cpu":
                self.custom = False
                self.collector.begin().virtual = True
                if found["tag"] == "cpudata":
                    self.whole.append(self.collector.current)
            case "mode" | "/mode":
                empty = found["attributes"].endswith("/")
                self.custom = attributes.get("name") == "custom" and not empty
            case _ if self.custom:
                return
            case "model":
                draft.name = draft.name or found["text"].strip() or None
            case "feature":
                self.feature(attributes, line)
            case "cpuid":
                _leaf(draft, attributes)
            case _:
                self.msr(attributes, line, found[0].strip())

    def feature(self, attributes: Mapping[str, str], line: int) -> None:
        """A control or CPUID feature by QEMU's name of it."""
        name = self.properties.get(attributes.get("name", ""))
        flag = _POLICIES.get(attributes.get("policy", "require"))
        draft = self.collector.current
        if attributes.get("name") == "vmx" and flag is False:
            draft.without_vmx = True
            self.collector.fault(WITHOUT_VMX, line, None)
        if name is None or flag is None:
            return
        if name in self.spec.feature_by_name:
            draft.features.setdefault(name, flag)
        else:
            draft.controls.setdefault(name, allowed(self.spec, name, flag))

    def msr(self, attributes: Mapping[str, str], line: int, text: str) -> None:
        """An MSR, or the feature word that stands in its place."""
        address = parse_hexadecimal(attributes.get("index", ""))
        low, high = (parse_hexadecimal(attributes.get(key, "0x0")) for key in ("eax", "edx"))
        if address is None:
            return
        if low is None or high is None or low >> 32 or high >> 32:
            message = f"EAX or EDX of MSR {address:#x} does not fit 32 bits"
            self.collector.fault(message, line, text)
            return
        group = self.groups.get(address)
        if group is None or high:
            self.collector.msr(address, f"{high << 32 | low:x}", line, text)
            return
        for control in group.controls:
            told = allowed(self.spec, control.name, bool(low >> control.bit & 1))
            self.collector.current.controls.setdefault(control.name, told)

    def complete(self) -> None:
        """libvirt writes the CPUID leaves that have a bit set, and no others."""
        for draft in self.whole:
            for feature in self.spec.features:
                if draft.cpuid and (feature.leaf, feature.subleaf) not in draft.cpuid:
                    draft.features.setdefault(feature.name, False)


def _without_comments(text: str) -> str:
    """The text with only the line ends of its comments, so that lines keep their numbers."""
    kept: list[str] = []
    position = 0
    while (start := text.find("<!--", position)) >= 0:
        end = text.find("-->", start)
        end = len(text) if end < 0 else end + 3
        kept += [text[position:start], "\n" * text.count("\n", start, end)]
        position = end
    return "".join([*kept, text[position:]])


def _leaf(draft: Draft, attributes: Mapping[str, str]) -> None:
    numbers = [
        parse_hexadecimal(attributes.get(key, "0x0"))
        for key in ("eax_in", "ecx_in", "eax", "ebx", "ecx", "edx")
    ]
    known = [number for number in numbers if number is not None and number >> 32 == 0]
    if len(known) == len(numbers):
        leaf, subleaf, eax, ebx, ecx, edx = known
        draft.cpuid.setdefault((leaf, subleaf), (eax, ebx, ecx, edx))
