"""Files that hold a network or its weights, known by their first bytes; none is unpickled or run.

A whole Keras model is loaded (``.keras``, HDF5). Of the others is said what they hold and what to do: weights alone are
no network, and to read a pickle is to run whatever its author wrote into it.
"""

from __future__ import annotations

import json
import pickletools
import shutil
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

from assay.errors import ModelError
from assay.models.their_code import one_line

ENDINGS = (".keras", ".h5", ".hdf5", ".pt", ".pth", ".ckpt", ".pt2", ".safetensors", ".onnx")
_ZIP, _HDF5, _PICKLE = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"\x80"
LARGEST_HEADER = 100 * 2**20  # bytes; the format of safetensors allows no more
_WRITE_A_FUNCTION = "Write a function that builds the network, and give FILE.py:FUNCTION."
# What a state dict is made of; any other class in the pickle is the author's own.
_OF_TENSORS = ("torch", "collections", "numpy", "_codecs", "builtins", "__builtin__")


def is_saved_network(text: str) -> bool:
    """Whether this names a file that holds a network or weights: by its ending, or a file by its first bytes."""
    if text.endswith(ENDINGS):
        return True
    if not Path(text).is_file():
        return False
    start = _start_of(text)
    return start.startswith((_ZIP, _HDF5, _PICKLE)) or _is_safetensors(start)


def load_network(path: str) -> Any:
    """The Keras model in a file.

    Raises
    ------
    ModelError
        If there is no such file, it holds something else, or Keras cannot load it; it says what to do.
    """
    if Path(path).is_dir():
        raise ModelError(f"{path}: this is a folder, as TensorFlow saves models. {_WRITE_A_FUNCTION}")
    if not Path(path).is_file():
        raise ModelError(f"{path}: there is no such file. Give the file that `model.save(...)` wrote.")
    start = _start_of(path)
    if start.startswith(_HDF5):
        return _of_hdf5(path)
    if start.startswith(_ZIP):
        return _of_archive(path)
    if start.startswith(_PICKLE):
        raise ModelError(f"{path}: this is a pickle, which runs code when it is read. {_load_it_yourself(path)}")
    if _is_safetensors(start):
        raise ModelError(f"{path}: {_told_of_safetensors(path)} {_load_it_yourself(path)}")
    if path.endswith(".onnx"):
        raise ModelError(f"{path}: an ONNX file is a program without gradients. {_WRITE_A_FUNCTION}")
    raise ModelError(f"{path}: Keras cannot load a model from it: it is neither a zip archive nor HDF5. Save it again.")


def _start_of(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(16)
    except OSError as error:
        raise ModelError(f"{path}: it cannot be read: {error.strerror}.") from None


def _load_it_yourself(path: str) -> str:
    """What to do with weights."""
    name = Path(path).name
    call = f'load_file("{name}")' if path.endswith(".safetensors") else f'torch.load("{name}", weights_only=True)'
    return (
        "Weights alone are no network: write a function that builds it and loads them, such as "
        f"`def build(): model = Net(); model.load_state_dict({call}); return model`, and give FILE.py:FUNCTION."
    )


# --- Keras -----------------------------------------------------------------------------------------------------------


def _of_hdf5(path: str) -> Any:
    import h5py  # Keras needs it too

    with h5py.File(path) as file:
        is_whole = "model_config" in file.attrs
    if not is_whole:
        raise ModelError(
            f"{path}: it holds the weights of a Keras model, and not its layers. Write a function that builds the "
            f'model and calls `model.load_weights("{Path(path).name}")`, and give FILE.py:FUNCTION.'
        )
    return _loaded(path, ".h5")


def _of_archive(path: str) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            pickles = [name for name in names if name.endswith("/data.pkl")]
            told = _told_of_pickle(archive.read(pickles[0])) if pickles else ""
    except (zipfile.BadZipFile, OSError) as error:
        raise ModelError(f"{path}: this is a damaged archive. {one_line(error)}. Save it again.") from error
    if any(name.endswith("/constants.pkl") for name in names):
        raise ModelError(f"{path}: this is a TorchScript program, whose layers have no Python. {_WRITE_A_FUNCTION}")
    if pickles:
        raise ModelError(f"{path}: {told} {_load_it_yourself(path)}")
    if "config.json" not in names:
        inside = ", ".join(names[:3]) or "nothing"
        raise ModelError(f"{path}: Keras cannot load a model from it: it is a zip archive of {inside}.")
    return _loaded(path, ".keras")


def _loaded(path: str, ending: str) -> Any:
    """Keras wants to see one of its endings."""
    import keras

    given = path
    try:
        with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
            warnings.simplefilter("ignore")  # Keras', that an optimizer saved untrained has no state
            if not path.endswith(ending):
                given = str(shutil.copy(path, Path(folder) / f"model{ending}"))
            return keras.models.load_model(given)
    except Exception as error:  # a damaged file, or layers of the user's own
        raise ModelError(
            f"{path}: Keras cannot load a model from it. {one_line(error)} If it has layers of your own, write a "
            "function that builds or loads it, and give FILE.py:FUNCTION."
        ) from error


# --- PyTorch and safetensors -----------------------------------------------------------------------------------------


def _told_of_pickle(pickle: bytes) -> str:
    """What `torch.save` wrote, by the operations of its pickle, of which none is carried out."""
    tensors, classes, words = 0, [], []
    for operation, argument, _ in pickletools.genops(pickle):
        if operation.name == "BINPERSID":  # each tensor names its storage so
            tensors += 1
        elif operation.name == "GLOBAL":
            classes.append(str(argument).replace(" ", "."))
        elif "UNICODE" in operation.name:
            words.append(str(argument))
        elif operation.name == "STACK_GLOBAL":
            classes.append(".".join(words[-2:]))
    own = [name for name in classes if name.split(".")[0] not in _OF_TENSORS or name.startswith("torch.nn.")]
    if own:
        return (
            f"this is a pickled PyTorch module ({own[0]}) with {tensors} tensors, and reading it would run code that "
            "lies in the file."
        )
    return f"this is an archive of torch.save with {tensors} tensors."


def _is_safetensors(start: bytes) -> bool:
    """Eight bytes with the length of a header, and the brace it begins with."""
    return len(start) > 8 and start[8:9] == b"{" and 2 <= int.from_bytes(start[:8], "little") <= LARGEST_HEADER


def _told_of_safetensors(path: str) -> str:
    with open(path, "rb") as file:
        header = file.read(int.from_bytes(file.read(8), "little"))
    try:
        tensors = {name: about for name, about in json.loads(header).items() if name != "__metadata__"}
    except (ValueError, AttributeError):
        return "this begins as a safetensors file, and its header is damaged."
    first = f", {next(iter(tensors))} first" if tensors else ""
    return f"this is a safetensors file with {len(tensors)} tensors{first}."
