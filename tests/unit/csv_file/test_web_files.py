"""A file on a web server: whole or refused, fetched only when it changed, its secret told to nobody else."""

import base64
import gzip
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

import pytest

from connectors.csv_file.options import CsvFileOptions
from connectors.csv_file.remote import RemotePlace, Stand
from connectors.csv_file.source import FACTORY
from connectors.transport.transfer import PATIENCE
from syncd.domain.errors import SourceError, SourceInvalid, SourceUnauthorized, SourceUnavailable
from syncd.domain.identity import SourceName
from syncd.ports.probe import Check, Verdict
from syncd.ports.source import Source
from tests.fakes.clock import START, FakeClock
from tests.fakes.csv_files import read_all
from tests.fakes.tiktok import OneSecret
from tests.fakes.web_files import (
    Answered,
    Answering,
    Asked,
    WebFiles,
    chunked,
    chunked_and_cut,
    cut,
    honest,
    redirect,
    serving,
    status,
    with_headers,
)
from tests.unit.tiktok_client.stub import closed_port

GOOD = "sku,qty\nA,1\nB,2\n"
EXPECTED = {"A": 1, "B": 2}
BEARER = {"auth": {"bearer": {"credential": "files_token"}}}
BASIC = {"auth": {"user": "acme", "password": {"credential": "files_password"}}}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START + timedelta(hours=1))


@pytest.fixture
def web(clock: FakeClock) -> Iterator[WebFiles]:
    with serving(clock) as files:
        files.put(GOOD)
        yield files


@pytest.fixture
def other(clock: FakeClock) -> Iterator[WebFiles]:
    with serving(clock) as files:
        files.put("sku,qty\nOTHER,9\n")
        yield files


def source_at(url: str, clock: FakeClock, secret: str = "", **options: object) -> Source:
    model = CsvFileOptions.model_validate({"path": url, "allow_private": True, **options})
    return FACTORY.open(
        SourceName("stock"),
        model,
        folder=Path(),
        credentials=OneSecret(secret),
        clock=clock,
    )


def quantities(source: Source) -> dict[str, int | None]:
    return read_all(source).quantities


def test_a_file_is_read_from_the_web(web: WebFiles, clock: FakeClock) -> None:
    source = source_at(f"{web.url}/exports/stock.csv?token=x%20y&v=1", clock)

    assert EXPECTED == quantities(source)
    assert "/exports/stock.csv?token=x%20y&v=1" == web.seen[0].path
    assert "identity" == web.seen[0].headers["accept-encoding"]
    with source.snapshot(None) as reader:
        assert ("stock.csv", "stock.csv:17") == (reader.origin, reader.locate(17))


def test_an_unchanged_file_costs_no_body(web: WebFiles, clock: FakeClock) -> None:
    source = source_at(f"{web.url}/stock.csv", clock)
    with source.snapshot(None) as reader:
        first = (reader.fingerprint, reader.as_of)
    clock.advance(600)
    with source.snapshot(None) as reader:
        assert first == (reader.fingerprint, reader.as_of)

    assert [None, '"1"'] == [asked.headers.get("if-none-match") for asked in web.seen]


def test_a_server_without_etag_is_asked_by_the_time_of_the_file(
    web: WebFiles, clock: FakeClock
) -> None:
    web.etag = ""
    source = source_at(f"{web.url}/stock.csv", clock)
    for _ in range(2):
        with source.snapshot(None):
            pass

    assert "Mon, 23 Nov 2026 12:00:00 GMT" == web.seen[1].headers["if-modified-since"]


def test_a_server_without_validators_is_read_anew_each_time(
    web: WebFiles, clock: FakeClock
) -> None:
    web.etag, web.modified = "", None
    source = source_at(f"{web.url}/stock.csv", clock)
    for _ in range(2):
        with source.snapshot(None) as reader:
            list(reader.batches())
    assert [set(), set()] == [
        {name for name in asked.headers if name.startswith("if-")} for asked in web.seen
    ]


def test_a_changed_file_is_another_one(web: WebFiles, clock: FakeClock) -> None:
    source = source_at(f"{web.url}/stock.csv", clock)
    with source.snapshot(None) as reader:
        first = reader.fingerprint
    web.put("sku,qty\nA,7\n", '"2"')

    assert {"A": 7} == quantities(source)
    with source.snapshot(None) as reader:
        assert first != reader.fingerprint


