"""The processes of one run: which of them this is, and how they come to one decision.

A launcher (`torch.distributed.run`, `accelerate launch`) tells each process its rank through the
environment. Rank 0 alone writes the run's folder and reads its requests.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar, cast

from core.errors import RunError

if TYPE_CHECKING:
    from accelerate import Accelerator, PartialState

    from core.runs.config import Precision

T = TypeVar("T")

_PATIENCE = timedelta(days=30)
"""How long a process waits for the others: a pause may last."""
_WATCH_EVERY = 0.5

logger = logging.getLogger(__name__)


class Ranks:
    """This process among those of its run; alone where no launcher said otherwise.

    `takes_part` says that the run is kept on another machine.
    """

    def __init__(self, *, takes_part: bool = False) -> None:
        self.takes_part = takes_part
        self.rank = int(os.environ.get("RANK", "0"))
        self.world_size = int(os.environ.get("WORLD_SIZE", "1"))
        self.local_size = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))

        self.local_rank = int(os.environ.get("LOCAL_RANK", "0"))

    @property
    def is_first(self) -> bool:
        """Whether this process speaks and listens for all."""
        return self.rank == 0

    @property
    def is_first_here(self) -> bool:
        """Whether this process speaks for those on this machine."""
        return self.local_rank == 0

    @property
    def is_alone(self) -> bool:
        """Whether there is one process only."""
        return self.world_size == 1

    @property
    def launcher(self) -> int | None:
        """The launcher's process id; None where there is none."""
        return None if self.is_alone else os.getppid()

    def require_place(self) -> None:
        """Raises `RunError` where the first process is not on the machine that has the run."""
        if self.takes_part and self.is_first:
            raise RunError(
                "The first process must be on the first machine, which has the run: see "
                "machine_rank and rdzv_backend in the accelerate configurations."
            )

    def require(self, wanted: int) -> None:
        """Raises `RunError` unless there are as many processes as the run asked for."""
        if self.world_size != wanted:
            raise RunError(
                f"The run asked for {wanted} processes and got {self.world_size}; start it with "
                f"termformer train --num-processes {wanted}, or a launcher that starts as many."
            )

    def join(self) -> PartialState:
        """Waits until all processes have met; gives the device of this one.

        Raises `RunError` where they did not find each other.
        """
        import torch
        from accelerate import PartialState

        # Several processes on CPUs find each other only where accelerate is told so.
        state = PartialState(cpu=not torch.accelerator.is_available(), timeout=_PATIENCE)
        # accelerate trains in one process, without a word, where it misreads its environment.
        if state.num_processes != self.world_size:
            raise RunError(
                f"{self.world_size} processes were started, but accelerate joined "
                f"{state.num_processes}; see the accelerate configuration."
            )
        return state

    def accelerator(self, mixed_precision: Precision | None) -> Accelerator:
        """To train with all processes, which have joined."""
        import torch
        from accelerate import Accelerator

        on_cpu = not torch.accelerator.is_available()
        return Accelerator(cpu=on_cpu, mixed_precision=mixed_precision)

    def agree(self, value: T) -> T:
        """The first process's `value`, in all of them."""
        if self.is_alone:
            return value
        from accelerate.utils import broadcast_object_list

        return broadcast_object_list([value])[0]  # type: ignore[no-any-return]

    def by_first(self, action: Callable[[], T]) -> T:
        """What the first process does alone; where it cannot, all raise its `RunError`."""
        done: T | None = None
        error = None
        if self.is_first:
            try:
                done = action()
            except RunError as failure:
                error = failure
        done, error = self.agree((done, error))
        if error is not None:
            raise error
        return cast("T", done)

    def gather(self, value: T) -> list[T]:
        """The values of all processes, by rank."""
        if self.is_alone:
            return [value]
        from accelerate.utils import gather_object

        return list(gather_object([value]))

    def highest(self, *numbers: int) -> tuple[int, ...]:
        """Of each number the highest among all processes, in all of them; faster than objects."""
        if self.is_alone:
            return numbers
        import torch
        from accelerate import PartialState

        found = torch.tensor(numbers, device=PartialState().device)
        torch.distributed.all_reduce(found, torch.distributed.ReduceOp.MAX)
        return tuple(found.tolist())

    def wait(self) -> None:
        """Until all processes are here."""
        self.gather(None)

    def end_with_launcher(self) -> None:
        """From now on this process ends when its launcher is gone, which it would not by itself."""
        if self.is_alone:
            return
        launcher = os.getppid()

        def watch() -> None:
            while os.getppid() == launcher:
                time.sleep(_WATCH_EVERY)
            logger.error("The launcher is gone; process %d of the run ends.", self.rank)
            # The others end too: whoever waits for them would wait in vain.
            os._exit(1)

        threading.Thread(target=watch, name="launcher-watch", daemon=True).start()
