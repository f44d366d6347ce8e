"""Data from the Hugging Face Hub, through the Hub's own cache."""

from __future__ import annotations

import re
from typing import Any

import datasets
from datasets import Dataset, DatasetDict
from datasets.exceptions import DatasetNotFoundError, DatasetsError
from huggingface_hub import constants, errors

from core.data.survey import Say
from core.datafiles.naming import HUB_DATA
from core.errors import DataError
from core.models.failures import chain, disk_failure, reason


def load_hub(name: str, say: Say, *, streaming: bool = False) -> Dataset | DatasetDict | Any:
    """The splits of `name`, fetched where they are not yet here; streamed, nothing is fetched yet.

    Raises `DataError`. Code that a repository brings is never run.
    """
    found = HUB_DATA.fullmatch(name)
    assert found is not None
    say(f"Fetching {name}", None, None)
    try:
        return datasets.load_dataset(found["name"], found["subset"], streaming=streaming)
    except Exception as error:
        raise hub_failure(error, name) from error


def hub_failure(error: BaseException, name: str) -> DataError:
    """What `error` means for data called `name`, as a sentence."""
    links = list(chain(error))
    said = " ".join(str(link) for link in links)
    if failure := disk_failure(error, f"The data {name}"):
        return DataError(str(failure))
    if "Config name is missing" in said or "BuilderConfig" in said:
        subsets = re.findall(r"'([\w.-]+)'", said.partition("[")[2].partition("]")[0])
        listed = ", ".join(subsets[:12]) + (", …" if len(subsets) > 12 else "")
        plain = name.partition(":")[0]
        example = subsets[0] if subsets else "SUBSET"
        return DataError(f"{plain} comes in several ({listed}): name one, as in {plain}:{example}.")
    if "scripts are no longer supported" in said:
        return DataError(f"{name} is made by Python code of its own, which is never run here.")
    if constants.HF_HUB_OFFLINE:
        return DataError(
            f"{name} is no file, no folder and not on this machine, and HF_HUB_OFFLINE keeps it "
            "from being fetched."
        )
    if any(isinstance(link, errors.GatedRepoError) for link in links) or "gated" in said:
        return DataError(f"{name} is gated: ask for access on its page, then `hf auth login`.")
    if any(isinstance(link, DatasetNotFoundError) for link in links):
        return DataError(
            f"There is no data named {name!r}: no such file or folder, and the Hub has none or "
            "keeps it private (then `hf auth login`)."
        )
    if any(isinstance(link, ConnectionError) for link in links):
        return DataError(
            f"{name} is no file and no folder, and the Hub ({constants.ENDPOINT}) cannot be "
            f"reached: {reason(links[-1])}."
        )
    if any(isinstance(link, DatasetsError) for link in links):
        return DataError(f"{name} cannot be read as data: {reason(error)}.")
    return DataError(f"{name} could not be fetched: {reason(error)}.")