class Mistaken:
    """A server that says that a file is unchanged, to whoever has none."""

    def fetch(self, into: IO[bytes], known: Stand | None) -> Stand | None:
        del into, known
        return None

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        del every
        return ()


def test_nothing_can_be_unchanged_for_whoever_has_nothing() -> None:
    place = RemotePlace(Mistaken())

    with pytest.raises(SourceUnavailable, match="a file nobody has is unchanged"), place.arrival():
        pass


def test_only_fetching_tells_whether_a_file_changed(web: WebFiles, clock: FakeClock) -> None:
    assert None is source_at(f"{web.url}/stock.csv", clock).fingerprint()
    assert [] == web.seen


def test_an_unchanged_file_that_was_refused_can_be_read_all_the_same(
    web: WebFiles, clock: FakeClock
) -> None:
    source = source_at(f"{web.url}/stock.csv", clock)
    with source.snapshot(None):
        pass

    assert EXPECTED == quantities(source)
    assert 3 == len(web.seen)  # the file, "unchanged", the file


def test_a_file_that_changes_between_the_question_and_the_download_waits(
    web: WebFiles, clock: FakeClock
) -> None:
    source = source_at(f"{web.url}/stock.csv", clock)
    with source.snapshot(None):
        pass
    with source.snapshot(None) as reader:
        web.put("sku,qty\nA,7\n", '"2"')
        with pytest.raises(SourceUnavailable, match="changed since it was looked at"):
            list(reader.batches())

    assert {"A": 7} == quantities(source)


@pytest.mark.parametrize("answering", [honest, chunked])
def test_a_packed_file_is_unpacked(web: WebFiles, clock: FakeClock, answering: Answering) -> None:
    web.put(gzip.compress(GOOD.encode()))
    web.then = [answering]

    assert EXPECTED == quantities(source_at(f"{web.url}/stock.csv.gz", clock))


def test_a_server_that_packs_a_packed_file_by_its_name_is_understood(
    web: WebFiles, clock: FakeClock
) -> None:
    web.put(gzip.compress(GOOD.encode()))
    web.headers = {"Content-Encoding": "gzip"}

    assert EXPECTED == quantities(source_at(f"{web.url}/stock.csv.gz", clock))


# What comes is whole, or it is refused.


def test_a_cut_download_is_resumed_with_the_etag(web: WebFiles, clock: FakeClock) -> None:
    web.then = [cut(9), cut(2)]

    assert EXPECTED == quantities(source_at(f"{web.url}/stock.csv", clock))
    assert [None, "bytes=9-", "bytes=11-"] == [asked.headers.get("range") for asked in web.seen]
    assert [None, '"1"', '"1"'] == [asked.headers.get("if-range") for asked in web.seen]


@pytest.mark.parametrize("etag", ["", 'W/"1"'])
def test_a_cut_download_without_a_strong_etag_is_refused(
    web: WebFiles, clock: FakeClock, etag: str
) -> None:
    web.etag = etag
    web.then = [cut(9)]
    source = source_at(f"{web.url}/stock.csv", clock)

    with pytest.raises(SourceUnavailable, match="cut after 9 of 16 bytes; it is read next time"):
        quantities(source)
    assert EXPECTED == quantities(source)


def test_a_download_that_is_cut_again_and_again_is_refused(web: WebFiles, clock: FakeClock) -> None:
    web.then = [cut(2)] * 9
    with pytest.raises(SourceUnavailable, match="cut after 10 of 16"):
        quantities(source_at(f"{web.url}/stock.csv", clock))
    assert 5 == len(web.seen)


def test_a_cut_in_chunks_is_seen(web: WebFiles, clock: FakeClock) -> None:
    web.etag = ""
    web.then = [chunked_and_cut]
    with pytest.raises(SourceUnavailable, match="was cut after"):
        quantities(source_at(f"{web.url}/stock.csv", clock))


def test_a_server_that_ignores_the_range_sends_the_file_from_its_start(
    web: WebFiles, clock: FakeClock
) -> None:
    def ignoring(files: WebFiles, _asked: Asked) -> Answered:
        return Answered(200, files.validators(), files.content)

    web.then = [cut(9), ignoring]
    assert EXPECTED == quantities(source_at(f"{web.url}/stock.csv", clock))


