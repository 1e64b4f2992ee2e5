"""The HTTP interface of a running service, over real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from web_service import CHECKS, Service

from monitor.web.api import ROUTES


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with Service(tmp_path) as one:
        yield one


async def test_it_is_ready_while_checks_finish_and_every_get_answers(service: Service) -> None:
    await service.until("/api/v1/checks", lambda found: found["checks"][0]["latest"])
    assert await service.ask("GET", "/-/ready") == (200, {"ready": True, "problems": []})
    for route in ROUTES:
        if route.method == "GET" and "{" not in route.path:
            assert (await service.ask("GET", route.path))[0] == 200, route.path
    _, document = await service.ask("GET", "/api/v1/openapi.json")
    assert {(method.upper(), path) for path, methods in document["paths"].items() for method in methods} == {
        (route.method, route.path) for route in ROUTES
    }


async def test_a_check_shows_where_its_rules_stand_and_when_its_cold_start_ends(service: Service) -> None:
    found = await service.until("/api/v1/checks/front/evidence", lambda found: found["rules"] and found["history_from"])
    assert ("web", "front", []) == (found["install"], found["check"], found["baselines"])
    assert ["failing"] == [one["rule"] for one in found["rules"]]
    assert found["ready_at"] - found["history_from"] == 3 * 86_400 + 6 * 3_600
    assert 404 == (await service.ask("GET", "/api/v1/checks/nobody/evidence"))[0]


async def test_a_rebound_name_and_a_foreign_page_are_refused(service: Service) -> None:
    assert (await service.ask("GET", "/api/v1/status", Host="evil.example"))[0] == 403
    assert (await service.ask("POST", "/-/reload", Origin="http://evil.example"))[0] == 403
    assert (await service.ask("POST", "/-/reload", Origin=service.url))[0] == 200
    assert (await service.ask("POST", "/-/reload"))[0] == 200


async def test_an_incident_is_worked_by_people(service: Service) -> None:
    service.status = 503
    found = await service.until("/api/v1/incidents", lambda found: found["incidents"])
    path = f"/api/v1/incidents/{found['incidents'][0]['id']}"

    assert (await service.ask("POST", f"{path}/ack", {"by": "li"}))[0] == 200
    assert (await service.ask("POST", f"{path}/ack", {"by": "li"}))[0] == 409
    assert (await service.ask("POST", f"{path}/note", {"by": "li", "text": "card 4242424242424242 fails"}))[0] == 200
    assert (await service.ask("POST", f"{path}/note", {"by": "li"}))[0] == 400
    assert (await service.ask("POST", f"{path}/note", {"by": "li", "text": "x", "more": 1}))[0] == 400
    assert (await service.ask("POST", "/api/v1/incidents/inc_nothing/ack", {"by": "li"}))[0] == 404
    _, one = await service.ask("GET", path)
    assert one["status"] == "acknowledged"
    assert one["acknowledged_by"] == "li"
    assert "4242424242424242" not in str(one)
    _, page = await service.ask("GET", f"/incidents/{found['incidents'][0]['id']}?lang=zh")
    assert "时间线" in page
    service.status = 200
    await service.until(path, lambda found: found["status"] == "resolved")
    assert (await service.ask("GET", "/api/v1/incidents/inc_nothing"))[0] == 404
    assert (await service.ask("GET", "/incidents/inc_nothing"))[0] == 404


async def test_silence_is_bounded_named_and_can_be_ended(service: Service) -> None:
    now = service.app.clock.wall()
    good = {"kind": "silence", "starts": now, "ends": now + 600, "author": "li", "reason": "work", "targets": ["gateway"]}

    assert (await service.ask("POST", "/api/v1/windows", {**good, "ends": now + 90_000}))[0] == 400
    assert (await service.ask("POST", "/api/v1/windows", {**good, "ends": now - 1}))[0] == 400
    assert (await service.ask("POST", "/api/v1/windows", {**good, "targets": ["nothing"]}))[0] == 400
    assert (await service.ask("POST", "/api/v1/windows", {**good, "author": ""}))[0] == 400
    status, made = await service.ask("POST", "/api/v1/windows", good)
    assert status == 201
    service.status = 503
    await service.until("/api/v1/incidents", lambda found: found["incidents"] and found["incidents"][0]["silenced"])
    assert (await service.ask("POST", f"/api/v1/windows/{made['id']}/end", {"by": "wang"}))[0] == 200
    assert (await service.ask("POST", f"/api/v1/windows/{made['id']}/end", {"by": "wang"}))[0] == 404
    await service.until("/api/v1/incidents", lambda found: not found["incidents"][0]["silenced"])


async def test_a_bad_reload_says_every_problem_and_changes_nothing(service: Service) -> None:
    version = service.app.config.version
    (service.folder / "checks.yaml").write_text(CHECKS.replace("1s", "often").replace("gateway", "gatewya"))
    status, said = await service.ask("POST", "/-/reload")
    assert status == 400
    assert "often" in str(said)
    assert "gatewya" in str(said)
    assert service.app.config.version == version


async def test_pages_escape_what_they_show_and_speak_both_languages(service: Service) -> None:
    _, english = await service.ask("GET", "/?lang=en")
    _, chinese = await service.ask("GET", "/", **{"Accept-Language": "zh-CN,zh;q=0.9"})
    assert "&lt;b&gt;Front&lt;/b&gt;" in english
    assert "检查项" in chinese


async def test_only_configured_targets_are_probed(service: Service) -> None:
    status, text = await service.ask("GET", "/probe?target=gateway&module=http_2xx")
    assert status == 200
    assert "probe_success 1" in text
    assert (await service.ask("GET", "/probe?target=http://127.0.0.1:1&module=http_2xx"))[0] == 403
    assert (await service.ask("GET", "/probe?target=gateway&module=nothing"))[0] == 400


async def test_with_a_token_only_health_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYCANARY_TOKEN", "t0ken-of-the-test-which-is-long")
    async with Service(tmp_path, ', auth: {{token: "${{env:PAYCANARY_TOKEN}}"}}'.format()) as service:
        assert (await service.ask("GET", "/api/v1/status"))[0] == 401
        assert (await service.ask("GET", "/-/healthy"))[0] == 200
        assert (await service.ask("GET", "/api/v1/status", Authorization="Bearer wrong"))[0] == 401
        assert (await service.ask("GET", "/api/v1/status", Authorization="Bearer t0ken-of-the-test-which-is-long"))[0] == 200
