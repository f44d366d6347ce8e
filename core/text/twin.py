"""A second tokenizer that shares the first one's parts, to be set otherwise in peace."""

from __future__ import annotations

import tokenizers


def twin(backend: tokenizers.Tokenizer) -> tokenizers.Tokenizer:
    """A tokenizer with the model, the components and the added tokens of `backend`.

    The vocabulary is shared, not copied, so that a twin of a large tokenizer costs next to nothing.
    It neither truncates nor pads.
    """
    made = tokenizers.Tokenizer(backend.model)
    made.normalizer = backend.normalizer
    made.pre_tokenizer = backend.pre_tokenizer
    made.post_processor = backend.post_processor
    made.decoder = backend.decoder
    made.encode_special_tokens = backend.encode_special_tokens
    added = dict(sorted(backend.get_added_tokens_decoder().items()))
    made.add_tokens(list(added.values()))
    if made.get_added_tokens_decoder() != added:
        # Added tokens are numbered as they are added: one that left a gap needs a true copy.
        made = tokenizers.Tokenizer.from_str(backend.to_str())
        made.no_truncation()
        made.no_padding()
    return made