def test_a_file_that_changes_between_two_parts_is_read_as_the_new_one(
    web: WebFiles, clock: FakeClock
) -> None:
    def changing(files: WebFiles, asked: Asked) -> Answered:
        told = cut(9)(files, asked)
        files.put("sku,qty\nNEW,7\n", '"2"')
        return told

    web.then = [changing]
    assert {"NEW": 7} == quantities(source_at(f"{web.url}/stock.csv", clock))


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Content_Range": "bytes 8-15/16"}, "another part"),
        ({"Content_Range": "bytes 9-15/17"}, "another length"),
        ({"Content_Range": "bytes 9-14/16"}, "another length"),
        ({"Content_Range": "bytes 9-16/17"}, "another length"),
        ({"Content_Range": "bytes 9-15/*"}, "another part"),
        ({"Content_Range": "9-15/16"}, "another part"),
        ({"ETag": '"2"'}, "changed between two parts"),
    ],
)
def test_a_part_that_does_not_fit_is_refused(
    web: WebFiles, clock: FakeClock, headers: dict[str, str], words: str
) -> None:
    web.then = [cut(9), with_headers(**headers)]
    with pytest.raises(SourceUnavailable, match=words):
        quantities(source_at(f"{web.url}/stock.csv", clock))


def test_a_part_of_a_length_of_its_own_is_refused(web: WebFiles, clock: FakeClock) -> None:
    def short(files: WebFiles, asked: Asked) -> Answered:
        told = honest(files, asked)
        return Answered(told.status, told.headers, told.body[:3])

    web.then = [cut(9), short]
    with pytest.raises(SourceUnavailable, match="another length"):
        quantities(source_at(f"{web.url}/stock.csv", clock))


@pytest.mark.parametrize(
    ("code", "kind"),
    [(416, SourceUnavailable), (401, SourceUnauthorized), (500, SourceUnavailable)],
)
def test_a_resumption_that_is_refused_ends_the_download(
    web: WebFiles, clock: FakeClock, code: int, kind: type[SourceError]
) -> None:
    web.then = [cut(9), status(code)]
    with pytest.raises(kind):
        quantities(source_at(f"{web.url}/stock.csv", clock))


@pytest.mark.parametrize("code", [204, 206, 300, 304])
def test_an_answer_nobody_asked_for_is_no_file(web: WebFiles, clock: FakeClock, code: int) -> None:
    web.then = [status(code)]
    with pytest.raises(SourceUnavailable, match="answered with status"):
        quantities(source_at(f"{web.url}/stock.csv", clock))


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (401, SourceUnauthorized, "refuses us .status 401.; see `auth`"),
        (403, SourceUnauthorized, "refuses us"),
        (404, SourceUnavailable, "status 404"),
        (410, SourceUnavailable, "status 410"),
        (429, SourceUnavailable, "status 429"),
        (503, SourceUnavailable, "status 503"),
    ],
)
def test_what_the_operator_does_next_follows_from_the_status(
    web: WebFiles, clock: FakeClock, code: int, kind: type[SourceError], words: str
) -> None:
    web.then = [status(code)]
    with pytest.raises(kind, match=words):
        quantities(source_at(f"{web.url}/stock.csv", clock))


@pytest.mark.parametrize(
    ("headers", "content", "words"),
    [
        ({"Content_Type": "text/html; charset=utf-8"}, GOOD, "web page"),
        ({}, "\n <!doctype HTML>\n<p>Sign in", "web page"),
        ({}, "<HTML><body>Sign in", "web page"),
        ({"Content_Encoding": "br"}, GOOD, "packed"),
        ({"Content_Encoding": "gzip"}, GOOD, "packed"),
        ({"NoLength": "1"}, GOOD, "how long the file is"),
        ({}, "", "is empty"),
    ],
)
def test_what_cannot_be_the_file_is_refused(
    web: WebFiles, clock: FakeClock, headers: dict[str, str], content: str, words: str
) -> None:
    web.put(content)
    web.then = [with_headers(**headers)]
    with pytest.raises(SourceInvalid, match=words):
        quantities(source_at(f"{web.url}/stock.csv", clock))


@pytest.mark.parametrize("answering", [honest, chunked])
def test_a_file_past_the_limit_is_refused_before_it_fills_the_disk(
    web: WebFiles, clock: FakeClock, answering: Answering
) -> None:
    web.put(GOOD * 100)
    web.then = [answering]
    with pytest.raises(SourceInvalid, match="larger than 1000 bytes; see `max_size`"):
        quantities(source_at(f"{web.url}/stock.csv", clock, max_size="1 KB"))


