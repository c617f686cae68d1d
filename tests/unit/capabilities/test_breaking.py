"""What of a new spec breaks those who use what was generated from the old one."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from vmcsgen import Encoding, Field, Spec
from vmcsgen.capabilities.breakage import KINDS, Breakage
from vmcsgen.capabilities.breaking import compatibility
from vmcsgen.cli import main
from vmcsgen.core.project import Project, Subset
from vmcsgen.core.requirement import ALWAYS, Combination, Requirement, Supports
from vmcsgen.core.spec import Control, Inference
from vmcsgen.specfile.cpus import KnownCpus, load_cpus

CPUS = ("i7-7700k", "xeon-658x", "core2-t9600")


@pytest.fixture(scope="module")
def known(spec: Spec) -> KnownCpus:
    every = load_cpus(spec)
    return replace(every, cpus=tuple(cpu for cpu in every.cpus if cpu.id in CPUS))


@pytest.fixture
def breaks(spec: Spec, known: KnownCpus) -> Callable[[Spec], list[Breakage]]:
    return lambda new: list(compatibility(spec, new, known).breaking)


Breaks = Callable[[Spec], list[Breakage]]


def with_field(spec: Spec, wanted: str, change: Callable[[Field], Field | None]) -> Spec:
    changed = (change(each) if each.id == wanted else each for each in spec.fields)
    return replace(spec, fields=tuple(each for each in changed if each is not None))


def requiring(spec: Spec, wanted: str, requires: Requirement) -> Spec:
    return with_field(spec, wanted, lambda field: replace(field, requires=requires))


def with_control(spec: Spec, name: str, change: Callable[[Control], Control | None]) -> Spec:
    groups = []
    for group in spec.groups:
        changed = (change(each) if each.name == name else each for each in group.controls)
        groups.append(replace(group, controls=tuple(each for each in changed if each is not None)))
    return replace(spec, groups=tuple(groups))


def with_project(spec: Spec, wanted: str, change: Callable[[Project], Project]) -> Spec:
    return replace(
        spec, projects=tuple(change(each) if each.id == wanted else each for each in spec.projects)
    )


def test_the_same_spec_breaks_nothing(spec: Spec, breaks: Breaks) -> None:
    assert breaks(spec) == []


def test_titles_notes_sources_and_statuses_may_change(spec: Spec, breaks: Breaks) -> None:
    def reword(field: Field) -> Field:
        return replace(field, title="Other", note="Other", sources=(), status="retired")

    assert breaks(replace(spec, fields=tuple(map(reword, spec.fields)))) == []


def test_a_field_that_is_gone(spec: Spec, breaks: Breaks) -> None:
    (found,) = breaks(with_field(spec, "pconfig_exiting_bitmap", lambda _: None))
    assert found == Breakage("field_removed", "pconfig_exiting_bitmap", "0x203e")


def test_a_field_that_is_no_longer_generated_is_gone(spec: Spec, breaks: Breaks) -> None:
    doubted = with_field(
        spec, "pconfig_exiting_bitmap", lambda field: replace(field, requires=None)
    )
    assert [each.kind for each in breaks(doubted)] == ["field_removed"]


def test_another_id_for_the_same_encoding(spec: Spec, breaks: Breaks) -> None:
    found = breaks(with_field(spec, "host_rip", lambda field: replace(field, id="host_ip")))
    assert Breakage("field_renamed", "0x6c16", "host_rip", "host_ip") in found


def test_another_encoding_says_what_of_it_changed(spec: Spec, breaks: Breaks) -> None:
    moved = with_field(
        spec, "tsc_multiplier", lambda field: replace(field, encoding=Encoding(0x4832))
    )
    assert breaks(moved)[0] == Breakage(
        "encoding_changed",
        "tsc_multiplier",
        "0x2032 (64-bit control, index 25)",
        "0x4832 (32-bit guest state, index 25)",
    )


def test_two_fields_that_change_places_are_two_other_encodings(spec: Spec, breaks: Breaks) -> None:
    """Not two renamed fields: who wrote the id gets another number."""
    pair = {"host_rsp": spec.field("host_rip"), "host_rip": spec.field("host_rsp")}
    swapped = replace(
        spec,
        fields=tuple(
            replace(each, encoding=pair[each.id].encoding) if each.id in pair else each
            for each in spec.fields
        ),
    )
    kinds = [each.kind for each in breaks(swapped)]
    assert kinds == ["encoding_changed", "encoding_changed"]


def test_another_condition_names_the_cpus_that_it_matters_on(spec: Spec, breaks: Breaks) -> None:
    """The Xeon has both controls, the Core 2 neither."""
    field = "vmread_bitmap_address"
    (found,) = breaks(requiring(spec, field, Supports("secondary.enable_pconfig")))
    assert found == Breakage(
        "existence_changed", field,
        "secondary.vmcs_shadowing", "secondary.enable_pconfig", ("i7-7700k",),
    )  # fmt: skip


def test_a_condition_that_always_holds_with_another_is_no_change(
    spec: Spec, breaks: Breaks
) -> None:
    presupposed = Supports("primary.activate_secondary_controls")
    scaling = Supports("secondary.use_tsc_scaling")
    for same in (
        Combination("all", (presupposed, scaling)),
        Combination("any", (scaling, Combination("all", (scaling, presupposed)))),
    ):
        assert breaks(requiring(spec, "tsc_multiplier", same)) == []


def test_a_condition_that_falls_away_raises_vmcs_enum(spec: Spec, breaks: Breaks) -> None:
    """Index 25 on processors whose highest was lower."""
    found = breaks(requiring(spec, "tsc_multiplier", ALWAYS))
    kinds = ["existence_changed", "subset_ladder_changed", *["vmcs_enum_changed"] * 2]
    assert [each.kind for each in found] == kinds
    changes = {(each.left, each.right): each.cpus for each in found[2:]}
    assert changes == {("0x2a", "0x32"): ("core2-t9600",), ("0x2e", "0x32"): ("i7-7700k",)}


def test_a_control_that_moves_goes_or_is_renamed(spec: Spec, breaks: Breaks) -> None:
    name = "secondary.use_tsc_scaling"
    moved = breaks(with_control(spec, name, lambda control: replace(control, bit=30)))
    assert ("control_moved", name, "MSR 0x48b bit 57", "MSR 0x48b bit 62") in [
        (each.kind, each.what, each.left, each.right) for each in moved
    ]
    gone = breaks(with_control(spec, "pin.nmi_exiting", lambda _: None))
    assert gone[0] == Breakage("control_removed", "pin.nmi_exiting", "MSR 0x481 or 0x48d bit 35")


def test_a_renamed_control_is_one_breakage_and_no_other_condition(
    spec: Spec, breaks: Breaks
) -> None:
    renamed = with_control(
        spec, "secondary.use_tsc_scaling", lambda control: replace(control, id="tsc_scaling")
    )
    renamed = requiring(renamed, "tsc_multiplier", Supports("secondary.tsc_scaling"))
    for project in spec.projects:
        names = {
            "secondary.tsc_scaling" if control == "secondary.use_tsc_scaling" else control: called
            for control, called in project.controls.items()
        }
        renamed = with_project(
            renamed, project.id, lambda each, names=names: replace(each, controls=names)
        )
    assert breaks(renamed) == [
        Breakage(
            "control_renamed", "MSR 0x48b bit 57",
            "secondary.use_tsc_scaling", "secondary.tsc_scaling",
        )
    ]  # fmt: skip


def test_another_activating_control(spec: Spec, breaks: Breaks) -> None:
    groups = tuple(
        replace(group, activated_by=None) if group.id == "vmfunc" else group
        for group in spec.groups
    )
    assert breaks(replace(spec, groups=groups))[0] == Breakage(
        "activation_changed", "vmfunc", "secondary.enable_vm_functions", "none"
    )


def test_constants_of_projects(spec: Spec, breaks: Breaks) -> None:
    def named(fields: dict[str, str | None]) -> Callable[[Project], Project]:
        return lambda project: replace(
            project,
            fields={
                key: name for key, name in {**project.fields, **fields}.items() if name is not None
            },
        )

    (gone,) = breaks(with_project(spec, "xen", named({"tsc_multiplier": None})))
    assert gone == Breakage("constant_removed", "xen TSC_MULTIPLIER", "0x2032")
    (renamed,) = breaks(with_project(spec, "xen", named({"tsc_multiplier": "TSC_MUL"})))
    assert renamed == Breakage("constant_renamed", "xen 0x2032", "TSC_MULTIPLIER", "TSC_MUL")
    swapped = breaks(
        with_project(spec, "xen", named({"host_rip": "HOST_RSP", "host_rsp": "HOST_RIP"}))
    )
    assert {(each.kind, each.what) for each in swapped} == {
        ("constant_changed", "xen HOST_RIP"),
        ("constant_changed", "xen HOST_RSP"),
    }
    without = tuple(each for each in spec.projects if each.id != "xen")
    assert [each.kind for each in breaks(replace(spec, projects=without))] == ["project_removed"]


def test_a_constant_of_a_field_that_went_means_another(spec: Spec, breaks: Breaks) -> None:
    """Those who include the list compile as before, and get another field."""
    gone = with_field(spec, "tsc_multiplier", lambda _: None)
    reused = with_project(
        gone, "xen",
        lambda xen: replace(
            xen,
            fields={key: each for key, each in xen.fields.items() if key != "tsc_multiplier"}
            | {"pconfig_exiting_bitmap": "TSC_MULTIPLIER"},
        ),
    )  # fmt: skip
    found = [each for each in breaks(reused) if each.kind.startswith("constant")]
    assert found == [
        Breakage(
            "constant_changed", "xen TSC_MULTIPLIER",
            "tsc_multiplier (0x2032)", "pconfig_exiting_bitmap (0x203e)",
        )
    ]  # fmt: skip


def test_a_constant_of_a_field_that_moved(spec: Spec, breaks: Breaks) -> None:
    """A constant that follows its field is said with the field; one that does not is gone."""
    moved = with_field(
        spec, "tsc_multiplier", lambda field: replace(field, encoding=Encoding(0x2060))
    )
    assert {each.kind for each in breaks(moved)} == {
        "encoding_changed", "subset_ladder_changed", "vmcs_enum_changed",
    }  # fmt: skip
    renamed = with_project(
        moved, "xen", lambda xen: replace(xen, fields=xen.fields | {"tsc_multiplier": "TSC_MUL"})
    )
    assert Breakage("constant_renamed", "xen 0x2032", "TSC_MULTIPLIER", "TSC_MUL") in breaks(
        renamed
    )


def test_a_capability_msr_of_another_name(spec: Spec, breaks: Breaks) -> None:
    """Members of VmxCaps are called as the MSRs."""
    groups = tuple(
        replace(group, msr_name="IA32_VMX_PROCBASED_CTLS_2", true_msr_name=None)
        if group.id == "secondary"
        else replace(group, true_msr_name="IA32_VMX_TRUE_PIN_CTLS")
        if group.id == "pin"
        else group
        for group in spec.groups
    )
    assert breaks(replace(spec, groups=groups)) == [
        Breakage(
            "msr_renamed", "MSR 0x48b", "IA32_VMX_PROCBASED_CTLS2", "IA32_VMX_PROCBASED_CTLS_2"
        ),
        Breakage(
            "msr_renamed", "MSR 0x48d", "IA32_VMX_TRUE_PINBASED_CTLS", "IA32_VMX_TRUE_PIN_CTLS"
        ),
    ]


def test_a_feature_that_is_inferred_from_less(spec: Spec, breaks: Breaks) -> None:
    def inferring(change: Callable[[Inference], Inference | None]) -> Spec:
        features = []
        for feature in spec.features:
            changed = map(change, feature.inferences)
            kept = tuple(each for each in changed if each is not None)
            features.append(replace(feature, inferences=kept))
        return replace(spec, features=tuple(features))

    found = breaks(inferring(lambda each: each if each.msr is None else None))
    assert found == [
        Breakage(
            "inference_removed", "cpuid.fred", "yes if bit 58 of MSR 0x480 is yes (processors)"
        ),
        Breakage("inference_removed", "cpuid.fred", "no if bit 58 of MSR 0x480 is no (processors)"),
    ]
    assert breaks(inferring(lambda each: replace(each, reason="Other", hardware_only=False))) == []


def test_what_a_project_calls_a_control(spec: Spec, breaks: Breaks) -> None:
    control = "secondary.use_tsc_scaling"
    names = {"word": "FEAT_VMX_SECONDARY_CTLS", "property": "vmx-tsc-scale"}
    found = breaks(
        with_project(
            spec, "qemu", lambda qemu: replace(qemu, controls=qemu.controls | {control: names})
        )
    )
    assert [str(each) for each in found if each.kind == "control_name_changed"] == [
        f"qemu property of {control}: vmx-tsc-scaling -> vmx-tsc-scale"
    ]
    assert f"qemu macro of {control}: VMX_SECONDARY_EXEC_TSC_SCALING" in [
        str(each) for each in found if each.kind == "control_name_removed"
    ]
    gone = with_control(spec, "pin.nmi_exiting", lambda _: None)
    assert [each.kind for each in breaks(gone)] == ["control_removed"]


def with_subset(spec: Spec, change: Callable[[Subset], Subset]) -> Spec:
    return with_project(
        spec, "linux",
        lambda linux: replace(linux, subsets={"vmcs12": change(linux.subsets["vmcs12"])}),
    )  # fmt: skip


def test_a_field_that_leaves_a_subset(spec: Spec, breaks: Breaks) -> None:
    """VMCS_ENUM of a nested guest hangs on the highest; others are only gone."""

    def without(field: str) -> Callable[[Subset], Subset]:
        return lambda subset: replace(
            subset, fields=tuple(each for each in subset.fields if each != field)
        )

    assert breaks(with_subset(spec, without("host_rip"))) == [
        Breakage("subset_field_removed", "linux vmcs12", "host_rip")
    ]
    found = breaks(with_subset(spec, without("tsc_multiplier")))
    assert [(each.kind, each.what) for each in found] == [
        ("subset_field_removed", "linux vmcs12"), ("subset_ladder_changed", "linux vmcs12"),
    ]  # fmt: skip
    assert (found[1].left, found[1].right) == ("0x32 if secondary.use_tsc_scaling", "none")
    assert "xeon-658x" in found[1].cpus
    more = with_subset(
        spec, lambda subset: replace(subset, fields=(*subset.fields, "pconfig_exiting_bitmap"))
    )
    assert [each.kind for each in breaks(more)] == ["subset_ladder_changed"]
    gone = with_project(spec, "linux", lambda linux: replace(linux, subsets={}))
    assert [each.kind for each in breaks(gone)] == ["subset_removed"]


def test_members_of_a_struct(spec: Spec, breaks: Breaks) -> None:
    renamed = with_subset(
        spec, lambda subset: replace(subset, members=subset.members | {"host_rip": "host_ip"})
    )
    assert breaks(renamed) == [
        Breakage("member_renamed", "linux vmcs12 host_rip", "host_rip", "host_ip")
    ]


def test_what_is_only_new(spec: Spec, known: KnownCpus) -> None:
    """The other way around, what is gone is new."""
    old = with_field(spec, "pconfig_exiting_bitmap", lambda _: None)
    old = replace(old, projects=tuple(each for each in old.projects if each.id != "xen"))
    old = with_control(old, "tertiary.enable_msr_list_instructions", lambda _: None)
    found = compatibility(old, spec, replace(known, cpus=()))
    assert not found.breaking
    assert found.new["fields"] == ("pconfig_exiting_bitmap (0x203e)",)
    assert found.new["projects"] == ("xen",)
    assert found.new["controls"] == ("tertiary.enable_msr_list_instructions",)
    assert "xen TSC_MULTIPLIER" in found.new["constants"]
    assert "nothing breaks" in list(found.lines())


def test_every_kind_is_documented(checkout: Path) -> None:
    page = (checkout / "docs/stability.md").read_text()
    assert re.findall(r"^\| `([a-z_]+)` \|", page, re.M) == list(KINDS)


@pytest.fixture
def renamed(checkout: Path, tmp_path: Path) -> Path:
    """A spec folder in which a field has another id, and one is new."""
    folder = tmp_path / "new"
    shutil.copytree(checkout / "spec", folder)
    for path in folder.rglob("*.yaml"):
        text = path.read_text()
        path.write_text(re.sub(r"\btsc_multiplier\b", "tsc_factor", text))
    table = folder / "fields/b06-64bit-guest.yaml"
    table.write_text(
        table.read_text()
        + "  - {id: new_thing, title: New thing, encoding: 0x28fe, "
        + "requires: always, sources: [sdm-2026-02]}\n"
    )
    return folder


def test_the_command(renamed: Path, checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = str(checkout / "spec")
    assert main(["diff", old, str(renamed), "--breaking"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[:4] == [
        f"--- {old}",
        f"+++ {renamed}",
        "! fields have another id",
        "!   0x2032: tsc_multiplier -> tsc_factor",
    ]
    assert said[-2:] == ["+ 1 field", "+   new_thing (0x28fe)"]
    assert main(["diff", old, str(renamed), "--breaking", "--format", "json"]) == 1
    plain = json.loads(capsys.readouterr().out)
    assert plain["breaking"][0] == {
        "kind": "field_renamed", "what": "0x2032", "left": "tsc_multiplier",
        "right": "tsc_factor", "cpus": [],
    }  # fmt: skip
    assert {each["kind"] for each in plain["breaking"][1:]} == {"vmcs_enum_changed"}
    assert plain["new"]["fields"] == ["new_thing (0x28fe)"]
    assert main(["diff", old, old, "--breaking"]) == 0
    assert "nothing breaks" in capsys.readouterr().out


def test_cpus_have_no_users(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "i7-7700k", "i7-8700k", "--breaking"]) == 2
    assert "--breaking compares specs, and this is no spec folder" in capsys.readouterr().err
