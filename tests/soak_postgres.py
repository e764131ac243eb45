"""The soak on a PostgreSQL that falls silent again and again: ``python -m tests.soak_postgres MINUTES [CALLS]``."""

import asyncio
import json
import random
import sys

from ivr.config import load
from ivr.config.settings import starter
from ivr.phone.server import own_server
from ivr.phone.slow_backend import LANGUAGE, home_with_slow_backend, service
from ivr.phone.soak import Soaking
from ivr.records.audio import as_wave
from ivr.telephony.twiml import last_resort
from tests.postgres import programs, running_postgres
from tests.serving import SERVE

WORKERS = 2


def main(minutes: float, calls: int = 10, seed: int = 7) -> int:
    found = programs()
    if found is None:
        sys.exit("no PostgreSQL here")
    dice = random.Random(seed)
    with (
        running_postgres(found) as postgres,
        home_with_slow_backend(starter(), 60.0) as home,
        service(as_wave(bytes(32_000))) as recordings,
        own_server(SERVE, home, postgres.database(), recordings_url=recordings) as server,
    ):

        async def silence() -> None:
            with postgres.silent():
                await asyncio.sleep(dice.uniform(2, 12))

        config = load(home)
        line = next(line for line, language in config.lines.items() if language == LANGUAGE)
        soaking = Soaking(server, line, last_resort(config.advisors), recordings, seed, WORKERS)
        came = asyncio.run(soaking.run(calls, minutes * 60, lambda _: None, {"database silent": silence}))
        if not came.good:
            print(server.last_words())
    print(json.dumps(came.as_json(), indent=2))
    return 0 if came.good else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), *map(int, sys.argv[2:])))
