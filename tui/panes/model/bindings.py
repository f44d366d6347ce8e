"""The keys of the Model pane."""

from __future__ import annotations

from textual.binding import Binding, BindingType

BINDINGS: list[BindingType] = [
    Binding("f", "view('fields')", "config", id="model.fields",
            tooltip="The config, field by field"),
    Binding("p", "head(1)", "head", show=False, id="model.head",
            tooltip="Another AutoModel class: base, classification, tokens, masked, causal"),
    Binding("P", "head(-1)", "head before", show=False, id="model.head_before",
            tooltip="The AutoModel class before"),
    Binding("t", "view('tree')", "tree", show=False, id="model.tree", tooltip="The module tree"),
    Binding("b", "built", "random or loaded", show=False, id="model.built",
            tooltip="Random weights, or the checkpoint's"),
    Binding("u", "fold", "unfold", show=False, id="model.fold",
            tooltip="Alike modules one by one, or in one line"),
    Binding("g", "open_all", "open all", show=False, id="model.open_all",
            tooltip="Open all modules, or none"),
    Binding("enter,space", "open", "open", show=False, id="model.open",
            tooltip="Open or close a module; a tensor's figures; set a field"),
    Binding("right,l", "unfurl(1)", "open", show=False, id="model.right",
            tooltip="Open, or on to what is below"),
    Binding("left,h", "unfurl(-1)", "close", show=False, id="model.left",
            tooltip="Close, or up to what holds it"),
    Binding("down,j", "move(1)", "next", show=False, id="model.down", key_display="↓"),
    Binding("up,k", "move(-1)", "before", show=False, id="model.up"),
    Binding("pagedown", "page(1)", "page down", show=False, id="model.page_down"),
    Binding("pageup", "page(-1)", "page up", show=False, id="model.page_up"),
    Binding("home,0", "move(-1000000)", "first row", show=False, id="model.first"),
    Binding("end,dollar_sign", "move(1000000)", "last row", show=False, id="model.last"),
    Binding("y", "differing", "differing", show=False, id="model.differing",
            tooltip="Only fields that differ, or all"),
    Binding("m", "use", "use it", show=False, id="model.use",
            tooltip="Make what is shown the model of all panes"),
    Binding("r", "again", "again", show=False, id="model.again", tooltip="Ask once more"),
    Binding("x", "cancel", "give up", show=False, id="model.cancel",
            tooltip="Give up what is being fetched or read"),
    Binding("escape", "back", "back", show=False, id="model.back", tooltip="Back to the tree"),
]  # fmt: skip
