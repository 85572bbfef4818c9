"""The server's routes: what they answer, what they refuse, and what they tell of themselves."""

import json
import re
import socket

import pytest

from webdata_assets_tests.serving.process import served


@pytest.fixture
def client(server):
    return server.client()


def test_a_search_answers_hits_and_names_their_release(client, one_release):
    answered = client.ask("/search", q="kettle number3", limit=2, mode="text")
    assert answered.status == 200
    assert answered.headers["content-type"] == "application/json"
    answer = answered.json
    assert (answer["release"], answer["index_snapshot"]) == (1, "0000000000000001")
    assert answer["model_version"] == one_release.train(1)
    assert answer["hits"][0]["snippet"] == "release1 kettle number3 boils water"
    assert len(answer["hits"]) == 2
    assert answer["hits"][0]["highlights"] == [[9, 15], [16, 23]]


@pytest.mark.parametrize(
    ("parameters", "sources"),
    [
        ({"source": "shop1"}, {"shop1"}),
        ({"source": ["shop0", "shop1"]}, {"shop0", "shop1"}),
        ({"language": "de"}, set()),
        ({"since": "2026-01-02", "until": "2026-01-02"}, {"shop1"}),
        ({"since": "2027-01-01"}, set()),
    ],
)
def test_a_search_is_narrowed_by_its_parameters(client, parameters, sources):
    hits = client.ask("/search", q="kettle", **parameters).json["hits"]
    assert {hit["source"] for hit in hits} == sources


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({}, "query.q: Field required"),
        ({"q": "  "}, "query.q: give at least one word"),
        ({"q": "\x00 \n"}, "query.q: give at least one word"),
        ({"q": "a" * 2_001}, "query.q: String should have at most 2000 characters"),
        ({"q": "a", "limit": 0}, "query.limit: Input should be greater than or equal to 1"),
        ({"q": "a", "limit": 101}, "query.limit: Input should be less than or equal to 100"),
        ({"q": "a", "mode": "guess"}, "query.mode: "),
        ({"q": "a", "source": "No Such"}, "query.source.0: "),
        ({"q": "a", "since": "yesterday"}, "query.since: "),
        ({"q": "a", "since": 0}, "query.since: '0' is not a date: write YYYY-MM-DD"),
        ({"q": "a", "sources": "shop"}, "query.sources: Extra inputs are not permitted"),
        (
            {"q": "a", "since": "2026-01-02", "until": "2026-01-01"},
            "query: since=2026-01-02 is after until=2026-01-01",
        ),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(client, parameters, told):
    answered = client.ask("/search", **parameters)
    assert answered.status == 422
    assert answered.json["detail"].startswith(told)


@pytest.mark.parametrize(
    "words", ["' OR 1=1 --", "a:b AND (c", '"', "a\x00b", "%s %(x)s", "\ud83d\ude00", "é\u202e", "*"]
)
def test_no_character_of_a_query_does_harm(client, words):
    assert client.ask("/search", q=words.encode("utf-8", "surrogatepass")).status == 200


