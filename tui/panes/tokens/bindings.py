"""The keys of the Tokens pane."""

from __future__ import annotations

from textual.binding import Binding


def _view(key: str, name: str, about: str) -> Binding:
    return Binding(
        key,
        f"view('{name}')",
        name,
        show=False,
        id=f"tokens.view_{name}",
        tooltip=f"View: {about}",
    )


MOVING = [
    Binding("v", "choose('next')", "view", id="tokens.view", tooltip="Next view"),
    Binding("right,l", "move(1)", "next token", id="tokens.next", key_display="→"),
    Binding("left,h", "move(-1)", "token before", show=False, id="tokens.previous"),
    Binding(
        "d",
        "choose('toggle_details')",
        "details",
        id="tokens.details",
        tooltip="Details of the token",
    ),
    Binding("down,j", "move_row(1)", "next sentence", show=False, id="tokens.down"),
    Binding("up,k", "move_row(-1)", "sentence before", show=False, id="tokens.up"),
    Binding("home,0", "edge(0)", "first token", show=False, id="tokens.first"),
    Binding("end,dollar_sign", "edge(1)", "last token", show=False, id="tokens.last"),
    Binding("pagedown", "page(1)", "page down", show=False, id="tokens.page_down"),
    Binding("pageup", "page(-1)", "page up", show=False, id="tokens.page_up"),
]
VIEWS = [
    Binding(
        "n",
        "beside",
        "beside",
        id="tokens.beside",
        tooltip="Another tokenizer beside this one",
    ),
    Binding(
        "x",
        "beside_less",
        "one less",
        show=False,
        id="tokens.beside_less",
        tooltip="One tokenizer less: the one that was added last",
    ),
    Binding("slash", "screen.vocabulary", "vocabulary", id="tokens.vocabulary"),
    Binding(
        "g",
        "entry",
        "entry",
        show=False,
        id="tokens.entry",
        tooltip="The token's entry in the vocabulary",
    ),
    _view("A", "all", "chips, table and grid together, as far as there is room"),
    _view("C", "chips", "chips"),
    _view("T", "table", "table of the current sentence"),
    _view("G", "grid", "grid of the padded batch"),
    _view("S", "stages", "stages: normalizer, pre-tokenizer, model, post-processor"),
    _view("R", "steps", "round trip: tokenize, convert_tokens_to_ids, decode"),
    _view("B", "beside", "tokenizers beside one another"),
    Binding(
        "m",
        "choose('next_layer')",
        "tensor",
        show=False,
        id="tokens.layer",
        tooltip="Grid: input_ids, token_type_ids, attention_mask",
    ),
]
LAYOUT = [
    Binding(
        "p",
        "layout('next_padding')",
        "padding",
        id="tokens.padding",
        tooltip="padding: longest, max_length, none",
    ),
    Binding(
        "t",
        "layout('next_truncation')",
        "truncation",
        id="tokens.truncation",
        tooltip="truncation: off, longest_first, only_first, only_second",
    ),
    Binding(
        "s",
        "layout('other_side')",
        "side",
        show=False,
        id="tokens.side",
        tooltip="padding_side: right, left",
    ),
    Binding(
        "plus,equals_sign",
        "layout_step('change_length', 1)",
        "longer",
        show=False,
        id="tokens.longer",
        tooltip="max_length: one more",
    ),
    Binding(
        "minus",
        "layout_step('change_length', -1)",
        "shorter",
        show=False,
        id="tokens.shorter",
        tooltip="max_length: one less",
    ),
    Binding(
        "w",
        "layout('toggle_windows')",
        "windows",
        show=False,
        id="tokens.windows",
        tooltip="Windows: what truncation leaves over as rows of its own",
    ),
    Binding(
        "right_square_bracket",
        "layout_step('change_stride', 1)",
        "stride",
        show=False,
        id="tokens.stride_more",
        tooltip="stride: one more",
    ),
    Binding(
        "left_square_bracket",
        "layout_step('change_stride', -1)",
        "stride",
        show=False,
        id="tokens.stride_less",
        tooltip="stride: one less",
    ),
    Binding(
        "a",
        "layout('toggle_special')",
        "special tokens",
        show=False,
        id="tokens.special",
        tooltip="add_special_tokens: on, off",
    ),
    Binding(
        "z",
        "layout('reset')",
        "defaults",
        show=False,
        id="tokens.defaults",
        tooltip="The tokenizer's own padding and truncation",
    ),
]
