"""The whole spec as one plain value, as target json prints it (docs/json.md)."""

from __future__ import annotations

from vmcsgen.core.enumeration import ladder, max_index, requirement_groups
from vmcsgen.core.requirement import to_plain
from vmcsgen.core.spec import Spec
from vmcsgen.query import control_details, details


def document(spec: Spec) -> dict[str, object]:
    """Fields, controls, features, requirement groups, ladder, projects and sources."""
    return {
        "fields": [details(spec, field) for field in spec.confirmed],
        "controls": [control_details(spec, name) for name in spec.controls],
        "features": [control_details(spec, name) for name in spec.feature_by_name],
        "requirement_groups": [
            {"group": number, "requires": to_plain(requirement), "words": spec.words(requirement)}
            for number, requirement in enumerate(requirement_groups(spec))
        ],
        "ladder": [
            {
                "vmcs_enum": rung.vmcs_enum,
                "index": rung.index,
                "requires": to_plain(rung.requires),
                "fields": [field.id for field in rung.fields],
            }
            for rung in ladder(spec)
        ],
        "max_index": max_index(spec.confirmed),
        "vmcs_enum": max_index(spec.confirmed) << 1,
        "projects": [
            {
                "id": project.id,
                "title": project.title,
                "language": project.language,
                "version": project.version,
                "files": [dict(file) for file in project.files],
                "max_index": max_index(spec.by_id[identity] for identity in project.fields),
                "subsets": {
                    name: {
                        "title": subset.title,
                        "fields": list(subset.fields),
                        "max_index": max_index(spec.by_id[each] for each in subset.fields),
                    }
                    for name, subset in project.subsets.items()
                },
            }
            for project in spec.projects
        ],
        "sources": [
            {
                "id": source.id,
                "title": source.title,
                "edition": source.edition,
                "date": source.date,
                "where": source.where,
                "kind": source.kind,
            }
            for source in spec.sources
        ],
    }
