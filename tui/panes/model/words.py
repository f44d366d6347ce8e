"""What the pane says above and below what it shows."""

from __future__ import annotations

from core.engine.protocol import Failed, Loading, StructureRead
from core.engine.protocol.checkpoint import AFTER_CANCEL, HEADS
from core.sizes import part_of, percent, size_of
from core.text.visible import fit, visible, width
from tui.bench import ModelState
from tui.panes.model.fields import FieldRow, as_json
from tui.panes.model.outline import TreeRow
from tui.panes.model.subject import Subject
from tui.panes.model.tree import of_module, shapes
from tui.waiting import how_far
from tui.widgets.headline import Paragraph
from tui.widgets.rows import Part


def headline(
    subject: Subject, read: StructureRead, plain: StructureRead | None, cells: int
) -> list[Paragraph]:
    """The model in one line of `cells`; below it where its weights come from, what was changed."""
    root = read.structure.root
    kind = of_module(root)
    first: list[Part] = [
        (visible(read.class_name), "headline--strong"),
        (f"  {root.parameters:,} parameters", "headline--strong"),
    ]
    before = plain.structure.root.parameters if plain and subject.changes else None
    if before is not None and before != root.parameters:
        more = root.parameters - before
        share = f", {'+' if more > 0 else ''}{percent(more / before, 0)}" if before else ""
        first.append((f" {more:+,}{share}", "headline--number"))
    all_ = f"all {kind}" if kind in ("trainable", "frozen") else kind
    # By weight: the last ones are left out where there is no room.
    room = cells - sum(width(text) for text, _ in first)
    for figure in (size_of(root.bytes), all_, ", ".join(read.structure.dtypes)):
        room -= width(figure) + 3
        if room < 0:
            break
        first.append((f" · {figure}", ""))
    return [first, _origin(subject, read, cells)]


def _origin(subject: Subject, read: StructureRead, cells: int) -> Paragraph:
    """Whose weights they are; a long name is cut, so that what it lacks still stands there."""
    words: list[Part] = []
    if subject.changes:
        told = ", ".join(f"{name} {value}" for name, value in subject.changes.items())
        words += [("changed: ", "headline--quiet"), (visible(told), "headline--good"), (" · ", "")]
    if subject.is_random:
        words.append((f"random weights, torch.manual_seed({subject.seed})", ""))
    after = f" · by {HEADS[subject.head]}" if subject.head else ""
    if read.has_tokenizer is False:
        after += " · no tokenizer, so no text can go through it"
    if not subject.is_random:
        what = "the checkpoint" if read.checkpoint else "the defaults of the kind"
        named = f"{what} {visible(subject.base)}"
        words.append((fit(named, max(len(what), cells - width(after))), "headline--quiet"))
    words.append((after, "headline--quiet"))
    return words


def refused(failure: Failed, *, changed: bool) -> list[Paragraph]:
    """Why the engine gave nothing, and what helps."""
    words: list[Paragraph] = [[(visible(failure.message), "headline--problem")]]
    if changed:
        words.append(
            [
                ("Nothing was built; the last tree stays. ", ""),
                ("z", "headline--key"),
                (" takes the changes back.", ""),
            ]
        )
    else:
        words.append(
            [
                ("r", "headline--key"),
                (" tries again, ", ""),
                ("p", "headline--key"),
                (" another head, ", ""),
                ("o", "headline--key"),
                (" another model.", ""),
            ]
        )
    return words


