"""A worker that runs only the stamping cycle: `python -m tests.stamping.worker_process NAME LEASE`.

The real one (`meterai.processes.worker`) needs the whole service; this one is killed and frozen by the tests.
Its settings come from METERAI_DATA, METERAI_DATABASE_WORKER_URL and METERAI_FAIL_POINT.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from meterai.jail.pool import JailPool
from meterai.kernel.clock import system_clock
from meterai.kit import fail_points
from meterai.kit.database import connect
from meterai.kit.files.object_store import FolderStore
from meterai.stamping.cycle.batch import CycleSettings, Tools
from meterai.stamping.signer_client import SignerClient
from meterai.stamping.signer_wire import socket_path
from meterai.stamping.use_cases.run_cycle import free_leases, run_due_jobs
from tests.stamping.stamping_setup import JAIL_TASKS


async def main(name: str, lease_s: float) -> None:
    data = Path(os.environ["METERAI_DATA"])
    jail = JailPool(JAIL_TASKS, slots=1)
    await jail.start()
    tools = Tools(
        db=await connect(os.environ["METERAI_DATABASE_WORKER_URL"], connections_max=2),
        jail=jail,
        objects=FolderStore(data / "objects"),
        signer=SignerClient(socket_path(data)),
        clock=system_clock,
        settings=CycleSettings(
            base_url="https://meterai.test",
            specimen=True,
            lease_s=lease_s,
            retry_first_s=0.05,
            retry_longest_s=0.2,
        ),
        fail_point=fail_points.from_environment(os.environ, development=True),
    )
    await free_leases(tools, worker=name)
    print("ready", flush=True)
    while True:
        try:
            await run_due_jobs(tools, worker=name)
        except Exception as error:
            print(type(error).__name__, error, flush=True)
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