def test_a_server_that_dribbles_is_left_after_ten_times_its_silence(
    web: WebFiles, clock: FakeClock
) -> None:
    def dribbling(files: WebFiles, asked: Asked) -> Answered:
        clock.advance(PATIENCE * 60 + 1)
        return honest(files, asked)

    web.then = [dribbling]
    with pytest.raises(SourceUnavailable, match="took longer than 600 s; see `timeout`"):
        quantities(source_at(f"{web.url}/stock.csv", clock))


def test_a_server_that_says_nothing_is_left(web: WebFiles, clock: FakeClock) -> None:
    over = threading.Event()

    def silent(files: WebFiles, asked: Asked) -> Answered:
        over.wait(20)
        return honest(files, asked)

    web.then = [silent]
    with pytest.raises(SourceUnavailable, match="ReadTimeout"):
        quantities(source_at(f"{web.url}/stock.csv", clock, timeout="1s"))
    over.set()


def test_nobody_there_is_unavailable(clock: FakeClock) -> None:
    with pytest.raises(SourceUnavailable, match="ConnectError"):
        quantities(source_at(f"http://127.0.0.1:{closed_port()}/stock.csv", clock))


# When the file was made.


def test_the_file_speaks_up_to_its_last_change(web: WebFiles, clock: FakeClock) -> None:
    with source_at(f"{web.url}/stock.csv", clock, export_takes="5m").snapshot(None) as reader:
        assert START - timedelta(minutes=5) == reader.as_of
        assert [] == reader.notes


def test_without_a_last_change_it_speaks_up_to_its_first_answer(
    web: WebFiles, clock: FakeClock
) -> None:
    web.modified = None
    source = source_at(f"{web.url}/stock.csv", clock)
    begun = clock.now()
    for _ in range(2):
        with source.snapshot(None) as reader:
            assert begun - timedelta(minutes=10) == reader.as_of
        clock.advance(3600)


@pytest.mark.parametrize("date", ["Fri, 27 Nov 2026 12:00:00 GMT", "soon"])
def test_an_answer_that_gives_no_usable_time_is_of_now(
    web: WebFiles, clock: FakeClock, date: str
) -> None:
    web.modified, web.date = None, date
    with source_at(f"{web.url}/stock.csv", clock).snapshot(None) as reader:
        assert clock.now() - timedelta(minutes=10) == reader.as_of


def test_a_last_change_in_the_future_is_clamped_and_reported(
    web: WebFiles, clock: FakeClock
) -> None:
    web.modified = clock.now() + timedelta(days=1)
    with source_at(f"{web.url}/stock.csv", clock).snapshot(None) as reader:
        assert clock.now() - timedelta(minutes=2) == reader.as_of
        assert "dated in the future" in reader.notes[0]


# Redirects and secrets.


def test_redirects_are_followed_to_the_file(web: WebFiles, clock: FakeClock) -> None:
    web.then = [redirect("/b/stock.csv?x=1"), redirect("c.csv", 307)]

    assert EXPECTED == quantities(source_at(f"{web.url}/a/stock.csv", clock))
    assert ["/a/stock.csv", "/b/stock.csv?x=1", "/b/c.csv"] == [asked.path for asked in web.seen]


def test_a_circle_of_redirects_ends(web: WebFiles, clock: FakeClock) -> None:
    web.then = [redirect("/stock.csv")] * 20
    with pytest.raises(SourceUnavailable, match="more than 5 redirects"):
        quantities(source_at(f"{web.url}/stock.csv", clock))
    assert 6 == len(web.seen)


@pytest.mark.parametrize(
    "location",
    ["", "ftp://127.0.0.1/x", "http://a:b@127.0.0.1/x", "http://[::1/", "http:///x", "\\x"],
)
def test_a_redirect_to_no_web_address_is_refused(
    web: WebFiles, clock: FakeClock, location: str
) -> None:
    web.then = [redirect(location)] * 20
    with pytest.raises(SourceUnavailable, match=r"redirect|no valid HTTP"):
        quantities(source_at(f"{web.url}/stock.csv", clock))


def basic() -> str:
    return "Basic " + base64.b64encode(b"acme:geheim").decode()


@pytest.mark.parametrize(
    ("options", "expected"), [(BEARER, lambda: "Bearer geheim"), (BASIC, basic)]
)
def test_a_credential_opens_the_file(
    web: WebFiles, clock: FakeClock, options: dict[str, object], expected: Callable[[], str]
) -> None:
    web.secret = expected()
    assert EXPECTED == quantities(source_at(f"{web.url}/stock.csv", clock, "geheim", **options))
    with pytest.raises(SourceUnauthorized):
        quantities(source_at(f"{web.url}/stock.csv", clock, "falsch", **options))


