"""An example of every body, for the OpenAPI document; a test reads each by its shape."""

from collections.abc import Mapping
from typing import Any, Final

from goldvein import wire

_INPUT: Final = {"prompt": "It rained.", "options": ["Hard.", "On tin, all night.", "Oh.", "So."]}
_PICKED: Final = {"choice": 1}

EXAMPLES: Final[Mapping[Any, Any]] = {
    # --- what customers send
    wire.ProjectCreate: {
        "name": "descriptive",
        "instruction": "Which continuation is the most descriptive?",
        "deadline_seconds": 7200,
        "policy": {"quality_bar": 0.75},
    },
    wire.ProjectChange: {"state": "paused"},
    wire.ContentErasure: {"name": "descriptive"},
    wire.PolicyRevert: {"version": 3},
    wire.TaskPush: {"batch": "round-1", "tasks": [{"unique_id": "a-1", "input": _INPUT}]},
    wire.BenchmarkPush: {
        "benchmarks": [{"unique_id": "g-1", "input": _INPUT, "key": 1, "explanation": "It is heard."}]
    },
    wire.BenchmarkChange: {"key": 2, "key_right": 0.99, "reason": "a slip"},
    wire.BenchmarkRetirement: {"filter": {"basis": "manual", "exposures_at_least": 500}},
    wire.ReferencePush: {"tasks": [{"unique_id": "r-1", "input": _INPUT, "key": 1}]},
    wire.WebhookCreate: {
        "project": 1,
        "url": "https://lab.example/labels",
        "events": ["label.created", "label.withdrawn"],
    },
    wire.WebhookReplay: {"after": 0},
    # --- what labelers send
    wire.WorkAsk: {"project": 1},
    wire.WorkAnswer: {"answer": _PICKED, "focus_ms": 5200},
    wire.WorkSkip: {"reason": "I do not know this language"},
    wire.WorkDefer: {"kept": {"lease": "XStcqhUrooykC7yAOtbpuQ", "answer": _PICKED}},
    wire.Dispute: {"reason": "two options are the same"},
    wire.PracticeAsk: {"project": 1},
    wire.PracticeAnswer: {"answer": _PICKED},
    # --- what auditors send
    wire.AuditNext: {"project": 1},
    wire.AuditAnswer: {"answer": _PICKED, "comment": "it is heard"},
    wire.AuditComment: {"comment": "the second option says the same"},
    wire.SecondNext: {"project": 1},
    wire.SecondAnswer: {"answer": _PICKED},
    # --- what operators send
    wire.Ruling: {"ruling": "readmit", "reason": "the key was wrong"},
    wire.AlertMute: {"hours": 8},
    wire.RuleChanges: {"rules": {"benchmark_pass_rate": {"range": "fixed", "low": 0.7}, "held_share": None}},
    wire.ChannelCreate: {"kind": "email", "target": "ops@label.example", "project": 1},
    wire.SandboxCreate: {"name": "stricter", "policy": {"deliver_at": 0.95}},
    wire.SandboxWarm: {"per_day": 5000},
    wire.CustomerCreate: {"name": "lab"},
    wire.LabelerCreate: {"labelers": [{"name": "ann", "role": "trusted"}, {"name": "dan"}], "keys": True},
    wire.LabelerChange: {"role": "trusted"},
    wire.KeyCreate: {"name": "training", "customer": 1},
}
