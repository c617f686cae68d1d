"""The facts that the reference page carries inside itself, as one plain value.

The page's scripts (templates/html/script/) read it; nothing else does, so its shape is free to
change with them.
"""

from __future__ import annotations

from collections.abc import Mapping

from vmcsgen.capabilities.verdict import Verdict
from vmcsgen.core.consistency import DEFAULT1
from vmcsgen.core.enumeration import ladder, max_index, requirement_groups
from vmcsgen.core.project import Project
from vmcsgen.core.requirement import Requirement, Term, names, terms, to_plain
from vmcsgen.core.spec import Control, Feature, Field, Group, Spec
from vmcsgen.query import control_names, high_names
from vmcsgen.site.families import ALWAYS, family_of
from vmcsgen.site.generations import generations
from vmcsgen.specfile.cpus import KnownCpu, KnownCpus

Plain = Mapping[str, object]


def page_facts(spec: Spec, known: KnownCpus) -> Plain:
    """Every fact of the page; unconfirmed fields are left out, as in all outputs."""
    groups = requirement_groups(spec)
    number = {terms(requirement): place for place, requirement in enumerate(groups)}
    ids = {field.id for field in spec.confirmed}
    families = {
        each.id: each
        for each in sorted(
            (family_of(spec, requirement) for requirement in groups),
            key=lambda family: (family.id != ALWAYS, family.code),
        )
    }
    return {
        "fields": [_field(spec, field, number) for field in spec.confirmed],
        "requirements": [_requirement(spec, requirement) for requirement in groups],
        "families": [
            {"id": each.id, "code": each.code, "title": each.title} for each in families.values()
        ],
        "groups": [_group(spec, group) for group in spec.groups],
        "features": [_feature(spec, feature) for feature in spec.features],
        "ladder": [
            {
                "index": rung.index,
                "vmcs_enum": rung.vmcs_enum,
                "requires": to_plain(rung.requires),
                "fields": [field.id for field in rung.fields],
            }
            for rung in ladder(spec)
        ],
        "projects": [_project(spec, project) for project in spec.projects],
        "disagreements": _disagreements(spec, ids),
        "sources": [
            {"id": each.id, "title": each.title, "edition": each.edition, "where": each.where}
            for each in spec.sources
        ],
        "tables": dict(spec.tables),
        "verdicts": {each.value: each.words for each in Verdict},
        "cpus": [_cpu(cpu) for cpu in known.cpus],
        "errata": [
            {
                "id": each.id,
                "kind": each.kind,
                "title": each.title,
                "effect": each.effect,
                "cpus": [{"family": family, "model": model} for family, model in each.cpus],
            }
            for each in known.errata
        ],
        "generations": [
            {"title": each.title, "year": each.year, "fields": each.fields, "first": place == 0}
            for place, each in enumerate(generations(spec, known.cpus))
        ],
    }


def _field(spec: Spec, field: Field, number: Mapping[tuple[Term, ...], int]) -> Plain:
    assert field.requires is not None
    called = {
        project.id: [project.fields[field.id], *project.aliases.get(field.id, ())]
        for project in spec.projects
        if field.id in project.fields
    }
    return {
        "id": field.id,
        "title": field.title,
        "encoding": field.encoding.value,
        "width": field.width.label,
        "type": field.type.label,
        "index": field.index,
        "table": field.table,
        "group": number[terms(field.requires)],
        "status": field.status,
        "formerly": field.formerly,
        "sources": field.sources,
        "note": field.note,
        "names": called,
        "high_names": high_names(spec, field),
    }


def _requirement(spec: Spec, requirement: Requirement) -> Plain:
    family = family_of(spec, requirement)
    return {
        "requires": to_plain(requirement),
        "text": str(requirement),
        "words": spec.words(requirement),
        "names": list(dict.fromkeys(names(requirement))),
        "family": family.id,
        "code": family.code,
    }


def _group(spec: Spec, group: Group) -> Plain:
    return {
        "id": group.id,
        "title": group.title,
        "field": group.field,
        "msr": group.msr,
        "msr_name": group.msr_name,
        "true_msr": group.true_msr,
        "true_msr_name": group.true_msr_name,
        "shift": group.shift,
        "default1": DEFAULT1.get(group.id, 0),
        "activated_by": group.activated_by,
        "controls": [_control(spec, control) for control in group.controls],
    }


def _control(spec: Spec, control: Control) -> Plain:
    return {
        "name": control.name,
        "title": control.title,
        "bit": control.bit,
        "status": control.status,
        "formerly": control.formerly,
        "note": control.note,
        "names": control_names(spec, control.name),
    }


def _feature(spec: Spec, feature: Feature) -> Plain:
    return {
        "name": feature.name,
        "id": feature.id,
        "title": feature.title,
        "leaf": feature.leaf,
        "subleaf": feature.subleaf,
        "register": feature.register,
        "bit": feature.bit,
        "status": "sdm",
        "formerly": (),
        "note": feature.note,
        "names": control_names(spec, feature.name),
        "inferences": [
            {
                "conclusion": each.conclusion,
                "when": each.when,
                "reason": each.reason,
                "control": each.control,
                "msr": each.msr,
                "bit": each.bit,
                "hardware_only": each.hardware_only,
            }
            for each in feature.inferences
        ],
    }


def _project(spec: Spec, project: Project) -> Plain:
    return {
        "id": project.id,
        "title": project.title,
        "version": project.version,
        "files": [dict(file) for file in project.files],
        "controls": len(project.controls),
        "max_index": max_index(spec.by_id[identity] for identity in project.fields),
        "extras": [{"name": extra.name, "reason": extra.reason} for extra in project.extras],
        "subsets": [
            {
                "title": subset.title,
                "fields": len(subset.fields),
                "max_index": max_index(spec.by_id[each] for each in subset.fields),
            }
            for subset in project.subsets.values()
        ],
    }


def _disagreements(spec: Spec, ids: set[str]) -> list[Plain]:
    titles = {source.id: source.title for source in spec.sources}
    titles |= {project.id: project.title for project in spec.projects}
    return [
        {
            "party_id": each.party,
            "party": titles[each.party],
            "kind": each.kind,
            "fields": [identity for identity in each.fields if identity in ids],
            "controls": each.controls,
            "theirs": each.theirs,
            "ours": each.ours,
            "reason": each.reason,
        }
        for each in spec.disagreements
        if not each.fields or ids.intersection(each.fields)
    ]


def _cpu(cpu: KnownCpu) -> Plain:
    return {
        "id": cpu.id,
        "name": cpu.name,
        "group": cpu.group,
        "kind": cpu.kind,
        "vendor": cpu.vendor,
        "family": cpu.family,
        "model": cpu.model,
        "microarchitecture": cpu.microarchitecture,
        "year": cpu.year,
        "reliability": cpu.reliability,
        "note": cpu.note,
        "source": cpu.source,
        "features": dict(cpu.features or {}),
        "also": [twin.name or twin.id for twin in cpu.also],
        "msrs": {f"{address:#x}": f"{value:#x}" for address, value in cpu.msrs.items()},
    }
