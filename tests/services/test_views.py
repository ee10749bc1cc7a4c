"""What a process keeps between groups stays small, whatever customers push."""

from goldvein.domain.records import TaskDraft
from goldvein.services import intake
from goldvein.services.views import Views
from goldvein.store.database import Database
from tests.services.town import Town


def test_large_contents_push_older_ones_out(db: Database) -> None:
    """Contents are kept up to a number of bytes, and one that was let go is read again."""
    town = Town(db)
    texts = [f"{n}" + "".join(map(chr, town.rng.integers(0x4E00, 0x9FFF, 5_000))) for n in range(8)]
    drafts = [TaskDraft(n, {"prompt": text, "options": ["a", "b"]}) for n, text in enumerate(texts)]
    pushed = intake.push(db, town.project.id, drafts, None, town.now).tasks
    keys = [(town.project.id, task.id) for task in pushed]
    views = Views(bytes_kept=40_000)

    with db.connection() as tx:
        read = [views.contents(tx, [key])[key].input["prompt"] for key in [*keys, *keys]]

    assert read == texts * 2
    assert 0 < views.bytes_held <= 40_000
