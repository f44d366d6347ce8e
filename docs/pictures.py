"""Draws the README's pictures with the app itself: `.venv/bin/python docs/pictures.py`."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

SIZE = (100, 30)
STEPS = 240


async def draw() -> None:
    """Runs the app in a private place: tokens, logits, and a training run of `STEPS` steps."""
    from core.runs.config import RunConfig
    from core.runs.folder import create_run
    from core.runs.launch import start_run
    from core.runs.status import run_status
    from tui.app import TermformerApp

    app = TermformerApp()
    async with app.run_test(size=SIZE) as pilot:

        async def until(holds: Callable[[], object]) -> None:
            while not holds():
                await pilot.pause(0.1)
            await pilot.pause()

        def save(name: str) -> None:
            app.save_screenshot(f"{name}.svg", str(Path(__file__).parent))

        await app.bench.furnished.wait()
        await pilot.press("escape", "home", *["right"] * 8)
        await until(lambda: app.bench.model.status == "ready")
        save("tokens")
        await pilot.press("2")
        await until(lambda: "differs" in _text(app))
        save("logits")
        config = RunConfig(name="calm-otter", model="mini-base", max_steps=STEPS, eval_steps=60)
        run = create_run(config)
        start_run(config, run)
        await until(lambda: run_status(run).status == "finished")
        await pilot.press("5", "l")
        await until(lambda: config.name in _text(app))
        await pilot.press("enter")
        await until(lambda: "finished" in _text(app))
        save("train")


def _text(app: object) -> str:
    from tui.app import TermformerApp

    assert isinstance(app, TermformerApp)
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def main() -> None:
    """Keeps the pictures' runs and sentences apart from the user's."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("RUNS_DIR", "STATE_DIR", "CONFIG"):
            os.environ[f"TERMFORMER_{name}"] = str(Path(folder) / name.lower())
        asyncio.run(draw())


if __name__ == "__main__":
    main()
