"""From what huggingface_hub raises to one clear sentence about a model that was not fetched."""

from __future__ import annotations

from huggingface_hub import constants, errors

from core.errors import ModelError
from core.models.failures import chain, disk_failure, reason


def hub_failure(error: BaseException, name: str) -> ModelError:
    """What `error` means, raised by huggingface_hub while it fetched `name`."""
    links = list(chain(error))
    hub = constants.ENDPOINT
    if failure := disk_failure(error, f"The download of {name}"):
        return failure
    for link in links:
        if isinstance(link, errors.HfHubHTTPError):
            return _http_failure(link, name, hub)
    if any(isinstance(link, errors.OfflineModeIsEnabled) for link in links):
        return ModelError(
            "offline",
            f"{name} is not on this machine, and HF_HUB_OFFLINE keeps it from being fetched: "
            "unset it, or choose a model that is here.",
        )
    if any(isinstance(link, errors.HFValidationError) for link in links):
        return ModelError("not_found", f"{name!r} cannot be a model's name on the Hub.")
    if any(
        isinstance(link, errors.LocalEntryNotFoundError | errors.IncompleteSnapshotError)
        for link in links
    ):
        return ModelError(
            "offline",
            f"{name} is not on this machine, and the Hub ({hub}) cannot be reached: "
            f"{reason(links[-1])}. Check the connection or the proxy, or choose a model that is "
            "here.",
        )
    return ModelError(
        "server",
        f"The download of {name} broke off: {reason(error)}. Files that arrived whole are kept; "
        "try again for the rest.",
    )


def _http_failure(error: errors.HfHubHTTPError, name: str, hub: str) -> ModelError:
    status = error.response.status_code
    log_in = "log in with `hf auth login` or set HF_TOKEN"
    if isinstance(error, errors.GatedRepoError):
        return ModelError(
            "gated", f"{name} is gated: ask for access at {hub}/{name}, then {log_in}."
        )
    if isinstance(error, errors.DisabledRepoError):
        return ModelError("not_found", f"The Hub has disabled {name}: choose another model.")
    if isinstance(error, errors.RepositoryNotFoundError | errors.RevisionNotFoundError):
        return ModelError(
            "not_found",
            f"There is no model named {name!r}: no such folder or run, and the Hub has none or "
            f"keeps it private (then {log_in}).",
        )
    if status in (401, 403):
        return ModelError(
            "unauthorized", f"The Hub refused access to {name} ({status}): {log_in} anew."
        )
    if status == 404:
        return ModelError("not_found", f"The Hub ({hub}) knows no model named {name!r} (404).")
    return ModelError(
        "server", f"The Hub answered {status} when asked for {name}: try again in a while."
    )
