"""The schema that migrations make is the one that the models describe."""

import multiprocessing

from store import schema
from store.session import Database


def test_the_migrated_schema_is_the_one_of_the_models(database):
    assert schema.differences(database) == []
    assert schema.pending(database) == []


def test_an_empty_database_knows_what_it_lacks(bare_url):
    database = Database(bare_url)

    assert schema.current(database) is None
    assert schema.pending(database)[-1] == schema.head()

    schema.upgrade(database)

    assert schema.current(database) == schema.head()
    database.close()


def upgrade(url):
    database = Database(url)
    schema.upgrade(database)
    database.close()


def test_two_processes_that_start_at_once_migrate_once(bare_url):
    context = multiprocessing.get_context("spawn")
    starters = [context.Process(target=upgrade, args=(bare_url,)) for _ in range(2)]

    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(60)

    assert [starter.exitcode for starter in starters] == [0, 0]
    database = Database(bare_url)
    assert schema.differences(database) == []
    database.close()
