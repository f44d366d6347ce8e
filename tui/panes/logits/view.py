"""What every view of the Logits pane is, and what all of them are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.widget import Widget

from core.engine.protocol import Arrangement, ModelInfo, Overtaken, Question, Reply
from core.snippets.inputs import Inputs
from core.snippets.loading import Checkpoint
from core.text.visible import visible
from tui import waiting
from tui.bench import ModelState
from tui.inquiry import Inquiry
from tui.panes.logits import lesson
from tui.panes.logits.experiment import Shown
from tui.panes.logits.steps import Setup, Step, steps
from tui.plan import Plan
from tui.sources import checkpoint_of, takes_token_types
from tui.widgets.headline import Headline, Paragraph
from tui.widgets.pane import Code, Export

if TYPE_CHECKING:
    from core.text.tokenizer import TextTokenizer
    from tui.bench import Bench


@dataclass(frozen=True)
class Scene:
    """What is typed, which input is the current one, and the model that is asked.

    `count` is how many inputs are typed; `behind` says that some are still being encoded.
    """

    plan: Plan = field(default_factory=Plan)
    row: int = 0
    setup: Setup = field(default_factory=Setup)
    model: ModelState = field(default_factory=lambda: ModelState(""))
    typing: bool = True
    count: int = 0
    behind: bool = False
    looks_like_ids: bool = False
    tokenizer: TextTokenizer | None = None

    @property
    def info(self) -> ModelInfo | None:
        """The model that answers."""
        return self.model.info

    @property
    def inputs(self) -> Inputs:
        """What is asked, for Python."""
        return Inputs(
            self.checkpoint,
            self.plan.texts,
            self.plan.ids,
            end_pads=self.tokenizer is not None and self.tokenizer.padding is None,
            token_types=takes_token_types(self.info),
        )

    @property
    def checkpoint(self) -> Checkpoint:
        """Where Python finds the model."""
        return checkpoint_of(self.info) if self.info else Checkpoint("")

    @property
    def steps(self) -> tuple[Step, ...]:
        """The rows of numbers that every input has."""
        side = self.info.padding_side if self.info else "right"
        return steps(self.setup, self.plan, side)

    def named_steps(self, rows: Sequence[Shown]) -> list[tuple[str, Arrangement]]:
        """The steps that are possible, by name; `rows` are the inputs as they are shown."""
        impossible = {each.step for row in rows for each in row.figures if each.problem}
        steps = (step for step in self.steps if step not in impossible)
        return [(step.name.strip(), step.arrangement) for step in steps]


class LogitsView(Widget):
    """One way of looking at the scene: asks for what it shows, only while it is shown.

    Subclasses compose a `headline` and their own parts, and say what to ask and how to draw.
    """

    DEFAULT_CSS = """
    LogitsView { height: 1fr; layout: vertical; }
    LogitsView Headline { height: 2; }
    LogitsView.-tall Headline, LogitsView.-three Headline { height: 3; }
    LogitsView.-four Headline { height: 4; }
    LogitsView.-words Headline { height: 1fr; }
    """

    DRAWS_WITHOUT_NUMBERS: ClassVar[bool] = False
    """Whether there is something to see while no numbers can be had."""
    BACK: ClassVar[str] = "compare"
    """The view that Escape leads to."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._speaks = True
        self.headline = Headline(id=f"{id}-headline")
        self.scene = Scene()

    # --- for subclasses -------------------------------------------------------------------

    @property
    def inquiries(self) -> Sequence[Inquiry[Any]]:
        """What it asks with; the first one's failure is what it says."""
        raise NotImplementedError

    def question(self) -> Question | None:
        """What to ask with the first inquiry; None where there is nothing to ask."""
        raise NotImplementedError

    def draw(self, *, follow: bool) -> None:
        """Draws the scene, for which there are numbers or will be; `follow`: current in view."""
        raise NotImplementedError

    def move(self, rows: int, columns: int) -> bool:
        """An arrow key; returns whether the view had a use for it."""
        return False

    def open(self) -> str | None:
        """Enter; returns the view that looks more closely, if there is one."""
        return None

    def jump(self, step: int) -> bool:
        """The bracket keys; returns whether the view had a use for them."""
        return False

    def mask(self) -> None:
        """Shows the other of: without the mask, with it."""

    def page(self, pages: int) -> None:
        """Page down (1) or up (-1)."""

    def code(self) -> Code | None:
        """The Python that gives what is shown."""
        return None

    def exports(self) -> Sequence[Export]:
        """The files that what is shown can be written to."""
        return ()

    # --- from the pane --------------------------------------------------------------------

    def show(self, scene: Scene, *, follow: bool = False) -> None:
        """Asks for what is new in `scene` and draws it."""
        self.scene = scene
        self.ask()
        self.redraw(follow=follow)

    def ask(self) -> None:
        """Asks, unless that was asked before; the newest wins."""
        if not self.display or self.scene.info is None:
            return
        question = None if self.scene.behind or not self.scene.plan.count else self.question()
        first = self.inquiries[0]
        if question is None:
            first.drop()
        else:
            first.ask(self.engine, self.scene.info, question)

    def again(self) -> None:
        """Asks once more for what is shown."""
        for inquiry in self.inquiries:
            inquiry.forget()
        self.ask()
        self.redraw()

    def take(self, reply: Reply) -> None:
        """A reply of the engine, to whomever."""
        taken = [inquiry for inquiry in self.inquiries if inquiry.take(reply)]
        if not taken:
            return
        if isinstance(reply, Overtaken):
            self.call_later(self.ask)
        if self.display:
            self.redraw()

    def redraw(self, *, follow: bool = False) -> None:
        """Draws the scene, or says why there is nothing to draw."""
        if not self.is_mounted:
            return
        nothing = self._nothing()
        words = nothing or self.without_numbers()
        only_words = nothing is not None or (words is not None and not self.DRAWS_WITHOUT_NUMBERS)
        self.set_class(only_words, "-words")
        self._speaks = words is None
        if words is not None:
            self.headline.show(words)
        if not only_words:
            self.draw(follow=follow)

    def say(self, words: list[Paragraph], *, dim: bool = False) -> None:
        """The headline, unless something more urgent stands there; `dim`: it may not hold."""
        if self._speaks:
            self.headline.show(words, dim=dim)

    @property
    def bench(self) -> Bench:
        """The screen that holds the document, the model and the engine."""
        return cast("Bench", self.screen)

    @property
    def engine(self) -> Any:
        """The engine that all panes ask."""
        return self.bench.engine

    @property
    def whose(self) -> str:
        """Says so where the numbers are another model's, or the engine is busy loading."""
        model, progress = self.scene.model, self.inquiries[0].progress
        if model.info and model.status == "loading":
            return f"by {visible(model.info.name)} until {visible(model.name)} is there"
        # Of an engine that ended the headline tells.
        return f"engine: {visible(progress.stage)}…" if progress and not model.ended else ""

    def _nothing(self) -> list[Paragraph] | None:
        """Why there is nothing to draw; None where there is something."""
        scene = self.scene
        if scene.info is None and scene.model.status == "failed":
            return waiting.not_loaded(scene.model.problem, typing=scene.typing)
        if scene.plan.problem:
            return lesson.no_ids(scene.plan.problem, typing=scene.typing)
        if scene.plan.too_long:
            return waiting.too_large(scene.plan.too_long)
        if scene.plan.count or scene.behind:
            return None
        if scene.info is None:
            return waiting.model_loading(scene.model, self.size.width)
        return waiting.nothing_typed(typing=scene.typing, raw_ids=scene.plan.raw_ids)

    def without_numbers(self) -> list[Paragraph] | None:
        """Why no number can come, or what they wait for; None where there are some."""
        if self.scene.info is None:
            return waiting.model_loading(self.scene.model, self.size.width)
        if self.scene.model.ended and any(inquiry.waiting for inquiry in self.inquiries):
            return waiting.engine_ended(self.scene.model)
        failure = self.inquiries[0].failure
        return waiting.not_computed(failure, typing=self.scene.typing) if failure else None
