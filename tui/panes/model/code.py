"""The Python for what the pane shows, and the files that it can be written to."""

from __future__ import annotations

from collections.abc import Sequence

from core.snippets.config import config_code, configs_code
from core.snippets.model import both_code, build_code, load_code, parameter_code
from tui.document import Document
from tui.panes.model import files as written
from tui.panes.model.view import Scene
from tui.sources import checkpoint_of, takes_token_types
from tui.widgets.pane import Code, Export


def of(scene: Scene, document: Document) -> Code | None:
    """The Python that gives what is shown; None where it is not there yet."""
    answers, subject = scene.answers, scene.subject
    read, weights = answers.structure_of(subject), answers.weights_of(subject)
    if scene.view == "weights":
        return Code("The weights, loaded", load_code(weights)) if weights else None
    if scene.view == "page":
        inspected = answers.parameter_of(subject, scene.tensor)
        if weights is None or inspected is None:
            return None
        return Code(f"The figures of {scene.tensor}", parameter_code(weights, inspected))
    if scene.view == "both":
        return _both(scene, document)
    if read is None:
        return None
    if scene.view == "fields":
        compared = answers.configs_of(subject, scene.other) if scene.other else None
        if scene.other:
            return Code("Two configs", configs_code(compared)) if compared else None
        return Code("The config", config_code(read))
    return Code("The model from its config", build_code(read))


def _both(scene: Scene, document: Document) -> Code | None:
    first, second = scene.answers.both_of(scene.subject, scene.plan)
    read = scene.answers.structure.answer
    if first is None or second is None or read is None:
        return None
    checkpoint = checkpoint_of(first.model)
    tokenizer = document.tokenizer
    end_pads = tokenizer is not None and tokenizer.padding is None
    python = both_code(
        second.model.name,
        read,
        checkpoint.name,
        scene.plan.texts,
        end_pads=end_pads,
        token_types=takes_token_types(first.model),
    )
    return Code("Loaded and random weights", python, checkpoint.note)


def files(scene: Scene) -> Sequence[Export]:
    """The files that what is shown can be written to."""
    answers, subject = scene.answers, scene.subject
    read = answers.structure_of(subject)
    if scene.view == "weights":
        weights = answers.weights_of(subject)
        return written.of_model(weights) if weights else ()
    if scene.view == "page":
        inspected = answers.parameter_of(subject, scene.tensor)
        return written.of_parameter(inspected) if inspected else ()
    if scene.view == "both":
        return written.of_both(scene.plan, answers.both_of(subject, scene.plan))
    if scene.view == "fields" and scene.other:
        compared = answers.configs_of(subject, scene.other)
        return written.of_configs(compared) if compared else ()
    if read is None:
        return ()
    return written.of_config(read) if scene.view == "fields" else written.of_model(read)