def on_its_way(model: ModelState, cells: int) -> Paragraph:
    """The model of all panes is fetched or read: how far that is, and how to stop it."""
    stop: list[Part] = [(" · ", ""), ("x", "headline--key"), (" gives it up", "")]
    room = cells - sum(width(text) for text, _ in stop)
    if model.total:
        far = how_far(model.done or 0, model.total, room // 2)
        room -= sum(width(text) for text, _ in far) + 1
        return [(f"{fit(visible(model.stage), room)} ", ""), *far, *stop]
    stage = f"Loading {visible(model.name)}: {visible(model.stage or 'starting')}"
    return [(fit(stage, room), ""), *stop]


def given_up() -> list[Paragraph]:
    """After a cancel."""
    again: Paragraph = [("r", "headline--key"), (" fetches it again.", "")]
    return [[("Given up. ", "headline--strong"), (AFTER_CANCEL, "")], again]


def busy(name: str, progress: Loading | None, cells: int) -> list[Paragraph]:
    """What the engine does about `name`; a bar where bytes are known."""
    stage = visible(progress.stage) if progress else "asking the engine"
    words: list[Paragraph] = [
        [
            ("Reading ", ""),
            (visible(name), "headline--strong"),
            (f": {stage}…", ""),
        ]
    ]
    if progress and progress.total:
        words.append(how_far(progress.done or 0, progress.total, cells))
        words.append([("x", "headline--key"), (" gives it up. ", ""), (AFTER_CANCEL, "")])
    return words


# --- below the table --------------------------------------------------------------------------


def of_row(row: TreeRow | None, total: int) -> list[list[Part]]:
    """Two rows on what is marked: what it is, and what it holds."""
    if row is None:
        return []
    name = row.path or "the model"
    what = (
        f"{row.parameter.name} of {row.module.class_name}"
        if row.parameter
        else f"{row.module.class_name}({row.module.detail})"
    )
    first: list[Part] = [(f" {visible(name)}", "lines--title"), (f"  {visible(what)}", "")]
    second: list[Part] = [(f" {row.count:,} parameters", "lines--label")]
    if row.repeats > 1:
        second.append((f" in each of {row.repeats}, {row.count * row.repeats:,} in all", ""))
    if row.parameter and row.parameter.tied_to:
        second.append((f" · the same tensor as {visible(row.parameter.tied_to)}", "lines--accent"))
    elif total and row.count:
        second.append((f" · {part_of(row.count * row.repeats / total)}", ""))
    if row.count:
        second.append((f" · {size_of(row.bytes * row.repeats)}", ""))
    if row.parameter:
        kind = "trainable" if row.parameter.trainable else "frozen"
        second.append((f" · {shapes(row)} · {row.parameter.dtype} · {kind}", ""))
    elif row.count:
        kind = of_module(row.module)
        second.append((f" · {f'{shapes(row)} · ' if row.module.own else ''}{kind}", ""))
    return [first, second]


def of_field(row: FieldRow | None, other: str) -> list[list[Part]]:
    """Two rows on the marked field: its value whole, and what it differs from."""
    if row is None:
        return [[(" No field differs.", "")]]
    value = as_json(row.wish) if row.wish is not None else row.value or "no such field"
    kind = f"  {row.kind}" if row.kind else ""
    first: list[Part] = [
        (f" {visible(row.name)}", "lines--title"),
        (f" = {visible(value)}", "lines--accent" if row.wish is not None else ""),
        (visible(kind), "lines--quiet"),
    ]
    whose = f"{visible(other)} has" if other else "the class's default is"
    if row.wish is not None:
        second = (
            f"as it came: {visible(row.value)}" if row.value != as_json(row.wish) else "changed"
        )
    elif not row.other:
        second = f"{visible(other)} has no such field" if other else "the class knows no such field"
    else:
        second = (
            f"{whose} {visible(row.other)}"
            if row.differs
            else (f"the same in {visible(other)}" if other else "the class's default")
        )
    return [first, [(f" {second}", "lines--quiet")]]


# The key bar's own keys are not among them.
_KEYS: dict[str, tuple[tuple[str, str], ...]] = {
    "tree": (
        ("Enter", "open"), ("u", "unfold"), ("p", "head"), ("b", "random"), ("a", "answers"),
        ("s", "save"), ("O", "any config"), ("g", "open all"),
    ),
    "fields": (
        ("− +", "step"), ("Enter", "set"), ("z", "as it was"), ("y", "only what differs"),
        ("n", "another config"), ("Esc", "tree"), ("m", "use it in all panes"),
        ("s", "save it built"),
    ),
    "weights": (
        ("p", "another head"), ("b", "random or loaded"), ("↑↓", "scroll"), ("Esc", "tree"),
        ("a", "answers"),
    ),
    "page": (
        ("↑↓", "another tensor"), ("b", "random or loaded"), ("Esc", "tree"),
    ),
    "both": (
        ("m", "random weights for all panes"), ("Esc", "tree"),
    ),
    "found": (("Enter", "its place in the tree"), ("d", "details"), ("Esc", "the whole tree")),
    "other": (("Esc", "the class's defaults"), ("n", "another one"), ("y", "only what differs")),
}  # fmt: skip


def keys(view: str, cells: int, *, found: int | None, other: str) -> list[Part]:
    """The keys that act in a view, for the last row: as many as `cells` hold whole."""
    if view == "tree" and found is not None:
        view = "found"
    if view == "fields" and other:
        view = "other"
    words: list[Part] = []
    for key, does in _KEYS[view]:
        cells -= width(key) + width(does) + 3
        if cells < -1:
            break
        words += [(f" {key}", "legend--key"), (f" {does} ", "")]
    return words


def found(count: int, of: int) -> list[Paragraph]:
    """What a search found."""
    return [
        [
            (f"{count:,} of {of:,} modules", "headline--strong"),
            (" hold it in their name, their class or their tensors' names.", ""),
        ]
    ]


def no_text_for_a_kind(name: str) -> list[Paragraph]:
    """No sentence can go through what is only a config."""
    return [
        [
            (visible(name), "headline--strong"),
            (" is a kind of model: it brings no tokenizer, so no text can go through it. ", ""),
            ("o", "headline--key"),
            (" chooses a checkpoint.", ""),
        ]
    ]


def nothing_typed(*, typing: bool) -> list[Paragraph]:
    """There is no sentence to compare."""
    words: list[Part] = [
        ("type a sentence: its logits by the checkpoint and by random weights appear here.", "")
    ]
    if typing:
        return [[("Now ", ""), *words]]
    return [[("Press ", ""), ("i", "headline--key"), (" and ", ""), *words]]
