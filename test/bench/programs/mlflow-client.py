"""The same work as mlflow.mjs by MLflow's own client: a line of JSON each on the standard input, the milliseconds of the call as the answer."""

import json
import logging
import os
import resource
import sys
import time
import warnings

os.environ["MLFLOW_TRACKING_URI"] = sys.argv[1]
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
warnings.filterwarnings("ignore")

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

logging.getLogger("mlflow").setLevel(logging.ERROR)
client = MlflowClient()


def ensure_registered(name):
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def log(name, folder):
    mlflow.set_experiment(f"python-{name}")
    with mlflow.start_run() as run:
        mlflow.log_params({"depth": 6, "rate": 0.1, "loss": "log"})
        mlflow.log_metrics({"auc": 0.91, "f1": 0.8})
        mlflow.log_artifacts(folder, "model")
    ensure_registered(name)
    client.create_model_version(name, f"runs:/{run.info.run_id}/model", run.info.run_id)


def fetch(name, into):
    os.makedirs(into, exist_ok=True)
    mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{name}/1", dst_path=into)


def move(name, turns, first):
    for turn in range(first, first + turns):
        client.transition_model_version_stage(name, str(1 + turn % 2), "Production", archive_existing_versions=True)


def promote(name, turns, first):
    """What others see of a promotion by stemma: stages of both versions, the alias, and what the tags tell."""
    for turn in range(first, first + turns):
        version, other = str(1 + turn % 2), str(2 - turn % 2)
        client.transition_model_version_stage(name, version, "Production", archive_existing_versions=True)
        client.set_registered_model_alias(name, "production", version)
        client.set_model_version_tag(name, version, "stage", "production: better on the hold-out set")
        client.set_model_version_tag(name, other, "stage", "archived")


def search_models(experiment, turns, limit, atLeast):
    experiment_id = client.get_experiment_by_name(experiment).experiment_id
    for _ in range(turns):
        found = mlflow.search_logged_models(
            experiment_ids=[experiment_id],
            filter_string=f"metrics.auc >= {atLeast}",
            order_by=[{"field_name": "metrics.auc", "ascending": False}],
            max_results=limit,
            output_format="list",
        )
        assert len(found) == limit, len(found)


def search_runs(experiment, turns, limit, atLeast):
    """Versions by the metrics of their runs: two calls."""
    experiment_id = client.get_experiment_by_name(experiment).experiment_id
    for _ in range(turns):
        runs = client.search_runs([experiment_id], f"metrics.auc >= {atLeast}", max_results=limit, order_by=["metrics.auc DESC"])
        names = ", ".join(f"'{run.info.run_id}'" for run in runs)
        found = client.search_model_versions(f"run_id IN ({names})")
        assert len(found) == limit, len(found)


works = {work.__name__: work for work in (log, fetch, move, promote, search_models, search_runs)}

for line in sys.stdin:
    request = json.loads(line)
    work = works[request.pop("work")]
    begin = time.perf_counter()
    work(**request)
    milliseconds = (time.perf_counter() - begin) * 1000
    print(json.dumps({"ms": milliseconds, "peakKib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}), flush=True)
