"""A bare recognition server of the kind that most self-hosted voice systems put behind their telephone lines.

After alphacep/vosk-server's asr_server.py, to compare with: one process, a recogniser for each connection, each frame
decoded in a pool of as many threads as cores, and its partial text sent back.  No turns, no prompts, no records.

    python -m ivr.phone.bare_server MODEL PHRASES_JSON_FILE      prints its port when it is ready
"""

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

RATE_HZ = 8000


def main() -> None:
    """Serve until ended from outside."""
    asyncio.run(_serve(sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8")))


async def _serve(model_path: str, phrases_json: str) -> None:
    import vosk
    from websockets.asyncio.server import serve

    vosk.SetLogLevel(-1)
    model = vosk.Model(model_path)
    pool = ThreadPoolExecutor(os.cpu_count())
    loop = asyncio.get_running_loop()

    async def recognise(connection: Any) -> None:
        recogniser = vosk.KaldiRecognizer(model, RATE_HZ, phrases_json)

        def decode(sound: bytes) -> str:
            text: str = recogniser.Result() if recogniser.AcceptWaveform(sound) else recogniser.PartialResult()
            return text

        async for sound in connection:
            await connection.send(await loop.run_in_executor(pool, decode, sound))

    async with serve(recognise, "127.0.0.1", 0, compression=None, max_queue=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    main()
