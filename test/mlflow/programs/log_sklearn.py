"""Logs scikit-learn models as Python people do: two versions of one registered model."""

import json
import sys

import mlflow
from mlflow.tracking import MlflowClient
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

name = sys.argv[1]
features, labels = load_iris(return_X_y=True)
major = int(mlflow.__version__.split(".")[0])
mlflow.set_experiment(f"python-{name}")
predictions = []
for strength in (0.01, 1.0):
    model = LogisticRegression(C=strength, max_iter=500).fit(features, labels)
    predictions.append(model.predict(features[::30]).tolist())
    with mlflow.start_run():
        mlflow.log_param("C", strength)
        mlflow.log_metric("accuracy", model.score(features, labels))
        where = {"name": "model"} if major >= 3 else {"artifact_path": "model"}
        if major >= 3:
            # The default of newer releases wants a package more.
            where["serialization_format"] = "cloudpickle"
        # Requirements that are given are not inferred, which takes long.
        mlflow.sklearn.log_model(model, registered_model_name=name, pip_requirements=["scikit-learn"], **where)

client = MlflowClient()
client.set_registered_model_alias(name, "champion", "1")
client.set_model_version_tag(name, "1", "owner", "data science")
client.update_model_version(name, "1", description="the first one")
client.transition_model_version_stage(name, "1", "Production")
print(json.dumps({"predictions": predictions, "version": mlflow.__version__}))
