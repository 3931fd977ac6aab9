"""The report as a real browser shows it; skipped where there is no Chromium."""

import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from test_report import played

from agent.report import write_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr",
)  # fmt: skip
OWN = ("google.com", "googleapis.com")  # what the browser asks for itself, whatever the page
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium (apt-get install chromium)")


def _shown(page: Path, folder: Path, *flags: str) -> tuple[Path, str, list[str]]:
    """A screenshot, what the browser said, and the addresses it asked the network for."""
    picture, log = folder / "shot.png", folder / "net.json"
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}", *flags]
    done = subprocess.run(
        [*command, f"--screenshot={picture}", page.as_uri()], capture_output=True, text=True, timeout=120, check=False
    )
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    urls = {str(event.get("params", {}).get("url", "")) for event in events}
    asked = {url for url in urls if url.startswith("http") and not urlsplit(url).netloc.endswith(OWN)}
    return picture, done.stderr, sorted(asked)


@pytest.mark.parametrize(
    ("flags", "dark"),
    [
        (("--window-size=1100,1600",), False),
        (("--window-size=1100,1600", "--blink-settings=preferredColorScheme=0"), True),
        (("--window-size=500,1600",), False),
    ],
    ids=["light", "dark", "phone"],
)
def test_the_page_is_seen_without_errors_or_requests(tmp_path: Path, flags: tuple[str, ...], dark: bool) -> None:
    """A hostile run's page: nothing on the console, nothing from the network, ink on the expected ground."""
    image = pytest.importorskip("PIL.Image")
    page = write_report(played(tmp_path / "run")).html
    picture, said, asked = _shown(page, tmp_path, *flags)
    assert "CONSOLE" not in said
    assert asked == []
    with image.open(picture) as shown:
        grey = shown.convert("L")
        ground = grey.getpixel((2, 2))
        colours = shown.convert("RGB").getcolors(1 << 20)
    assert (ground < 60) is dark
    assert colours is not None
    assert len(colours) > 20


def test_the_page_can_be_printed(tmp_path: Path) -> None:
    """It becomes a PDF of some pages."""
    page = write_report(played(tmp_path / "run")).html
    paper = tmp_path / "report.pdf"
    command = [
        str(CHROMIUM),
        *FLAGS,
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--print-to-pdf={paper}",
        page.as_uri(),
    ]
    subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert paper.read_bytes().startswith(b"%PDF")
