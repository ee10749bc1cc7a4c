"""Records of the domain as the wire shows them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
from litestar import Response

from goldvein import wire
from goldvein.domain import records
from goldvein.domain.policy import Policy
from goldvein.services.auditing import Outcome, place_of
from goldvein.services.curating import Look
from goldvein.store.curated import Line, Word
from goldvein.store.doubts import Doubt

_encoder = msgspec.json.Encoder()


def reply(shape: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Answer with JSON, which is one organisation's: nobody on its way keeps it."""
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return Response(_encoder.encode(shape), status_code=status, headers=kept, media_type="application/json")


def project(found: records.Project, policy: Policy, price: records.Price | None) -> wire.Project:
    """Show a project with its policy and its price."""
    return wire.Project(
        id=found.id,
        customer=found.customer,
        name=found.name,
        instruction=found.instruction,
        type=found.type,
        classes=list(found.classes) if found.classes is not None else None,
        deadline_seconds=found.deadline_seconds,
        state=found.state,
        policy=policy.to_dict(),
        policy_version=found.policy_version,
        admitted=found.admitted,
        supply_target=found.supply_target,
        created_at=found.created_at,
        opened_at=found.opened_at,
        copy_of=found.copy_of,
        carried=found.carried,
        price=_price(price),
        closed_at=found.closed_at,
        contents=found.contents,
    )


def _price(found: records.Price | None) -> wire.Price | None:
    if found is None:
        return None
    return wire.Price(per_label=_decimal(found.per_label), currency=found.currency)


def _money(found: records.Money | None) -> wire.Money | None:
    if found is None:
        return None
    return wire.Money(amount=_decimal(found.amount), currency=found.currency)


def _decimal(value: Decimal) -> str:
    """A decimal number in full, without zeros at its end."""
    return f"{value.normalize():f}"


def label(found: records.Label) -> wire.Label:
    """Show a label."""
    return wire.Label(
        id=found.id,
        task=found.task,
        unique_id=found.unique_id,
        answer=dict(found.answer),
        basis=found.basis,
        labeler=found.labeler,
        confidence=found.confidence,
        evidence=wire.Evidence(
            p_benchmarks=found.p_benchmarks,
            p_all=found.p_all,
            benchmarks=found.benchmarks,
            state=found.standing_state,
            policy=found.policy_version,
        ),
        answered_at=found.answered_at,
        delivered_at=found.delivered_at,
        replaces=found.replaces,
        withdrawn_at=found.withdrawn_at,
    )


def task(found: records.Task) -> wire.Task:
    """Show a task and its label."""
    return wire.Task(
        id=found.id,
        project=found.project,
        unique_id=found.unique_id,
        batch=found.batch,
        input=dict(found.input),
        metadata=dict(found.metadata) if found.metadata is not None else None,
        state=found.state,
        priority=found.priority,
        deadline=found.deadline,
        created_at=found.created_at,
        finished_at=found.finished_at,
        label=label(found.label) if found.label is not None else None,
    )


def batch(found: records.BatchProgress) -> wire.Batch:
    """Show the progress of a batch."""
    return wire.Batch(
        name=found.name,
        created_at=found.created_at,
        total=found.total,
        queued=found.queued,
        labelled=found.labelled,
        cancelled=found.cancelled,
        expired=found.expired,
        p50_seconds=found.p50_seconds,
        p95_seconds=found.p95_seconds,
        eta=found.eta,
        done=found.done,
        cost=_money(found.cost),
    )


def item_problem(error: records.ItemError) -> wire.ItemProblem:
    """Show what is wrong with one item of a list."""
    return wire.ItemProblem(
        index=error.index,
        code=error.code,
        detail=error.detail,
        pointer=error.pointer,
        facts=dict(error.facts),
    )


def work(given: records.Work) -> wire.Work:
    """Show a lease. Every kind of task takes this road, so that nothing tells a benchmark."""
    return wire.Work(
        lease=wire.Lease(id=given.lease, expires_at=given.expires_at),
        project=wire.WorkProject(id=given.project, name=given.name, instructions=given.instruction),
        task=wire.WorkTask(type=given.type, input=given.input),  # type: ignore[arg-type]  # any mapping does
    )


def benchmark_line(found: Line) -> wire.BenchmarkLine:
    """Show a benchmark in a list."""
    return wire.BenchmarkLine(**_line(found))


def _line(found: Line) -> dict[str, Any]:
    return {name: getattr(found, name) for name in wire.BenchmarkLine.__struct_fields__}


def benchmark(found: Look) -> wire.Benchmark:
    """Show a benchmark with its life; one that was struck out with what was believed of it before."""
    whole = found.benchmark
    return wire.Benchmark(
        **{**_line(whole), "key": found.key, "key_right": found.key_right},
        input=dict(whole.input),
        expected_response=None if whole.expected_response is None else dict(whole.expected_response),
        initial_response=None if whole.initial_response is None else dict(whole.initial_response),
        explanation=whole.explanation,
        source_project=whole.source_project,
        source_task=whole.source_task,
        passed=found.passed,
        missed=found.missed,
        choices=list(found.said.choices),
        unanswerable=found.said.unanswerable,
        skipped=found.said.skipped,
        panel=words(found.said.panel),
        disputes=words(found.said.disputes),
        catches=list(found.catches),
        life=[
            wire.BenchmarkStep(
                at=step.at, step=step.kind, choice=step.choice,
                detail={**({"why": step.decision} if step.decision else {}), **(step.detail or {})},
            )
            for step in found.life
        ],
        versions=[
            wire.BenchmarkVersion(
                version=one.version, key=one.key, key_right=one.key_right, made_at=one.made_at
            )
            for one in found.versions
        ],
    )  # fmt: skip


def words(found: Iterable[Word]) -> list[wire.Word]:
    """Show what people said."""
    return [wire.Word(at=one.at, labeler=one.labeler, choice=one.choice, text=one.text) for one in found]


def verdict(project: int, task: int, found: Outcome) -> wire.AuditVerdict:
    """Show what an auditor's judgement came to."""
    return wire.AuditVerdict(
        project=project,
        task=task,
        verdict=found.verdict,
        choice=found.choice,
        key_before=found.key_before,
        key_right=found.key_right,
        state=found.state,  # type: ignore[arg-type]  # one of the states
        flag=found.flag,
        shown=list(found.shown),
        choices=list(found.said.choices),
        unanswerable=found.said.unanswerable,
        skipped=found.said.skipped,
        panel=words(found.said.panel),
        disputes=words(found.said.disputes),
    )


def audit_item(found: Doubt) -> wire.AuditItem:
    """Show a benchmark in doubt, as its auditor sees it."""
    return wire.AuditItem(
        project=found.project,
        task=found.task,
        instruction=found.instruction,
        type=found.type,
        input=dict(found.input),
        flagged_at=found.flagged_at,
        claimed_until=found.claimed_until,
        place=doubt_cursor(found),
    )


def doubt_cursor(found: Doubt) -> str:
    """The place of a benchmark in the auditors' queue, as a cursor."""
    at, project, task = place_of(found)
    return f"{at.isoformat()}~{project}~{task}"
