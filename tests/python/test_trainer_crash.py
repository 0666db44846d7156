"""Training that is killed at any instant goes on from the last checkpoint and ends with the same bits."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import eigenformers as ef
import pytest
from trainer_runs import fingerprint, trainer

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(ef.__file__))}
STEPS = 6


def start(folder, *extra):
    command = [sys.executable, str(HERE / "trainer_runs.py"), str(folder), *map(str, extra)]
    return subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE)


def whole(tmp_path, steps):
    made = trainer(str(tmp_path / "whole"), max_steps=steps)
    made.train()
    return fingerprint(made)


def finish(folder, steps):
    """Run to the end; what it ended with."""
    process = start(folder, steps)
    assert process.wait(120) == 0, process.stderr.read().decode()
    names = sorted(os.listdir(folder))
    assert [n for n in names if n.startswith(".")] == [] and f"checkpoint-{steps}" in names
    return json.loads((folder / "final.json").read_text())


def kills_inside_saves(tmp_path, calls):
    wanted, folder = whole(tmp_path, STEPS), tmp_path / "run"
    folder.mkdir()
    for call in calls:
        process = start(folder, STEPS, call)
        assert process.wait(120) in (0, -signal.SIGKILL), process.stderr.read().decode()
    assert finish(folder, STEPS) == wanted


def test_killed_inside_of_saves(tmp_path):
    kills_inside_saves(tmp_path, [3, 19, 37])


@pytest.mark.long
def test_killed_inside_of_saves_at_every_call(tmp_path):
    kills_inside_saves(tmp_path, range(1, 60, 2))


def test_killed_at_random(tmp_path):
    kills_at_random(tmp_path, 2, 12)


@pytest.mark.long
def test_killed_at_random_fifty_times(tmp_path):
    kills_at_random(tmp_path, 50, 400)


def kills_at_random(tmp_path, kills, steps):
    rng, wanted, folder = random.Random(3), whole(tmp_path, steps), tmp_path / "run"
    folder.mkdir()
    done = 0
    while done < kills and not (folder / "final.json").exists():
        process = start(folder, steps)
        before = len(os.listdir(folder))
        while process.poll() is None and len(os.listdir(folder)) == before and before < 1:
            time.sleep(0.005)  # until there is something to lose
        time.sleep(rng.uniform(0.25, 0.8))
        process.kill()
        process.wait()
        done += 1
    assert finish(folder, steps) == wanted


def test_an_error_inside_of_a_save_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    made, sync, calls = trainer(str(tmp_path), max_steps=4), os.fsync, []

    def full(descriptor):
        calls.append(1)
        if len(calls) > 25:
            raise OSError(errno.ENOSPC, "No space left on device")
        return sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        OSError, match=r"No space left on device: checkpoint-\d in .* can't be saved; .* are whole"
    ) as e:
        made.train()
    assert e.value.errno == errno.ENOSPC
    monkeypatch.undo()
    names = os.listdir(tmp_path)
    assert names and all(name.startswith("checkpoint-") for name in names)
    again = trainer(str(tmp_path), seed=3, max_steps=4)
    again.train(resume_from_checkpoint=True)
    assert fingerprint(again) == whole(tmp_path, 4)


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounts a small disk, which only root can")
def test_disk_full(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "none", str(disk)], capture_output=True)
    if mount.returncode:
        pytest.skip("mount is not allowed here")
    try:
        with pytest.raises(OSError, match="can't be saved; the checkpoints before it are whole"):
            trainer(str(disk), max_steps=8).train()
        names = sorted(os.listdir(disk))
        assert names and all(name.startswith("checkpoint-") for name in names)
        again = trainer(str(disk), seed=3, max_steps=8, save_total_limit=1, save_steps=4)
        for name in names[:-1]:
            subprocess.run(["rm", "-r", str(disk / name)], check=True)
        again.train(resume_from_checkpoint=True)
        assert fingerprint(again)["bits"] == whole(tmp_path, 8)["bits"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
