"""Recorded crowds are read as they stand; what cannot be read is named by line, value, rule and way out."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from goldvein.domain.records import UNANSWERABLE
from goldvein.sim.recorded import load_crowd
from goldvein.sim.recorded_rows import CrowdError, read_rows


def _file(folder: Path, text: str, name: str = "crowd.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_answers_that_occur_are_the_classes_and_na_is_no_answer(tmp_path: Path) -> None:
    """Without contents the sorted answers are the classes; `na` is unanswerable, not a class."""
    path = _file(tmp_path, "task,labeler,answer,truth,other\nt1,a,dog,dog,x\nt1,b,na,dog,y\nt2,a,cat,cat,z\n")

    crowd = load_crowd(path)

    assert crowd.classes == ("cat", "dog")
    assert [answer.choice for answer in crowd.answers] == [1, UNANSWERABLE, 0]
    assert [task.truth for task in crowd.tasks] == [1, 0]
    assert crowd.tasks[0].input == {"task": "t1"}
    assert not crowd.is_full_matrix
    assert not crowd.has_clock


def test_numbers_as_classes_are_sorted_as_numbers(tmp_path: Path) -> None:
    """Class 10 comes after class 9."""
    rows = "".join(f"t{place},a,{place}\n" for place in range(12))
    crowd = load_crowd(_file(tmp_path, "task,labeler,answer\n" + rows))

    assert crowd.classes == tuple(str(place) for place in range(12))


def test_options_come_from_the_contents_and_an_index_beyond_is_unanswerable(tmp_path: Path) -> None:
    """An answer is an index into the options; their texts, even numbers, are not mixed up with it."""
    tasks = _file(
        tmp_path,
        '{"task": "t1", "input": {"prompt": "?", "options": ["2", "4", "x"]}, "truth": 2}\n',
        "t.jsonl",
    )
    path = _file(tmp_path, "task,labeler,answer\nt1,a,2\nt1,b,4\nt1,c,x\n")

    crowd = load_crowd(path, tasks)

    assert crowd.classes is None
    assert [answer.choice for answer in crowd.answers] == [2, UNANSWERABLE, 2]
    assert crowd.tasks[0].truth == 2
    assert crowd.is_full_matrix


def test_json_lines_with_times_and_benchmarks(tmp_path: Path) -> None:
    """Times are ISO 8601 or seconds; a benchmark mark belongs to its task."""
    path = _file(
        tmp_path,
        '{"task": 1, "labeler": "a", "answer": 0,'
        ' "started_at": "2026-03-01T10:00", "truth": 1, "benchmark": 1}\n'
        '{"task": 2, "labeler": "a", "answer": 1, "started_at": 90.5, "seconds": 3}\n',
        "crowd.jsonl",
    )

    crowd = load_crowd(path)

    assert crowd.has_clock
    assert crowd.answers[0].started_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert crowd.answers[1].started_at == datetime(1970, 1, 1, 0, 1, 30, 500000, tzinfo=UTC)
    assert [task.benchmark for task in crowd.tasks] == [True, False]


def test_a_second_answer_of_the_same_labeler_is_counted_and_left_out(tmp_path: Path) -> None:
    """Nobody answers a task twice: the first answer stays."""
    crowd = load_crowd(_file(tmp_path, "task,labeler,answer\nt1,a,x\nt1,a,y\nt1,b,y\n"))

    assert [answer.choice for answer in crowd.answers] == [0, 1]
    assert crowd.repeats == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("task,answer\nt1,x\n", "line 1: column 'labeler' is missing"),
        ("task,labeler,answer\nt1,a\n", "line 2: the row has not 3 fields"),
        ("task,labeler,answer\nt1,,x\n", "line 2: `labeler` is missing"),
        ("task,labeler,answer,seconds\nt1,a,x,1\nt2,a,y,fast\n", "line 3: seconds 'fast' is no time spent"),
        ("task,labeler,answer,seconds\nt1,a,x,-2\n", "line 2: seconds '-2'"),
        ("task,labeler,answer,started_at\nt1,a,x,noon\n", "line 2: started_at 'noon' is no time"),
        ("task,labeler,answer,benchmark\nt1,a,x,maybe\n", "line 2: benchmark 'maybe' is neither"),
        ("task,labeler,answer,truth\nt1,a,x,x\nt1,b,y,y\n", "line 3: task 't1' had another truth"),
        ("task,labeler,answer,truth\nt1,a,x,z\nt1,b,y,\n", "line 2: truth 'z' is none of the 2 options"),
        (
            "task,labeler,answer,benchmark\nt1,a,x,1\nt1,b,y,1\n",
            "'t1' is marked as a benchmark but has no truth",
        ),
        ("task,labeler,answer\n", "holds no answers"),
        ("task,labeler,answer\nt1,a,x\n", "1 different answers"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    """The error names the line, the value, the rule and the way out."""
    with pytest.raises(CrowdError, match=message) as caught:
        load_crowd(_file(tmp_path, text))

    assert ":" in caught.value.detail


def test_a_task_without_content_is_named(tmp_path: Path) -> None:
    """Contents must cover the tasks that were answered."""
    tasks = _file(tmp_path, '{"task": "t1", "input": {"options": ["x", "y"]}}\n', "tasks.jsonl")

    with pytest.raises(CrowdError, match="line 3: task 't2' has no content"):
        load_crowd(_file(tmp_path, "task,labeler,answer\nt1,a,0\nt2,a,0\n"), tasks)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"task": "t1"\n', "line 1: not JSON"),
        ("[1]\n", "line 1: one JSON object a line"),
        ('{"task": "t1"}\n', "line 1: a task row needs `task` and `input`"),
        ('{"task": 1, "input": {}}\n{"task": "1", "input": {}}\n', "line 2: task '1' stood there before"),
    ],
)
def test_contents_that_cannot_be_read_are_named(tmp_path: Path, text: str, message: str) -> None:
    """The same care for the tasks file."""
    crowd = _file(tmp_path, "task,labeler,answer\nt1,a,x\nt1,b,y\n")

    with pytest.raises(CrowdError, match=message):
        load_crowd(crowd, _file(tmp_path, text, "tasks.jsonl"))


def test_bytes_that_are_no_text_and_missing_files_are_named(tmp_path: Path) -> None:
    """Neither ends in a traceback of the codec."""
    path = tmp_path / "crowd.csv"
    path.write_bytes(b"task,labeler,answer\nt1,a,\xff\n")

    with pytest.raises(CrowdError, match="not UTF-8"):
        load_crowd(path)
    with pytest.raises(CrowdError, match="cannot be opened"):
        load_crowd(tmp_path / "absent.csv")


def test_rows_are_streamed(tmp_path: Path) -> None:
    """The first rows are there before a later one is found to be broken."""
    rows = read_rows(_file(tmp_path, "task,labeler,answer\nt1,a,x\nt2,,x\n"))

    assert next(rows).task == "t1"
    with pytest.raises(CrowdError):
        next(rows)
