"""The scan that every test goes through finds what is shown or left in each of the ways there are."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from leak_words import leaks

from listrak_sandbox.sms.phones import made_up, written
from listrak_sandbox.tokens import Tokens
from listrak_sandbox.world.population import address, special_addresses

if TYPE_CHECKING:
    from collections.abc import Iterator

HELPERS = Path(__file__).resolve().parent.parent / "support"

WAYS = '''
import contextlib, gzip, io, json, logging, os, subprocess, sys, tempfile
from pathlib import Path
import pytest
from listrak_api.masking import register_secret
from target_listrak.tracking.state import StateTracker

WHO = "ada.abbott7@" + "example.com"
SAY = [sys.executable, "-c", "import sys; sys.stderr.write('ada.abbott7' + chr(64) + 'example.com')"]

def by_us(path, text, mode="w"):
    """Write a file as a module of the product does."""
    space = {"__name__": "target_listrak.any"}
    exec("def write(path, text, mode):\\n with open(path, mode) as file: file.write(text)", space)
    space["write"](path, text, mode)

def test_log(): logging.getLogger("tap-listrak").warning("for %s", WHO)
def test_output(): print(WHO)
def test_error(): sys.stderr.write(WHO)
def test_capsys(capsys): print(WHO); capsys.readouterr()
def test_capfd(capfd): os.write(2, WHO.encode()); capfd.readouterr()
def test_redirected():
    with contextlib.redirect_stderr(io.StringIO()): sys.stderr.write(WHO)
def test_redirected_bytes():
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())): sys.stdout.write(WHO)
def test_state_line(): print(json.dumps({"type": "STATE", "value": {"last": WHO}}))
def test_child(): subprocess.run(SAY, capture_output=True)
def test_child_as_text(): subprocess.run(SAY, capture_output=True, text=True)
def test_child_merged(): subprocess.run(SAY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
def test_child_unheard(): subprocess.run(SAY, stderr=subprocess.DEVNULL)
def test_child_inherits(): subprocess.run(SAY)
def test_child_read_directly():
    with subprocess.Popen(SAY, stderr=subprocess.PIPE) as child: child.stderr.read()
def test_child_read_by_lines():
    with subprocess.Popen(SAY, stderr=subprocess.PIPE, text=True) as child: list(child.stderr)
def test_child_into_a_file(tmp_path):
    with (tmp_path / "said").open("wb") as file: subprocess.run(SAY, stderr=file)
def test_child_into_a_nameless_file():
    with tempfile.TemporaryFile() as file: subprocess.run(SAY, stderr=file)
def test_file(tmp_path): by_us(tmp_path / "state.json", WHO)
def test_file_of_a_child(tmp_path):
    subprocess.run([*SAY[:2], f"open({str(tmp_path / 'run.log')!r}, 'w').write({WHO!r})"])
def test_temporary_file(): by_us(tempfile.mkstemp()[1], WHO)
def test_temporary_file_of_a_child():
    script = f"import tempfile; open(tempfile.mkstemp()[1], 'w').write({WHO!r})"
    subprocess.run([sys.executable, "-c", script])
def test_file_elsewhere(pytester_folder=Path.cwd()): by_us(pytester_folder / "cursor.txt", WHO)
def test_file_of_a_wider_fixture(tmp_path_factory): by_us(tmp_path_factory.mktemp("wide") / "log", WHO)
def test_secret_in_data(tmp_path): by_us(tmp_path / "rejects.singer", "sandbox-sms" + "-secret")
def test_secret_in_packed_data(tmp_path):
    packed = gzip.compress(b"sandbox-email" + b"-secret")
    by_us(tmp_path / "t-tap-listrak--contacts-1-1.json.gz", packed, "wb")
def test_token(): print("sandbox-" + "token-" + "a" * 43)
def test_registered_secret(): register_secret("hunter-number-two"); print("hunter-number-" + "two")
def test_number(): print("+1 (216) " + "555-0142")
@pytest.mark.may_show("someone@" + "example.com", why="it is another one")
def test_marked_for_something_else(): print(WHO)
'''

CLEAN = """
import json, subprocess, sys
import pytest

WHO = "ada.abbott7@" + "example.com"

def test_own_input(tmp_path): (tmp_path / "people.csv").write_text(WHO)
def test_own_input_renamed(tmp_path):
    (tmp_path / "a").write_text(WHO)
    (tmp_path / "a").rename(tmp_path / "b")
def test_rows(): print(json.dumps({"type": "RECORD", "stream": "contacts", "record": {"email": WHO}}))
def test_data_of_a_child(tmp_path):
    script = f"open({str(tmp_path / 'rejects.singer')!r}, 'w').write({WHO!r})"
    subprocess.run([sys.executable, "-c", script])
def test_masked(): print("<address> with <number>, Bearer ***, import 1782820800123 of 4,155,550,100 bytes")
@pytest.mark.may_show("ada.abbott7@" + "example.com", why="it is about this address")
def test_marked(): print(WHO)
def test_child_is_read_as_before():
    script = "import sys; print('one'); sys.stderr.write('two'); print(sys.stdin.read())"
    done = subprocess.run([sys.executable, "-c", script], input="three", capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("one\\nthree\\n", "two")
    with subprocess.Popen([sys.executable, "-c", script], stdin=-1, stdout=-1, stderr=-1) as child:
        assert child.stdout.readline() == b"one\\n"
        assert child.communicate(b"three") == (b"three\\n", b"two")
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.Pytester]:
    """Another test suite with the scan; what it leaves is not this test's."""
    monkeypatch.setenv("PYTHONPATH", str(HELPERS))
    yield pytester
    shutil.rmtree(pytester.path)


def run(suite: pytest.Pytester, source: str) -> pytest.RunResult:
    suite.makepyfile(source)
    return suite.runpytest_subprocess("-p", "leak_scan", "-p", "no:cacheprovider", "-q", "-rE")


def test_each_way_to_leak_fails_the_test_that_did_it(suite: pytest.Pytester) -> None:
    names = [line.split("(")[0].split()[1] for line in WAYS.splitlines() if line.startswith("def test_")]
    done = run(suite, WAYS)
    assert sorted(
        {line.split("::")[1].split()[0] for line in done.outlines if line.startswith("ERROR ")}
    ) == (sorted(names))
    done.assert_outcomes(passed=len(names), errors=len(names))
    assert list(leaks("\n".join(done.outlines + done.errlines).encode())) == []


def test_what_is_no_leak_passes(suite: pytest.Pytester) -> None:
    run(suite, CLEAN).assert_outcomes(passed=CLEAN.count("def test_"))


def kinds(text: str) -> set[str]:
    return {leak.kind for leak in leaks(text.encode())}


@pytest.mark.parametrize(
    "around", ["{}", "for {}: no", "/Contact/{}?x=1", '{{"a": "{}"}}', "'{}'", "({})", "a={}&b"]
)
def test_everybody_in_the_sandbox_s_world_is_recognised(around: str) -> None:
    for person in range(2000):
        assert kinds(around.format(address(person))) == {"address"}
        assert kinds(around.format(address(person).replace("@", "%40"))) == {"address"}
        for form in ("e164", "national"):
            assert kinds(around.format(written(made_up(person), form))) == {"number"}
    assert kinds(around.format(special_addresses(40137, "banned")[0])) == {"address"}
    assert kinds(around.format(Tokens().issue("email", 1))) == {"token"}