def test_a_credential_follows_to_no_other_host_and_not_back_again(
    web: WebFiles, other: WebFiles, clock: FakeClock
) -> None:
    web.then = [redirect(f"{other.url}/stock.csv")]
    other.then = [redirect(f"{web.url}/again.csv")]

    assert EXPECTED == quantities(source_at(f"{web.url}/stock.csv", clock, "geheim", **BEARER))
    assert ["Bearer geheim", None] == [asked.headers.get("authorization") for asked in web.seen]
    assert [None] == [asked.headers.get("authorization") for asked in other.seen]


def test_no_secret_enters_an_error_or_a_log(
    web: WebFiles, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    for answering in (status(401), status(500), cut(3), redirect("https://127.0.0.1/geheim")):
        web.then = [answering] * 9
        with pytest.raises(SourceError) as failure:
            quantities(source_at(f"{web.url}/s.csv?token=geheim", clock, "geheim", **BEARER))
        told.append(str(failure.value) + repr(failure.value))
        web.then = []
    for secret in ("gehéim", "geheim\r\nx: y"):
        with pytest.raises(SourceError) as failure:
            quantities(source_at(f"{web.url}/s.csv", clock, secret, **BEARER))
        told.append(str(failure.value) + repr(failure.value))

    assert "geheim" not in caplog.text + " ".join(told).replace("/geheim", "")


def test_the_environment_does_not_choose_a_proxy(
    web: WebFiles, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed_port()}")
    assert EXPECTED == quantities(source_at(f"{web.url}/stock.csv", clock))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1"])
def test_a_private_address_is_refused_unless_it_is_allowed(
    web: WebFiles, clock: FakeClock, host: str
) -> None:
    url = web.url.replace("127.0.0.1", host) + "/stock.csv"

    assert EXPECTED == quantities(source_at(url, clock))
    with pytest.raises(SourceUnauthorized, match="`allow_private: true`"):
        quantities(source_at(url, clock, allow_private=False))
    assert 1 == len(web.seen)


def test_a_redirect_is_judged_like_the_address_itself(web: WebFiles, clock: FakeClock) -> None:
    web.then = [redirect("http://169.254.169.254/latest/meta-data")]
    with pytest.raises(SourceUnauthorized, match="never read from"):
        quantities(source_at(f"{web.url}/stock.csv", clock))


# What the doctor says.


@pytest.mark.parametrize(
    ("etag", "modified", "words", "verdict"),
    [
        ('"1"', START, "a strong ETag", Verdict.OK),
        ('W/"1"', START, "weak ETag", Verdict.OK),
        ("", START, "Last-Modified:", Verdict.OK),
        ("", None, "neither ETag nor Last-Modified", Verdict.WARN),
    ],
)
def test_the_doctor_says_what_was_reached_and_what_it_costs(
    web: WebFiles,
    clock: FakeClock,
    etag: str,
    modified: datetime | None,
    words: str,
    verdict: Verdict,
) -> None:
    web.etag, web.modified = etag, modified

    first, second = source_at(f"{web.url}/stock.csv", clock).probe(timedelta(minutes=15))

    age = "was written 1h ago" if modified else "does not say when it was written"
    assert f"{web.url}/stock.csv answers: 16 bytes" in first.text
    assert age in first.text
    assert words in second.text
    assert verdict is second.verdict


def test_the_doctor_warns_of_an_export_that_stopped(web: WebFiles, clock: FakeClock) -> None:
    clock.advance(3 * 86_400)
    first, _ = source_at(f"{web.url}/stock.csv", clock).probe(timedelta(minutes=15))
    assert (Verdict.WARN, "is the export still running?") == (first.verdict, first.help)


def test_the_doctor_is_refused_as_a_reading_is(web: WebFiles, clock: FakeClock) -> None:
    web.then = [status(403)]
    with pytest.raises(SourceUnauthorized):
        source_at(f"{web.url}/stock.csv", clock).probe(timedelta(minutes=15))


def test_a_length_that_is_not_told_is_said_to_be_unknown(web: WebFiles, clock: FakeClock) -> None:
    web.then = [chunked]
    first, _ = source_at(f"{web.url}/stock.csv", clock).probe(timedelta(minutes=15))
    assert "of unknown size" in first.text