def test_predictions_come_in_the_order_of_the_texts(client):
    answer = client.predict("a kettle", "b").json
    assert [set(each["probabilities"]) for each in answer["predictions"]] == [
        {"release1-a", "release1-b"}
    ] * 2
    assert answer["predictions"][0] == client.predict("a kettle").json["predictions"][0]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "body: Field required"),
        (b"{", "body.1: JSON decode error"),
        (b"[]", "body: Input should be a valid dictionary"),
        (b'{"items": []}', "body.items: List should have at least 1 item"),
        (b'{"items": [{"text": ""}]}', "body.items.0.text: "),
        (b'{"items": [{"title": "a"}]}', "body.items.0.text: Field required"),
        (b'{"items": [{"text": NaN}]}', "body.items.0.text: Input should be a valid string"),
        (b'{"items": [{"text": "\\ud800"}]}', "body.items.0.text: "),
        (b'{"items": [{"text": "a", "label": "b"}]}', "body.items.0.label: Extra inputs"),
        (json.dumps({"items": [{"text": "a"}] * 65}).encode(), "body.items: List should have at most 64"),
        (json.dumps({"items": [{"text": "a" * 100_001}]}).encode(), "body.items.0.text: String should have"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_and_not_sent_back(client, body, told):
    answered = client.ask("/predict", body=body)
    assert answered.status == 422
    assert answered.json["detail"].startswith(told)
    assert len(answered.body) < 500


def test_a_body_that_is_too_large_is_refused_while_it_is_read(server):
    answered = server.client().ask("/predict", body=b" " * 3_000_000)
    assert (answered.status, answered.json["detail"]) == (413, "The body is larger than 2097152 bytes")


def test_a_query_that_is_too_long_is_refused(client):
    assert client.ask("/search", q="a" * 20_000).status == 414


@pytest.mark.parametrize("path", ["/health", "/metrics", "/search", "/search?q=a", "/nowhere", "/predict"])
def test_no_answer_is_to_be_guessed_at_or_kept(client, path):
    headers = client.ask(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def test_health_names_what_is_served(client, one_release):
    assert client.ask("/health").json == {
        "release": 1,
        "index_snapshot": "0000000000000001",
        "model_version": one_release.train(1),
        "status": "ok",
        "chunks": 20,
        "problem": None,
    }


def test_metrics_count_requests_by_route_and_never_by_a_path_that_was_made_up(client, one_release):
    before = client.metric('webdata_requests_total{route="/search",status="200"}')
    client.ask("/search", q="kettle")
    client.ask("/made-up-by-a-caller")
    text = client.ask("/metrics").body.decode()
    assert client.metric('webdata_requests_total{route="/search",status="200"}') == before + 1
    assert client.metric('webdata_requests_total{route="none",status="404"}') >= 1
    assert "made-up" not in text
    assert client.metric("webdata_release") == 1
    assert client.metric("webdata_chunks") == 20
    assert client.metric("webdata_reloads_total") == 1
    assert client.metric("webdata_failed_reloads_total") == 0
    assert f'model_version="{one_release.train(1)}"' in text
    assert 'webdata_request_seconds_bucket{le="+Inf",route="/search"}' in text


def test_the_description_is_served_without_pages_that_load_from_elsewhere(client):
    assert set(client.ask("/openapi.json").json["paths"]) == {"/search", "/predict", "/health", "/metrics"}
    assert [client.ask(path).status for path in ("/docs", "/redoc")] == [404, 404]


def test_the_description_names_every_refusal_and_the_type_of_every_answer(client):
    described = client.ask("/openapi.json").json
    answers = described["paths"]["/search"]["get"]["responses"]
    assert {"200", "400", "413", "414", "422", "503"} <= set(answers)
    problem = answers["422"]["content"]["application/json"]["schema"]
    assert problem == {"$ref": "#/components/schemas/Problem"}
    assert set(described["paths"]["/metrics"]["get"]["responses"]["200"]["content"]) == {"text/plain"}
    assert client.ask("/predict", body=b'"\xff"').status == 400


def test_the_description_says_which_queries_have_no_word(client):
    parameters = client.ask("/openapi.json").json["paths"]["/search"]["get"]["parameters"]
    (pattern,) = [each["schema"]["pattern"] for each in parameters if each["name"] == "q"]
    for words, status in (("a", 200), ("\u00e9\u0301", 200), ("\u200b", 422), ("\u00a0\u2028", 422)):
        assert (re.search(pattern, words) is not None) == (status == 200)
        assert client.ask("/search", q=words.encode()).status == status


def test_a_page_that_points_its_own_name_here_reads_nothing(server):
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"GET /search?q=a HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_a_head_that_never_ends_is_refused(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 70_000)
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_more_requests_than_can_wait_are_sent_away(one_release, tmp_path):
    request = b"GET /search?q=kettle&mode=vector HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with served({**one_release.environment, "WEBDATA_SERVE_THREADS": "1"}, tmp_path) as serving:
        serving.wait_for_release(1)
        connections = [socket.create_connection(("127.0.0.1", serving.port)) for _ in range(300)]
        for connection in connections:
            connection.sendall(request)
        heads = [connection.recv(300) for connection in connections]
        for connection in connections:
            connection.close()
        statuses = {head.split()[1] for head in heads}
        assert statuses == {b"200", b"503"}
        assert all(b"retry-after: 1" in head for head in heads if head.split()[1] == b"503")
        assert serving.client().metric('webdata_requests_total{route="/search",status="503"}') > 0
        assert serving.client().ask("/search", q="kettle").status == 200
