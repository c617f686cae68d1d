"""A validated spec as JSON, as the cache keeps it and a wheel brings it."""

from __future__ import annotations

from typing import Any

from vmcsgen.core.encoding import Encoding
from vmcsgen.core.project import Extra, Project, Subset, Word
from vmcsgen.core.requirement import from_plain, to_plain
from vmcsgen.core.spec import Control, Disagreement, Feature, Field, Group, Inference, Source, Spec


def to_entry(spec: Spec) -> list[Any]:
    """The spec as JSON, as ``from_entry`` takes it."""
    fields = [
        [f.id, f.title, f.encoding.value, None if f.requires is None else to_plain(f.requires)]
        + [f.table, f.status, f.formerly, f.sources, f.note]
        for f in spec.fields
    ]
    groups = [
        [g.id, g.title, g.field, g.msr, g.msr_name, g.shift, g.true_msr, g.true_msr_name]
        + [g.activated_by]
        + [
            [
                [c.group, c.id, c.title, c.bit, c.status, c.default1, c.formerly, c.sources, c.note]
                for c in g.controls
            ]
        ]
        for g in spec.groups
    ]
    features = [
        [f.id, f.title, f.leaf, f.subleaf, f.register, f.bit]
        + [
            [
                [i.conclusion, i.when, i.reason, i.control, i.msr, i.bit, i.hardware_only]
                for i in f.inferences
            ]
        ]
        + [f.sources, f.note]
        for f in spec.features
    ]
    projects = [
        [p.id, p.title, p.language, p.version, p.source, p.files, p.fields, p.high_fields]
        + [p.aliases, p.order, p.high, p.full_suffix]
        + [[[e.name, e.encoding, e.reason] for e in p.extras], p.controls]
        + [{name: _subset_to_plain(s) for name, s in p.subsets.items()}, p.new_name]
        + [{group: [w.name, w.prefix, w.planned] for group, w in p.words.items()}]
        for p in spec.projects
    ]
    disagreements = [
        [d.id, d.party, d.kind, d.effect, d.fields, d.controls, d.theirs, d.ours, d.reason]
        + [d.sources]
        for d in spec.disagreements
    ]
    sources = [[s.id, s.title, s.edition, s.date, s.where, s.kind] for s in spec.sources]
    return [
        spec.version, spec.digest, fields, groups, features, projects, sources, disagreements,
        spec.tables,
    ]  # fmt: skip


def _subset_to_plain(subset: Subset) -> list[Any]:
    words = {group: [w.name, w.prefix, w.planned] for group, w in subset.capability_words.items()}
    return [
        subset.title, subset.fields, subset.struct, subset.members, subset.other_members,
        subset.capability_struct, words,
    ]  # fmt: skip


def _subset_from_plain(plain: list[Any]) -> Subset:
    title, fields, struct, members, others, capability_struct, words = plain
    return Subset(
        title, tuple(fields), struct, members, tuple(others), capability_struct,
        {group: Word(*word) for group, word in words.items()},
    )  # fmt: skip


def from_entry(entry: list[Any]) -> Spec:
    """The spec that ``to_entry`` made ``entry`` of; an error of look-ups or types for another."""
    version, digest, fields, groups, features, projects, sources, disagreements, tables = entry
    return Spec(
        version,
        digest,
        tuple(
            Field(
                f[0], f[1], Encoding(f[2]), None if f[3] is None else from_plain(f[3]), f[4],
                f[5], tuple(f[6]), tuple(f[7]), f[8],
            )
            for f in fields
        ),
        tuple(
            Group(*[*g[:9], tuple(map(_control, g[9]))])
            for g in groups
        ),
        tuple(
            Feature(*[*f[:6], tuple(Inference(*i) for i in f[6]), tuple(f[7]), f[8]])
            for f in features
        ),
        tuple(
            Project(*[
                *p[:5], tuple(p[5]), p[6], p[7], {key: tuple(v) for key, v in p[8].items()},
                tuple(p[9]), p[10], p[11], tuple(Extra(*e) for e in p[12]), p[13],
                    {name: _subset_from_plain(s) for name, s in p[14].items()},
                    p[15], {group: Word(*w) for group, w in p[16].items()},
            ])
            for p in projects
        ),
        tuple(Source(*s) for s in sources),
        tuple(
            Disagreement(*[*d[:4], tuple(d[4]), tuple(d[5]), *d[6:9], tuple(d[9])])
            for d in disagreements
        ),
        tables,
    )  # fmt: skip


def _control(c: list[Any]) -> Control:
    return Control(*[*c[:6], tuple(c[6]), tuple(c[7]), c[8]])
