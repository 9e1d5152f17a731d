"""Rollouts from exported ReplicaSets and Deployments."""

from __future__ import annotations

import json

import pytest
from source_worlds import SHAS, STAMPS, TIMES, replica_set

from effnb.errors import SourceError, SourceUnavailable
from effnb.sources.rollouts import KubernetesRollouts


def deployment(settled: str) -> dict:
    condition = {"type": "Progressing", "reason": "NewReplicaSetAvailable", "lastUpdateTime": settled}
    return {
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "status": {"conditions": [{"type": "Available"}, condition]},
    }


@pytest.fixture
def export(tmp_path):
    def written(*items: dict, name: str = "cluster.json"):
        path = tmp_path / name
        path.write_text(json.dumps({"kind": "List", "items": items}))
        return path

    return written


def test_each_replica_set_is_the_arrival_of_its_image(export):
    found = KubernetesRollouts(export(*map(replica_set, range(3)))).fetch_rollouts("web")
    assert [(one.version, one.previous) for one in found] == [
        (SHAS[0], None),
        (SHAS[1], SHAS[0]),
        (SHAS[2], SHAS[1]),
    ]
    assert {one.host_group for one in found} == {"shop"}
    assert {one.status for one in found} == {"finished"}


def test_the_newest_runs_until_its_replicas_are_available(export):
    newest = replica_set(2)
    newest["status"]["availableReplicas"] = 1
    found = KubernetesRollouts(export(replica_set(1), newest)).fetch_rollouts()
    assert [one.status for one in found] == ["finished", "running"]
    assert found[1].finished_at is None


def test_the_deployment_says_when_the_newest_was_complete(export):
    settled = STAMPS[2].replace(":00:00Z", ":07:00Z")
    found = KubernetesRollouts(export(replica_set(1), replica_set(2), deployment(settled))).fetch_rollouts()
    assert (found[1].finished_at - found[1].started_at).total_seconds() == 420


def test_a_return_to_an_older_version_is_an_arrival_of_its_own(export):
    back = replica_set(0)
    back["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "4"
    found = KubernetesRollouts(export(back, replica_set(1), deployment(STAMPS[2]))).fetch_rollouts()
    assert [(one.version, one.previous) for one in found] == [
        (SHAS[0], None),
        (SHAS[1], SHAS[0]),
        (SHAS[0], SHAS[1]),
    ]
    assert found[2].started_at == TIMES[2]


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("registry:5000/shop/web:v1.2-0ea63053", "0ea63053"),
        ("web:v1.2", "v1.2"),
        ("web@sha256:0123", "sha256:0123"),
        ("registry:5000/web", "registry:5000/web"),
    ],
)
def test_the_version_is_the_commit_in_the_tag_or_the_tag(export, image, version):
    one = replica_set(0)
    one["spec"]["template"]["spec"]["containers"][0]["image"] = image
    assert KubernetesRollouts(export(one)).fetch_rollouts()[0].version == version


def test_labels_say_more_than_names(export):
    one = replica_set(0)
    one["metadata"]["labels"] = {}
    one["spec"]["template"]["metadata"]["labels"] = {"app.kubernetes.io/version": "9"}
    (found,) = KubernetesRollouts(export(one)).fetch_rollouts()
    assert (found.service, found.version) == ("web", "9")


def test_a_folder_holds_one_file_a_cluster(export, tmp_path):
    export(replica_set(0), name="eu.json")
    export(replica_set(1), name="us.json")
    assert [one.host_group for one in KubernetesRollouts(tmp_path).fetch_rollouts("web")] == ["eu/shop", "us/shop"]


def test_a_set_of_no_deployment_is_no_rollout(export):
    one = replica_set(0)
    one["metadata"]["ownerReferences"] = []
    assert KubernetesRollouts(export(one)).fetch_rollouts() == []


def test_wrong_files_are_named(tmp_path, export):
    (tmp_path / "x.json").write_text("[" * 100_000)
    with pytest.raises(SourceError, match="is not JSON"):
        KubernetesRollouts(tmp_path / "x.json")
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(SourceError, match="no list of Kubernetes objects; export with kubectl"):
        KubernetesRollouts(tmp_path / "x.json")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceUnavailable, match="holds no JSON files"):
        KubernetesRollouts(tmp_path / "empty")
