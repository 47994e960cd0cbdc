"""Start several processes that train together on this machine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ended:
    """How a process ended, and the addresses of all that were to train with it."""

    returncode: int
    stdout: str
    stderr: str
    addresses: tuple[str, ...]


def free_addresses(count: int) -> list[str]:
    """Find addresses of this machine that nobody listens at."""
    with ExitStack() as stack:
        found = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [f"127.0.0.1:{each.getsockname()[1]}" for each in found]


def tf_config(addresses: Sequence[str], index: int) -> str:
    """Give ``TF_CONFIG`` of one of the workers."""
    return json.dumps({"cluster": {"worker": list(addresses)}, "task": {"type": "worker", "index": index}})


def python_together(
    code: str, folders: Sequence[Path], *, seconds: float = 150, **environment: str
) -> list[Ended]:
    """Run the same code in a process for each folder; it finds the folder in ``sys.argv``."""
    return together([[sys.executable, "-c", code, str(each)] for each in folders], seconds, **environment)


def together(commands: Sequence[Sequence[str]], seconds: float, **environment: str) -> list[Ended]:
    """Run commands at the same time, each one worker of a ``TF_CONFIG`` of its own addresses.

    Returns
    -------
    list of Ended
        In the order of the commands.
    """
    addresses = tuple(free_addresses(len(commands)))
    variables = [{"TF_CONFIG": tf_config(addresses, rank), **environment} for rank in range(len(commands))]
    return started_with(variables, commands, seconds, addresses)


def started_with(
    variables: Sequence[Mapping[str, str]],
    commands: Sequence[Sequence[str]],
    seconds: float,
    addresses: tuple[str, ...] = (),
) -> list[Ended]:
    """Run commands at the same time, each with variables of its own."""
    started = [
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **added},
        )
        for command, added in zip(commands, variables, strict=True)
    ]
    try:
        with ThreadPoolExecutor(len(started)) as pool:  # one that fills its pipe must not hold up another
            told = list(pool.map(lambda each: each.communicate(timeout=seconds), started))
    finally:
        for each in started:
            each.kill()
    return [
        Ended(each.returncode, out, err, addresses) for each, (out, err) in zip(started, told, strict=True)
    ]
