"""What is deployed: image, compose files and cluster fit the code and each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from flask import Flask
from yamllint import linter
from yamllint.config import YamlLintConfig

import serve
from app.config import Settings
from app.payments.gateways.stripe import TIMEOUT
from dev.stack import ROOT

_KNOWN = {name.upper() for name in Settings.model_fields} | set(serve.VARIABLES)
_OF_PYTHON = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "HOME"}
_CLUSTER = ROOT / "deploy/kubernetes"
_VERSIONS = ("1.32", "1.37")
_DOCKERFILE = (ROOT / "Dockerfile").read_text()
_COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
_MONITORING = yaml.safe_load((ROOT / "docker-compose.monitoring.yml").read_text())
_SERVICES: dict[str, dict[str, Any]] = {**_COMPOSE["services"], **_MONITORING["services"]}
_OURS = {name: each for name, each in _SERVICES.items() if "mossx" in str(each.get("image"))}
_LINT = YamlLintConfig(
    "extends: default\nrules: {document-start: disable, line-length: {max: 110}, "
    "braces: {max-spaces-inside: 0}, truthy: {check-keys: false}, "
    "comments: {min-spaces-from-content: 1}}"
)


def _resources() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(_CLUSTER.rglob("*.yaml")):
        if path.name != "kustomization.yaml":
            for each in yaml.safe_load_all(path.read_text()):
                yield f"{each['kind']} {each['metadata']['name']}", each


_RESOURCES = list(_resources())
_BY_NAME = dict(_RESOURCES)
_PODS = {
    name: each["spec"]["template"]["spec"]
    for name, each in _RESOURCES
    if each["kind"] in {"Deployment", "Job"}
}


# --- variables ------------------------------------------------------------------------------------


def test_the_readme_names_every_variable_and_no_other() -> None:
    text = (ROOT / "README.md").read_text().split("## Configuration")[1].split("\n## ")[0]
    first_cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = {name for cell in first_cells for name in re.findall(r"`([A-Z0-9_]+)`", cell)}
    assert named == _KNOWN


def test_the_image_sets_what_the_code_reads() -> None:
    named = set(re.findall(r"\b([A-Z][A-Z0-9_]+)=", _DOCKERFILE.replace("\\\n", " ")))
    assert named - _OF_PYTHON <= _KNOWN
    assert "MOSSX_ENV=production" in _DOCKERFILE


@pytest.mark.parametrize("name", _OURS)
def test_compose_sets_what_the_code_reads(name: str) -> None:
    assert set(_OURS[name]["environment"]) <= _KNOWN


def test_the_example_of_secrets_is_what_the_code_reads() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    of_compose = {"ACME_EMAIL", "GRAFANA_PASSWORD", "MOSSX_VERSION"}
    assert named - of_compose <= _KNOWN
    assert {"SECRET_KEY", "JWT_SECRET_KEY", "BASE_URL", "ACME_EMAIL"} <= named


def test_the_cluster_sets_what_the_code_reads() -> None:
    config, secret = _BY_NAME["ConfigMap mossx"], _BY_NAME["Secret mossx"]
    named = {*config["data"], *secret["stringData"]}
    for pod in _PODS.values():
        named |= {each["name"] for each in pod["containers"][0].get("env", [])}
    assert named <= _KNOWN
    assert {"MONGODB_URI", "REDIS_URL", "SECRET_KEY", "JWT_SECRET_KEY", "BASE_URL"} <= named
    assert not set(config["data"]) & set(secret["stringData"])


# --- the image ------------------------------------------------------------------------------------


def test_the_image_has_what_the_code_needs_and_runs_as_nobody() -> None:
    final = _DOCKERFILE.split("\nFROM ")[-1]
    copied = set(re.findall(r"^COPY (?!--)(.+) \S+$", final, re.MULTILINE))
    assert {name for line in copied for name in line.split()} == {
        "serve.py", "wsgi.py", "migrations", "static", "templates", "translations", "demo", "app",
    }  # fmt: skip
    assert re.search(r"^USER \d+:\d+$", final, re.MULTILINE)
    assert "build-essential" not in final
    assert '\nCMD ["' in final
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert kept == {name for line in copied for name in line.split()} | {"requirements.txt"}


def test_the_server_has_time_to_stop_everywhere() -> None:
    pod = _PODS["Deployment web"]
    data = _BY_NAME["ConfigMap mossx"]["data"]
    waits = int(data["MOSSX_DRAIN_SECONDS"]) + int(data["MOSSX_STOP_SECONDS"])
    hook = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > waits + hook
    compose = _OURS["web"]["environment"]
    waits = int(compose["MOSSX_DRAIN_SECONDS"]) + int(compose["MOSSX_STOP_SECONDS"])
    assert int(_OURS["web"]["stop_grace_period"].removesuffix("s")) > waits
    # Of a gateway that is late a request waits for two answers.
    assert min(int(each["MOSSX_STOP_SECONDS"]) for each in (data, compose)) > 2 * TIMEOUT


# --- compose --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", _SERVICES)
def test_a_service_may_do_little(name: str) -> None:
    service = _SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["mem_limit"]
    assert service["cpus"]
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert ":latest" not in service["image"].replace("${MOSSX_VERSION:-latest}", "")


def test_only_the_proxy_is_reached_from_outside() -> None:
    published = {name: each["ports"] for name, each in _SERVICES.items() if "ports" in each}
    outside = {
        name for name, ports in published.items() if not all("127.0.0.1:" in port for port in ports)
    }
    assert outside == {"proxy"}
    assert _COMPOSE["networks"]["inside"] == {"internal": True}
    for name in ("mongo", "redis"):
        assert _SERVICES[name]["networks"] == ["inside"]


def test_the_proxy_asks_for_readiness_and_hides_the_inside() -> None:
    text = (ROOT / "deploy/caddy/Caddyfile").read_text()
    servers = re.findall(r"reverse_proxy (.+) \{", text)[0].split()
    assert {each.partition(":")[0] for each in servers} == {"web", "web-second"} <= set(_OURS)
    assert re.search(r"health_uri /readyz\?kept$", text, re.MULTILINE)
    assert re.search(r"@inside path /metrics /healthz /readyz", text)
    interval = int(re.findall(r"health_interval (\d+)s", text)[0])
    timeout = int(re.findall(r"health_timeout (\d+)s", text)[0])
    assert interval + timeout < int(_OURS["web"]["environment"]["MOSSX_DRAIN_SECONDS"])
    assert _OURS["web"]["environment"]["MOSSX_PROXIES"] == "1"
    assert text.count("{") == text.count("}")


def test_the_proxy_logs_no_link_that_opens_something(app: Flask) -> None:
    text = (ROOT / "deploy/caddy/Caddyfile").read_text()
    [(pattern, put)] = re.findall(r"request>uri regexp `(.+)` `(.+)`", text)
    found = [rule for rule in app.url_map.iter_rules() if "token" in rule.arguments]
    assert len(found) > 8
    paths = [rule.rule.replace("<token>", "s3cret.1_x-Y") for rule in found]
    for address in (*paths, "/orders/MX-1?a=b&token=s3cret", "/checkout?draft=s3cret"):
        logged = re.sub(pattern, put.replace("$1", r"\1"), f"{address}")
        assert "s3cret" not in logged, address
        assert "[hidden]" in logged
    for header in ("request>headers>Referer", "request>headers>Cookie", "resp_headers>Location"):
        assert f"{header} delete" in text


def test_the_proxy_leaves_to_the_shop_what_browsers_are_told() -> None:
    assert "Strict-Transport-Security" not in (ROOT / "deploy/caddy/Caddyfile").read_text()


# --- the cluster ----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize(("name", "resource"), _RESOURCES)
def test_a_resource_fits_the_schema(name: str, resource: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(resource, version, strict=True)


@pytest.mark.parametrize("name", _PODS)
def test_a_pod_is_restricted(name: str) -> None:
    pod = _PODS[name]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]
    assert f"USER {pod['securityContext']['runAsUser']}:" in _DOCKERFILE
    assert {each["mountPath"] for each in container["volumeMounts"]} == {"/data", "/tmp"}


def test_a_pod_is_asked_what_the_code_answers() -> None:
    web, worker = (_PODS[f"Deployment {name}"]["containers"][0] for name in ("web", "worker"))
    assert web["readinessProbe"]["httpGet"]["path"] == "/readyz?kept"
    for container in (web, worker):
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        ports = {each["name"]: each["containerPort"] for each in container["ports"]}
        for probe in ("startupProbe", "livenessProbe"):
            assert container[probe]["httpGet"]["port"] in ports
    (port,) = worker["env"]
    assert port == {"name": "WORKER_METRICS_PORT", "value": "9100"}
    assert worker["ports"][0]["containerPort"] == 9100


def test_selectors_find_their_pods() -> None:
    for name in ("web", "worker"):
        deployment = _BY_NAME[f"Deployment {name}"]["spec"]
        labels = deployment["template"]["metadata"]["labels"]
        assert deployment["selector"]["matchLabels"] == labels == {"app": name}
        policy = _BY_NAME[f"NetworkPolicy {name}"]["spec"]
        assert policy["podSelector"]["matchLabels"] == labels
    assert _BY_NAME["PodDisruptionBudget web"]["spec"]["selector"]["matchLabels"] == {"app": "web"}
    assert _BY_NAME["Service web"]["spec"]["selector"] == {"app": "web"}


def test_every_pod_of_ours_may_reach_the_databases() -> None:
    (rule,) = _BY_NAME["NetworkPolicy outward"]["spec"]["podSelector"]["matchExpressions"]
    pods = {
        each["spec"]["template"]["metadata"]["labels"]["app"]
        for name, each in _BY_NAME.items()
        if name.split()[1] in {job.split()[1] for job in _PODS} and "template" in each["spec"]
    }
    assert {*rule["values"]} == pods == {"web", "worker", "migrate", "desk"}


def test_every_file_is_in_a_kustomization() -> None:
    for folder in (_CLUSTER, _CLUSTER / "migrate", _CLUSTER / "desk"):
        listed = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
        there = {each.name for each in folder.glob("*.yaml")}
        assert {*listed} == there - {"kustomization.yaml", "secret.example.yaml"}


# --- all of it ------------------------------------------------------------------------------------

_FILES = [
    *ROOT.glob("docker-compose*.yml"),
    *(path for ending in ("*.yml", "*.yaml") for path in (ROOT / "deploy").rglob(ending)),
]


@pytest.mark.parametrize("path", _FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_tidy(path: Path) -> None:
    problems = [str(each) for each in linter.run(path.read_text(), _LINT)]
    assert problems == []


def test_nothing_that_is_deployed_has_a_secret() -> None:
    for path in [*_FILES, ROOT / "Dockerfile", ROOT / ".env.example"]:
        found = re.findall(r"(?:sk|rk|whsec|rzp)_(?:live|test)?_?\w{8,}", path.read_text())
        assert found == [], path
